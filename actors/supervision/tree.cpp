#include "actors/supervision/tree.hpp"

#include "actors/supervision/pacing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace troupe::supervision {

namespace {

double ms(mono_ns x) {
  return static_cast<double>(x) / 1e6;
}

double decayed(const cell& x, mono_ns now) {
  auto age = static_cast<double>(now - x.flaps_at.load())
             / static_cast<double>(std::chrono::nanoseconds{flap_score::half_life}.count());
  return x.flaps.load() * std::exp2(-std::max(age, 0.0));
}

using family = std::map<std::string, std::vector<std::shared_ptr<cell>>>;

nlohmann::json nested(const cell& x, const family& of, mono_ns now) {
  auto result = describe(x, now);
  if (!x.spec->is_supervisor)
    return result;
  result["strategy"] = to_string(x.spec->how);
  auto children = nlohmann::json::array();
  if (auto i = of.find(x.spec->id); i != of.end())
    for (auto& child : i->second)
      children.push_back(nested(*child, of, now));
  result["children"] = std::move(children);
  return result;
}

} // namespace

nlohmann::json describe(const cell& x, mono_ns now) {
  auto& life = x.life;
  auto since = [&](mono_ns at) { return at == 0 ? 0.0 : ms(now - at); };
  return {{"name", x.spec->id},
          {"type", x.spec->type},
          {"parent", x.parent},
          {"state", to_string(life.state.load())},
          {"incarnation", life.incarnation.load()},
          {"crashes", life.crashes.load()},
          {"handled", life.handled.load()},
          {"up_ms", since(life.started_at.load())},
          {"handling_ms", since(life.handling_since.load())},
          {"longest_handling_ms", ms(life.longest_handling.load())},
          {"mailbox", x.queue.length()},
          {"mailbox_age_ms", ms(life.mailbox_age.load())},
          {"flap", decayed(x, now)},
          {"dropped", x.dropped.load()},
          {"detached", x.spec->detached},
          {"tapped", life.tapped.load()},
          {"trouble", x.trouble()}};
}

nlohmann::json tree(const house& h, mono_ns now) {
  family of;
  std::shared_ptr<cell> top;
  h.known.each([&](const roster::row& x) {
    if (x.supervisor)
      of[x.who->parent].push_back(x.who);
    else
      top = x.who;
  });
  for (auto& [parent, children] : of)
    std::sort(children.begin(), children.end(),
              [](auto& a, auto& b) { return a->place < b->place; });
  return top ? nested(*top, of, now) : nlohmann::json::object();
}

nlohmann::json list(const house& h, mono_ns now) {
  auto result = nlohmann::json::array();
  h.known.each([&](const roster::row& x) { result.push_back(describe(*x.who, now)); });
  return result;
}

} // namespace troupe::supervision
