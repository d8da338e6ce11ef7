#include "apps/daemon/placement_desk.hpp"

#include "actors/rule/make.hpp"
#include "actors/rule/shadow_sign.hpp"
#include "cluster/ownership/leased_authority.hpp"
#include "config/load/split.hpp"
#include "config/load/typed.hpp"
#include "storage/chance.hpp"
#include "storage/replication.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::daemon {

using storage::slot_kind;

namespace {

std::set<std::string> words_in(const json& x, const char* key) {
  std::set<std::string> out;
  if (x.is_object() && x.contains(key) && x[key].is_array())
    for (const auto& word : x[key])
      if (word.is_string())
        out.insert(word.get<std::string>());
  return out;
}

std::vector<std::string> arbiters_of(const rule_config& config) {
  std::set<std::string> all(config.outputs.begin(), config.outputs.end());
  if (!config.witness.empty())
    all.insert(config.witness);
  return {all.begin(), all.end()};
}

const char* word_of(redundancy x) {
  switch (x) {
  case redundancy::none: return "none";
  case redundancy::cold: return "cold";
  case redundancy::warm: return "warm";
  case redundancy::hot: return "hot";
  }
  return "?";
}

/// The reading that a node shows as long as it is busy.
std::string busy_name(const std::string& node) { return "busy/" + node; }

bool is_among(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

} // namespace

placement_desk::placement_desk(const node_config& config, services& all)
  : self_(config.name), server_(config.server), labels_(config.labels.begin(), config.labels.end()),
    capacity_(config.capacity), all_(all), run_(storage::fresh_number()) {}

placement_desk::picture placement_desk::read_house() const {
  picture out;
  const auto add_node = [&](const std::string& name, std::set<std::string> labels, bool server, unsigned capacity) {
    cluster::place x;
    x.name = name;
    x.labels = std::move(labels);
    x.server = server;
    x.capacity = capacity;
    out.nodes.push_back(std::move(x));
  };
  add_node(self_, labels_, server_, capacity_);
  for (const auto& x : all_.store.list(slot_kind::map, std::string{storage::member_prefix})) {
    const auto name = x.key.substr(storage::member_prefix.size());
    const auto words = json::parse(x.payload, nullptr, false);
    if (name != self_ && words.is_object())
      add_node(name, words_in(words, "labels"), words.value("server", false), words.value("capacity", 0U));
  }
  for (const auto& [node, documents] : desired::of_all(all_.store))
    for (const auto& x : at_node(documents, node)) {
      if (x.section == "channel") {
        const auto config = to_channel(x);
        if (!config)
          continue;
        out.node_of[x.name] = node;
        if (config->dir == direction::output)
          out.safe_of[x.name] = to_string(config->safe);
      } else if (x.section == "counter") {
        out.node_of[x.name] = node;
      } else if (x.section == "rule") {
        auto config = to_rule(x);
        if (config && config->standby != redundancy::none)
          out.rules[x.name] = {std::move(*config), x, node, {}};
      }
    }
  return out;
}

void placement_desk::rank_all(picture& x) {
  std::vector<cluster::roaming> rules;
  for (const auto& [name, rule] : x.rules) {
    const auto& c = rule.config;
    rules.push_back({name, c.priority, arbiters_of(c), {}, c.nodes, c.only, c.labels, c.spread});
  }
  for (auto& [name, order] : cluster::rank(rules, x.nodes, x.node_of))
    x.rules.at(name).order = std::move(order);
}

bool placement_desk::is_to_host(const known_rule& x) const {
  const auto place = std::find(x.order.begin(), x.order.end(), self_) - x.order.begin();
  const auto most = x.config.standby == redundancy::cold ? 1 : static_cast<std::ptrdiff_t>(warm_nodes);
  // Where it acts it stays loaded until it has been handed over.
  return (place < static_cast<std::ptrdiff_t>(x.order.size()) && place < most) || acts_here(x.config.name);
}

bool placement_desk::refresh() {
  std::lock_guard one_at_a_time{refreshing_};
  return adopt(read_house());
}

/// A house as it was read, with its nodes as they are now.
bool placement_desk::adopt(picture fresh) {
  const auto seen = look_ ? look_() : view{{{self_, true}}, {}, {}, true};
  fresh.settled = seen.settled;
  for (auto& x : fresh.nodes) {
    const auto alive = seen.alive.find(x.name);
    x.takes = !seen.leaving.contains(x.name);
    x.alive = x.name == self_ || (alive != seen.alive.end() && alive->second);
    x.flapping = seen.flapping.contains(x.name);
  }
  rank_all(fresh);
  for (auto& [name, x] : fresh.rules)
    x.hosted = is_to_host(x);
  std::vector<std::string> moved;
  bool other = false;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [name, x] : fresh.rules) {
      const auto before = now_.rules.find(name);
      const bool hosted_before = before != now_.rules.end() && before->second.hosted;
      other |= x.hosted != hosted_before || (x.hosted && before->second.doc != x.doc);
      if (before != now_.rules.end() && (before->second.order != x.order || now_.settled != fresh.settled))
        moved.push_back(name);
    }
    for (const auto& [name, x] : now_.rules)
      other |= !fresh.rules.contains(name);
    now_ = std::move(fresh);
    std::erase_if(better_since_, [&](const auto& x) { return !now_.rules.contains(x.first); });
  }
  for (const auto& name : moved)
    (void)all_.names.send_to(self_, rule_address(name), owner_order{});
  return other;
}

