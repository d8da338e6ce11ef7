#pragma once

#include "actors/rule/inputs.hpp"

#include <map>
#include <string>

namespace troupe::rule {

/// A house that shows what the test says.
class scripted_house final : public house_view {
public:
  std::map<std::string, storage::live_table::row> rows;

  std::optional<storage::live_table::row> find(const std::string& name) const override {
    const auto found = rows.find(name);
    if (found == rows.end())
      return {};
    return found->second;
  }

  void put(const std::string& name, const reading& now, storage::story why = {}) {
    auto& row = rows[name];
    row.name = name;
    row.now = now;
    row.why = std::move(why);
  }

  /// Another value, as a channel would tell it.
  void change(const std::string& name, const value& x) {
    auto& now = rows[name].now;
    rows[name].name = name;
    const bool first = now.val.empty();
    now.told_as = first ? origin::refresh : origin::change;
    now.changes += first || now.val == x ? 0 : 1;
    now.val = x;
    now.grade = quality::good;
    now.why = reason::none;
    now.changed_wall = 1'800'000'000'000;
  }
  void on(const std::string& name) { change(name, value::digital(true)); }
  void off(const std::string& name) { change(name, value::digital(false)); }

  void spoil(const std::string& name, reason why = reason::bus_lost) {
    rows[name].now.grade = quality::bad;
    rows[name].now.why = why;
    rows[name].now.told_as = origin::refresh;
  }

  static reading digital(bool x, std::uint64_t changes, origin how,
                         quality grade = quality::good) {
    reading r;
    r.val = value::digital(x);
    r.grade = grade;
    r.why = grade == quality::good ? reason::none : reason::bus_lost;
    r.told_as = how;
    r.changes = changes;
    return r;
  }
};

} // namespace troupe::rule
