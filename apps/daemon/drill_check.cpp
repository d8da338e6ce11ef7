#include "apps/daemon/drill_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe::daemon {

namespace {

constexpr std::size_t most_named = 6; ///< in one line

bool names_it(const std::vector<std::string>& all, const std::string& x) { return std::find(all.begin(), all.end(), x) != all.end(); }

std::string names(const std::vector<std::string>& all) {
  const auto n = static_cast<std::ptrdiff_t>(std::min(all.size(), most_named));
  auto out = fmt::format("{}", fmt::join(std::vector<std::string>(all.begin(), all.begin() + n), ", "));
  return all.size() > most_named ? fmt::format("{} and {} more", out, all.size() - most_named) : out;
}

std::string node_of(const drill_picture& house, const std::string& output) {
  for (const auto& [name, node] : house.outputs)
    if (name == output)
      return node;
  return {};
}

bool spans(const drill_picture& house, const drill_picture::rule& rule, const std::string& acts, const std::string& other) {
  return rule.acts == acts
         && std::any_of(rule.outputs.begin(), rule.outputs.end(), [&](const auto& output) { return node_of(house, output) == other; });
}

/// Nobody here can switch the power of a real board: its process would end, and its relays stay.
void check_board(const drill_plan& plan, const drill_picture& house, std::vector<drill_doubt>& out) {
  std::vector<std::string> real;
  bool any = false;
  for (const auto& x : house.buses) {
    any |= x.node == plan.target;
    if (x.node == plan.target && x.driver != "sim")
      real.push_back(x.name);
  }
  const auto way_out = fmt::format("`troupe drill run kill-node {}` ends the process alone; for the power pull the plug", plan.target);
  if (!real.empty())
    out.push_back({fmt::format("{} is no simulated board; real hardware: {}", plan.target, names(real)), way_out});
  else if (!any)
    out.push_back({fmt::format("{} is no board: it has no bus", plan.target), way_out});
}

void check_target(const drill_plan& plan, const drill_picture& house, std::vector<drill_doubt>& out) {
  if (plan.of_actor()) {
    if (!names_it(house.actors, plan.target))
      out.push_back({fmt::format("no actor is called '{}'", plan.target), "`troupe ps` lists them"});
    return;
  }
  for (const auto& name : {plan.target, plan.peer})
    if (!name.empty() && std::none_of(house.members.begin(), house.members.end(), [&](const auto& x) { return x.name == name; }))
      out.push_back({fmt::format("no node is called '{}'", name), "`troupe members` lists them"});
  if (!plan.of_link() && plan.target == house.self)
    out.push_back({fmt::format("{} is the node that was asked, and could not tell how its own drill went", plan.target),
                   "ask another one: on its machine, or with `troupe --host`"});
  if (plan.kind == drill_kind::power_cycle)
    check_board(plan, house, out);
}

/// What nobody else can do.
void check_company(const drill_plan& plan, const drill_picture& house, std::vector<drill_doubt>& out) {
  if (plan.of_actor() || !(plan.takes_control() || plan.of_link()))
    return;
  std::vector<std::string> alone;
  for (const auto& rule : concerned_by(plan, house))
    if (std::none_of(rule.candidates.begin(), rule.candidates.end(), [&](const auto& node) { return node != rule.acts; }))
      alone.push_back(rule.name);
  if (!alone.empty())
    out.push_back({fmt::format("no other node that is there may run: {}", names(alone)),
                   "name another one in `nodes` of the rule, start it, or say --even-so: their outputs go safe", true});
  if (plan.of_link())
    return;
  std::vector<std::string> fixed, outputs;
  for (const auto& [name, node] : house.fixed)
    if (node == plan.target)
      fixed.push_back(name);
  for (const auto& [name, node] : house.outputs)
    if (node == plan.target)
      outputs.push_back(name);
  if (!fixed.empty())
    out.push_back({fmt::format("only {} runs: {}", plan.target, names(fixed)),
                   "`redundancy = \"warm\"` lets others do so, or say --even-so: their outputs go safe meanwhile", true});
  if (!outputs.empty())
    out.push_back({fmt::format("outputs are wired to {}: {}", plan.target, names(outputs)),
                   "say --even-so if they may be without control meanwhile", true});
}

} // namespace

std::vector<drill_picture::rule> concerned_by(const drill_plan& plan, const drill_picture& house) {
  std::vector<drill_picture::rule> out;
  for (const auto& rule : house.rules) {
    const bool is = plan.of_actor()                        ? plan.target == "rule/" + rule.name
                    : plan.of_link()                       ? spans(house, rule, plan.target, plan.peer) || spans(house, rule, plan.peer, plan.target)
                                                           : rule.acts == plan.target;
    if (is)
      out.push_back(rule);
  }
  return out;
}

std::vector<std::string> wired_to(const drill_plan& plan, const drill_picture& house) {
  std::vector<std::string> out;
  for (const auto& [name, node] : house.outputs)
    if (plan.ends_node() && node == plan.target)
      out.push_back(name);
  return out;
}

std::vector<drill_doubt> illness_of(const drill_picture& house) {
  std::vector<drill_doubt> out;
  for (const auto& x : house.members) {
    if (x.standing == "left" || x.standing == "removed" || x.standing == "waiting")
      continue;
    if (x.standing != "alive")
      out.push_back({fmt::format("node {} is {}", x.name, x.standing), "`troupe members` says why; wait until it is alive, or `troupe remove-node` what is no more"});
    else if (x.draining)
      out.push_back({fmt::format("node {} drains", x.name), fmt::format("`troupe undrain {}`", x.name)});
    else if (!x.linked)
      out.push_back({fmt::format("node {} has no link with {}", x.name, house.self), "`troupe members` says why; drill at a node that has links with all"});
  }
  for (const auto& x : house.replicas) {
    if (!x.equal)
      out.push_back({fmt::format("the store of {} is not equal to that of {} yet", x.name, house.self), "wait until `troupe replicas` shows them equal"});
    if (!x.degraded.empty())
      out.push_back({fmt::format("the store of {} is degraded: {}", x.name, x.degraded), "`troupe status` there tells more; make room on its disk, or replace it"});
  }
  for (const auto& x : house.rules)
    if (x.acts.empty())
      out.push_back({fmt::format("rule {} acts nowhere", x.name), "`troupe placement` tells more"});
  return out;
}

std::vector<drill_doubt> doubts_of(const drill_plan& plan, const drill_picture& house) {
  std::vector<drill_doubt> out;
  check_target(plan, house, out);
  if (!house.running.empty())
    out.push_back({fmt::format("another drill is under way: {}", house.running), "wait for its end, or `troupe drill abort`"});
  for (auto& x : illness_of(house))
    out.push_back(std::move(x));
  if (!house.forced.empty())
    out.push_back({fmt::format("tagged out (forced): {}", names(house.forced)), "somebody may be at work there. `troupe force NAME --off` when that is over"});
  check_company(plan, house, out);
  if (plan.even_so)
    std::erase_if(out, [](const auto& x) { return x.forgivable; });
  return out;
}

} // namespace troupe::daemon
