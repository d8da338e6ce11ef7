#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <limits>
#include <set>
#include <tuple>
#include <vector>

namespace troupe {

/// Who is due when: one moment for each seat, moved at will, so that a bus
/// with many lines looks only at those whose time has come.
///
/// Whoever owns a seat takes it out (`set` to `never`) before the seat ends.
/// Threads: one at a time.
class agenda {
public:
  static constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

  struct seat {
    mono_ns at = never;
    std::uint64_t number = 0; ///< who goes first of those due together
  };

  void set(seat& x, mono_ns at) {
    if (x.at == at)
      return;
    if (x.at != never)
      rows_.erase(row_of(x));
    x.at = at;
    if (x.at != never)
      rows_.insert(row_of(x));
  }

  [[nodiscard]] mono_ns next() const { return rows_.empty() ? never : std::get<0>(*rows_.begin()); }

  /// Takes out who is due. A seat that is set again meanwhile waits for the
  /// next call: one round always ends.
  [[nodiscard]] std::vector<seat*> due(mono_ns now) {
    std::vector<seat*> all;
    while (next() <= now) {
      all.push_back(std::get<2>(*rows_.begin()));
      set(*all.back(), never);
    }
    return all;
  }

private:
  using row = std::tuple<mono_ns, std::uint64_t, seat*>;
  static row row_of(seat& x) { return {x.at, x.number, &x}; }

  std::set<row> rows_;
};

} // namespace troupe