void placement_desk::node_came() {
  std::vector<std::string> names;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [name, x] : now_.rules)
      if (x.hosted)
        names.push_back(name);
  }
  for (const auto& name : names)
    (void)all_.names.send_to(self_, rule_address(name), owner_order{});
}

bool placement_desk::look_after(mono_ns now) {
  const bool other = [this] {
    std::lock_guard one_at_a_time{refreshing_};
    // Whatever changes the house asks for a refresh; only the view changes by itself.
    auto same_house = [this] {
      std::lock_guard lock{mutex_};
      return now_;
    }();
    return adopt(std::move(same_house));
  }();
  std::vector<std::pair<std::string, std::string>> due;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [name, x] : now_.rules) {
      const auto is_self_out = !is_among(x.order, self_);
      const bool better = now_.settled && !x.order.empty() && x.order.front() != self_ && acts_here(name);
      const auto front = better ? std::find_if(now_.nodes.begin(), now_.nodes.end(),
                                               [&](const auto& n) { return n.name == x.order.front(); })
                                : now_.nodes.end();
      if (front == now_.nodes.end() || !front->alive || ((front->flapping || is_busy(front->name)) && !is_self_out)) {
        better_since_.erase(name);
        continue;
      }
      const auto since = better_since_.emplace(name, now).first->second;
      // Draining, or no longer allowed to: at once.
      if (is_self_out || (x.config.hand_back.count() > 0 && now - since >= to_ns(x.config.hand_back)))
        due.emplace_back(name, x.order.front());
    }
  }
  for (const auto& [name, node] : due)
    (void)all_.names.send_to(self_, rule_address(name), owner_order{node});
  return other;
}

std::vector<document> placement_desk::hosted(std::vector<document> own) const {
  std::lock_guard lock{mutex_};
  std::erase_if(own, [&](const document& x) {
    const auto found = x.section == "rule" ? now_.rules.find(x.name) : now_.rules.end();
    return found != now_.rules.end() && !found->second.hosted;
  });
  for (const auto& [name, x] : now_.rules)
    if (x.home != self_ && x.hosted)
      own.push_back(x.doc);
  return own;
}

bool placement_desk::is_wanted(const std::string& rule) const {
  std::lock_guard lock{mutex_};
  return now_.rules.contains(rule);
}

std::vector<std::string> placement_desk::order_of(const std::string& rule) const {
  std::lock_guard lock{mutex_};
  const auto found = now_.rules.find(rule);
  if (!now_.settled || found == now_.rules.end())
    return {};
  // Not in the order itself, by which rules are loaded and handed back: who is busy
  // keeps what it has.
  auto order = found->second.order;
  std::stable_partition(order.begin(), order.end(), [this](const auto& node) { return !is_busy(node); });
  return order;
}

bool placement_desk::is_busy(const std::string& node) const {
  const auto row = all_.live.find(busy_name(node));
  return row && row->node == (node == self_ ? std::string{} : node) && row->now.why != reason::node_lost && row->now.val.is_on();
}

