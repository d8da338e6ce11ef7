#include "config/load/plan.hpp"

#include "config/schema/schema.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace troupe {

namespace {

using nlohmann::json;
using index = std::map<std::pair<std::string_view, std::string_view>, const document*>;

index index_of(const std::vector<document>& all) {
  index it;
  for (const auto& x : all)
    it[{x.section, x.name}] = &x;
  return it;
}

// A default that is written says the same as none.
json meaning(const schema::option* known, const json& body, const std::string& key) {
  const auto at = body.find(key);
  if (at != body.end())
    return *at;
  return known ? known->fallback : json{};
}

plan_step change_of(const schema::section& known, const document& from, const document& to) {
  plan_step step{plan_step::kind::change, to.section, to.name, {}, false, to};
  std::set<std::string> keys;
  for (const auto* x : {&from, &to})
    for (const auto& [key, written] : x->body.items())
      keys.insert(key);
  const auto compare = [&](const std::string& key) {
    const auto* option = known.find(key);
    if (meaning(option, from.body, key) == meaning(option, to.body, key))
      return;
    step.keys.push_back({key, from.body.value(key, json{}), to.body.value(key, json{})});
    step.restarts = step.restarts || !option || option->changing != schema::restarts::nothing;
  };
  // In the order in which people read them; unknown ones after that.
  for (const auto& x : known.options)
    if (keys.erase(x.key) > 0)
      compare(x.key);
  for (const auto& key : keys)
    compare(key);
  return step;
}

std::string side(const schema::option* known, const json& x) {
  if (!x.is_null())
    return x.is_string() && known && known->field.kind != schema::shape::text
             ? x.get<std::string>()
             : schema::shown(x);
  if (known && !known->fallback.is_null())
    return side(known, known->fallback);
  return "unset";
}

} // namespace

std::vector<plan_step> plan(const std::vector<document>& current,
                            const std::vector<document>& wanted, bool prune) {
  const auto have = index_of(current);
  const auto want = index_of(wanted);
  std::vector<plan_step> steps;
  const auto& order = schema::house_sections();
  if (prune)
    for (auto known = order.rbegin(); known != order.rend(); ++known)
      for (auto x = current.rbegin(); x != current.rend(); ++x)
        if (x->section == (*known)->name && have.at({x->section, x->name}) == &*x
            && !want.contains({x->section, x->name}))
          steps.push_back({plan_step::kind::remove, x->section, x->name, {}, true, {}});
  for (const auto* known : order)
    for (const auto& x : wanted) {
      if (x.section != known->name || want.at({x.section, x.name}) != &x)
        continue;
      const auto at = have.find({x.section, x.name});
      if (at == have.end()) {
        steps.push_back({plan_step::kind::add, x.section, x.name, {}, true, x});
      } else if (auto step = change_of(*known, *at->second, x); !step.keys.empty()) {
        steps.push_back(std::move(step));
      }
    }
  return steps;
}

std::string plan_step::to_string() const {
  constexpr const char* signs[] = {"+", "~", "-"};
  auto text = fmt::format("{} {} {}", signs[static_cast<int>(what)], section, name);
  const auto* known = schema::find_section(section);
  const char* between = "  ";
  for (const auto& x : keys) {
    const auto* option = known ? known->find(x.key) : nullptr;
    // Two versions of a script side by side would tell nobody anything.
    text += option && option->many_lines
              ? fmt::format("{}{} changed", between, x.key)
              : fmt::format("{}{} {} -> {}", between, x.key, side(option, x.from),
                            side(option, x.to));
    between = ", ";
  }
  if (what == kind::change && restarts)
    text += " (restarts)";
  return text;
}

std::string to_string(const std::vector<plan_step>& steps) {
  if (steps.empty())
    return "Nothing to do.\n";
  std::string text;
  for (const auto& x : steps)
    text += x.to_string() + "\n";
  return text;
}

const char* to_string(plan_step::kind x) noexcept {
  switch (x) {
  case plan_step::kind::add: return "add";
  case plan_step::kind::change: return "change";
  case plan_step::kind::remove: return "remove";
  }
  return "invalid";
}

json to_json(const plan_step& x) {
  auto keys = json::array();
  for (const auto& y : x.keys)
    keys.push_back({{"key", y.key}, {"from", y.from}, {"to", y.to}});
  return {{"action", to_string(x.what)}, {"section", x.section},   {"name", x.name},
          {"restarts", x.restarts},      {"keys", std::move(keys)}, {"text", x.to_string()}};
}

} // namespace troupe
