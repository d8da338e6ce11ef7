#include "cluster/ownership/placement.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace troupe::cluster {

namespace {

bool has(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

bool may_run(const roaming& rule, const place& node) {
  return node.takes && (!rule.only || has(rule.nodes, node.name))
         && std::all_of(rule.labels.begin(), rule.labels.end(),
                        [&](const auto& x) { return node.labels.contains(x); });
}

/// How many of `names` the node has.
std::size_t owned(const std::vector<std::string>& names, const std::string& node,
                  const std::map<std::string, std::string>& node_of) {
  return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), [&](const auto& x) {
    const auto found = node_of.find(x);
    return found != node_of.end() && found->second == node;
  }));
}

} // namespace

double rendezvous_score(const std::string& rule, const std::string& node) {
  // FNV-1a, then the finalizer of splitmix64: neighbours of a name must not be
  // neighbours in score, and std::hash differs between builds.
  std::uint64_t x = 0xcbf29ce484222325;
  for (const auto* text : {&rule, &node}) {
    for (unsigned char c : *text)
      x = (x ^ c) * 0x100000001b3;
    x = (x ^ 0xff) * 0x100000001b3;
  }
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  return (static_cast<double>(x >> 11) + 0.5) / static_cast<double>(std::uint64_t{1} << 53);
}

std::map<std::string, std::vector<std::string>>
rank(const std::vector<roaming>& rules, const std::vector<place>& nodes,
     const std::map<std::string, std::string>& node_of) {
  auto order = rules;
  std::sort(order.begin(), order.end(), [](const roaming& a, const roaming& b) {
    return std::tie(a.priority, a.name) < std::tie(b.priority, b.name);
  });
  std::map<std::string, unsigned> load;
  std::map<std::string, std::set<std::string>> taken_by; // spread word: nodes
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& rule : order) {
    struct row {
      std::tuple<bool, bool, bool, std::size_t, bool, std::size_t, std::size_t, bool, double> worse;
      const place* node;
    };
    std::vector<row> rows;
    for (const auto& node : nodes) {
      if (!may_run(rule, node))
        continue;
      const bool full = node.capacity != 0 && load[node.name] >= node.capacity;
      const auto preferred = static_cast<std::size_t>(
        std::find(rule.nodes.begin(), rule.nodes.end(), node.name) - rule.nodes.begin());
      const bool shares = !rule.spread.empty() && taken_by[rule.spread].contains(node.name);
      rows.push_back({{!node.alive, full, shares, preferred, node.flapping,
                       rule.outputs.size() - owned(rule.outputs, node.name, node_of),
                       rule.inputs.size() - owned(rule.inputs, node.name, node_of), !node.server,
                       -rendezvous_score(rule.name, node.name)},
                      &node});
    }
    std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) { return a.worse < b.worse; });
    auto& names = out[rule.name];
    for (const auto& x : rows)
      names.push_back(x.node->name);
    if (!names.empty() && rows.front().node->alive) {
      ++load[names.front()];
      if (!rule.spread.empty())
        taken_by[rule.spread].insert(names.front());
    }
  }
  return out;
}

} // namespace troupe::cluster