void placement_desk::note_load(const cluster::processor_time& x, mono_ns now) {
  if (!load_.look(x, now))
    return;
  storage::journal_event event;
  event.level = storage::severity::notice;
  event.kind = "placement";
  event.subject = self_;
  if (load_.busy()) {
    reading r;
    r.val = value::digital(true);
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = origin::refresh;
    r.measured_at = now;
    r.measured_wall = r.changed_wall = all_.clocks.wall();
    all_.live.publish(busy_name(self_), r);
    event.text = fmt::format("its processor has been in use by more than {:.0f} % for {} s: others take rules before it does",
                             cluster::load_watch::limit * 100, cluster::load_watch::lasts.count() / 1000);
  } else {
    all_.live.remove(busy_name(self_));
    event.text = "its processor is free enough again";
  }
  all_.store.append(std::move(event));
}

make_authority placement_desk::authority_for(const rule_config& config) {
  if (config.standby == redundancy::none)
    return {};
  cluster::activation::setup how;
  how.source = rule_address(config.name);
  how.outputs = arbiters_of(config);
  how.partial = config.partial;
  how.pace = cluster::timing::named(config.pace).value_or(cluster::timing{});
  how.me.node = self_;
  how.me.run = run_;
  how.compares = config.standby == redundancy::hot;
  return [this, how, name = config.name]() mutable {
    how.me.activation = ++activations_;
    return cluster::lease_authority(how, [this, name] { return order_of(name); }, all_.names);
  };
}

std::string placement_desk::acting_node(const std::string& rule) const {
  const auto row = all_.live.find(rule_address(rule));
  if (!row || row->now.why == reason::node_lost)
    return {};
  return row->node.empty() ? self_ : row->node;
}

bool placement_desk::acts_here(const std::string& rule) const { return acting_node(rule) == self_; }

status placement_desk::move(const std::string& rule, const std::string& node) {
  {
    std::lock_guard lock{mutex_};
    const auto found = now_.rules.find(rule);
    if (found == now_.rules.end())
      return error{errc::not_found, fmt::format("no rule '{}' that may run on several nodes; `troupe placement` lists them", rule)};
    const auto& order = found->second.order;
    if (!is_among(order, node))
      return error{errc::invalid_argument, fmt::format("node {} may not run rule '{}': it does not fit its `nodes` and `labels`, or drains. "
                                                       "It may run at: {}", node, rule, fmt::join(order, ", "))};
    const auto there = std::find_if(now_.nodes.begin(), now_.nodes.end(), [&](const auto& n) { return n.name == node; });
    if (there == now_.nodes.end() || !there->alive)
      return error{errc::unreachable, fmt::format("node {} is not there now", node)};
    const auto place = std::find(order.begin(), order.end(), node) - order.begin();
    if (place >= static_cast<std::ptrdiff_t>(found->second.config.standby == redundancy::cold ? 1 : warm_nodes))
      return error{errc::invalid_argument,
                   fmt::format("node {} does not have rule '{}' loaded; those that do: {}. Name it in `nodes` of the rule", node, rule,
                               fmt::join(std::vector<std::string>(order.begin(), order.begin() + std::min<std::ptrdiff_t>(
                                 static_cast<std::ptrdiff_t>(order.size()), static_cast<std::ptrdiff_t>(warm_nodes))), ", "))};
  }
  if (!acts_here(rule))
    return error{errc::conflict, fmt::format("rule '{}' does not act on node {} now", rule, self_)};
  if (node == self_)
    return {};
  if (!all_.names.send_to(self_, rule_address(rule), owner_order{node}))
    return error{errc::not_found, fmt::format("rule '{}' is not loaded on node {}", rule, self_)};
  std::lock_guard lock{mutex_};
  better_since_.erase(rule);
  return {};
}

/// As they say of themselves, by their signs.
nlohmann::json placement_desk::shadows_of(const known_rule& x) const {
  auto out = json::array();
  if (x.config.standby != redundancy::hot)
    return out;
  for (const auto& node : x.order) {
    const auto row = all_.live.find(rule::shadow_sign::name_of(x.config.name, node));
    if (!row || row->now.why == reason::node_lost)
      continue;
    auto differences = json::array();
    if (row->why)
      for (std::size_t i = 0; i + 1 < row->why->size(); i += 2) {
        const auto& theirs = (*row->why)[i];
        const auto& own = (*row->why)[i + 1];
        differences.push_back({{"what", own.name}, {"acting", theirs.text}, {"shadow", own.text}, {"since", own.at}});
      }
    out.push_back({{"node", node}, {"is", to_string(row->now.val)}, {"since", row->now.changed_wall},
                   {"differences", std::move(differences)}});
  }
  return out;
}

