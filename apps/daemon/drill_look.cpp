#include "apps/daemon/desired.hpp"
#include "apps/daemon/drill_desk.hpp"
#include "apps/daemon/json.hpp"
#include "config/load/split.hpp"
#include "config/load/typed.hpp"

#include <fmt/format.h>

#include <algorithm>

// What the drill desk sees of the house.

namespace troupe::daemon {

drill_picture drill_desk::look() const {
  drill_picture out;
  out.self = self_;
  out.running = running_title();
  const auto members = parts_.house->members();
  for (const auto& x : list_in(members, "members"))
    out.members.push_back({text_in(x, "name"), text_in(x, "standing"), truth_in(x, "draining", false),
                           truth_in(x, "self", false) || text_in(x, "standing") != "alive" || truth_in(x, "direct", true)});
  const auto replicas = parts_.house->replicas();
  out.replicas.push_back({self_, true, all_.store.stats().degraded ? all_.store.stats().degraded_why : ""});
  for (const auto& x : list_in(replicas, "members")) {
    const auto found = std::find_if(out.members.begin(), out.members.end(), [&](const auto& m) { return m.name == text_in(x, "name"); });
    if (found == out.members.end() || found->standing != "alive")
      continue; // said of it already
    out.replicas.push_back({text_in(x, "name"), truth_in(x, "equal", false), truth_in(x, "degraded", false) ? "its disk takes no writes" : ""});
  }
  for (const auto& row : all_.live.list())
    if (row.now.why == reason::forced)
      out.forced.push_back(row.name);
  const auto placement = parts_.house->placement({});
  for (const auto& x : list_in(placement, "rules")) {
    drill_picture::rule rule{text_in(x, "rule"), text_in(x, "acts"), text_in(x, "class"), {}, {}};
    for (const auto& node : list_in(x, "order"))
      if (truth_in(node, "alive", false))
        rule.candidates.push_back(text_in(node, "node"));
    for (const auto& output : list_in(x, "outputs"))
      if (output.is_string())
        rule.outputs.push_back(output.get<std::string>());
    out.rules.push_back(std::move(rule));
  }
  for (const auto& x : fixed_rules(all_.store))
    out.fixed.emplace_back(x.config.name, x.node);
  for (const auto& [node, documents] : desired::of_all(all_.store))
    for (const auto& x : troupe::at_node(documents, node))
      if (x.section == "bus")
        out.buses.push_back({x.name, node, text_in(x.body, "driver")});
  for (const auto& x : list_in(placement, "outputs"))
    out.outputs.emplace_back(text_in(x, "output"), text_in(x, "node"));
  return out;
}

std::string drill_desk::running_title() const {
  const auto all = book_.all();
  for (auto x = all.rbegin(); x != all.rend(); ++x)
    if (text_in(shown(*x), "state") == "running")
      return fmt::format("{} ({})", text_in(*x, "title"), text_in(*x, "id"));
  return {};
}

bool drill_desk::is_gone(const std::string& node) const {
  const auto members = parts_.house->members();
  for (const auto& x : list_in(members, "members"))
    if (text_in(x, "name") == node)
      return text_in(x, "standing") != "alive" && text_in(x, "standing") != "suspect";
  return true;
}

std::vector<std::string> drill_desk::living() const {
  std::vector<std::string> out;
  const auto members = parts_.house->members();
  for (const auto& x : list_in(members, "members"))
    if (truth_in(x, "self", false) || text_in(x, "standing") == "alive")
      out.push_back(text_in(x, "name"));
  return out;
}

std::vector<configured_drill> drill_desk::configured() const {
  std::lock_guard lock{configured_mutex_};
  if (changed_documents_->exchange(false)) // before reading: what is written from here on is read again
    configured_ = read_configured();
  return configured_;
}

std::vector<configured_drill> drill_desk::read_configured() const {
  std::vector<configured_drill> out;
  for (const auto& [node, documents] : desired::of_all(all_.store))
    for (const auto& x : documents)
      if (x.section == "drill")
        if (auto config = to_drill(x)) {
          const auto kept = all_.store.get(storage::slot_kind::map, desired::key_at(node, x));
          out.push_back({std::move(*config), kept ? kept->stamp.ms() : 0});
        }
  return out;
}

drill_desk::clock_map drill_desk::clock_of(const std::string& node) const {
  control::caller looker;
  looker.allowed = cluster::role::viewer;
  const auto asked = all_.clocks.mono();
  const auto said = node == self_ ? result<json>{parts_.here->status()}
                    : parts_.ask  ? parts_.ask(node, looker, "GET", "/v1/status", {})
                                  : result<json>{error{errc::unreachable, "this node is alone"}};
  const auto told = all_.clocks.mono();
  const auto clock = said && said->is_object() ? said->value("clock", json::object()) : json::object();
  const auto wall = clock.is_object() ? clock.value("wall", json()) : json();
  return wall.is_number_integer() ? clock_map{asked + (told - asked) / 2, wall.get<wall_ms>(), told - asked} : clock_map{};
}

std::map<std::string, drill_desk::clock_map> drill_desk::clocks() const {
  std::map<std::string, clock_map> out;
  for (const auto& node : living())
    if (const auto x = clock_of(node); x.mono != 0)
      out[node] = x;
  return out;
}

std::map<std::string, double> drill_desk::totals() const {
  std::map<std::string, double> out;
  const auto all = parts_.house->list("");
  for (const auto& x : all.is_array() ? all : json::array())
    if (text_in(x, "kind") == "counter" && x.contains("value") && x["value"].is_number())
      out[text_in(x, "name")] = x["value"].get<double>();
  return out;
}

} // namespace troupe::daemon