nlohmann::json placement_desk::view_all(const std::vector<std::string>& down) const {
  auto then = [&] {
    std::lock_guard lock{mutex_};
    return now_;
  }();
  const auto now = then;
  for (auto& x : then.nodes)
    x.alive &= !is_among(down, x.name);
  rank_all(then);
  const auto alive = [](const picture& p, const std::string& name) {
    return std::any_of(p.nodes.begin(), p.nodes.end(), [&](const auto& n) { return n.name == name && n.alive; });
  };
  // An output says what becomes of it; a rule acts only where its outputs are reached.
  const auto first_able = [&](const known_rule& x) -> std::string {
    std::size_t lost = 0;
    for (const auto& output : arbiters_of(x.config)) {
      const auto at = then.node_of.find(output);
      lost += at == then.node_of.end() || !alive(then, at->second);
    }
    const bool can = x.config.partial ? lost < arbiters_of(x.config).size() : lost == 0;
    return can && !x.order.empty() && alive(then, x.order.front()) ? x.order.front() : std::string{};
  };
  json out{{"self", self_}, {"down", down}};
  auto& nodes = out["nodes"] = json::array();
  for (const auto& x : then.nodes)
    nodes.push_back({{"name", x.name}, {"alive", x.alive}, {"takes", x.takes}, {"server", x.server},
                     {"labels", x.labels}, {"capacity", x.capacity}, {"flapping", x.flapping},
                     {"busy", is_busy(x.name)}});
  auto& rules = out["rules"] = json::array();
  std::map<std::string, std::vector<std::string>> drivers; // output: rules that still drive it
  for (const auto& [name, x] : then.rules) {
    const auto after = first_able(x);
    const auto acting = acting_node(name);
    json order = json::array();
    for (const auto& node : x.order)
      order.push_back({{"node", node}, {"alive", alive(then, node)}});
    rules.push_back({{"rule", name}, {"home", x.home}, {"class", x.config.pace}, {"partial", x.config.partial},
                     {"redundancy", word_of(x.config.standby)},
                     {"outputs", arbiters_of(x.config)}, {"acts", acting}, {"order", std::move(order)}, {"would", after},
                     {"shadows", shadows_of(x)}});
    if (!after.empty())
      for (const auto& output : x.config.outputs)
        drivers[output].push_back(name);
  }
  auto& outputs = out["outputs"] = json::array();
  // Rules that stay on their node, for the question what is left of an output.
  std::map<std::string, std::vector<std::string>> fixed;
  for (const auto& x : fixed_rules(all_.store))
    for (const auto& output : x.config.outputs) {
      fixed[output].push_back(x.config.name);
      if (alive(then, x.node))
        drivers[output].push_back(x.config.name);
    }
  for (const auto& [output, safe] : then.safe_of) {
    const auto& at = then.node_of.at(output);
    std::vector<std::string> all = fixed.contains(output) ? fixed.at(output) : std::vector<std::string>{};
    for (const auto& [name, x] : now.rules)
      if (is_among(x.config.outputs, output))
        all.push_back(name);
    // Of how many other nodes may each of its rules act? The fewest counts.
    std::optional<std::size_t> paths;
    for (const auto& [name, x] : now.rules)
      if (is_among(x.config.outputs, output))
        paths = std::min(paths.value_or(x.order.size()), x.order.size());
    if (fixed.contains(output))
      paths = 1;
    const bool there = alive(then, at);
    outputs.push_back({{"output", output}, {"node", at}, {"safe", safe}, {"rules", all}, {"driven_by", drivers[output]},
                       {"is", !there ? "gone" : all.empty() ? "by hand" : drivers[output].empty() ? "safe" : "driven"},
                       {"paths", paths.value_or(0)}});
  }
  return out;
}

} // namespace troupe::daemon
