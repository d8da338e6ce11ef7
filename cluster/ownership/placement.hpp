#pragma once

#include "config/model/time.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::cluster {

/// A node, as placement sees it.
struct place {
  std::string name;
  std::set<std::string> labels;
  bool server = false;
  unsigned capacity = 0;  ///< roaming rules at most; 0: no limit
  bool takes = true;      ///< not draining, leaving, removed, nor a board with a key
  bool alive = true;      ///< as this node sees it
  bool flapping = false;  ///< it came and went too often lately: last among equals

  friend bool operator==(const place&, const place&) = default;
};

/// A rule that may run on several nodes.
struct roaming {
  std::string name;
  int priority = 10;
  std::vector<std::string> outputs; ///< that it needs, its witness among them
  std::vector<std::string> inputs;  ///< that it is known to read; may be empty
  std::vector<std::string> nodes;   ///< preferred, best first
  bool only = false;                ///< on no others
  std::vector<std::string> labels;  ///< that a node must have, all of them
  std::string spread;               ///< rules with this word avoid each other's nodes

  friend bool operator==(const roaming&, const roaming&) = default;
};

/// Where each rule is to run, best node first; a node that must not run it is
/// not named. Every node works this out alike, from the replicated configuration
/// and, for what is not alive or flaps, from its own view: different views cost
/// a refused claim and never safety.
///
/// In this order: `nodes` of the rule, the nodes of its outputs (a rule lives
/// next to what it drives, so that the network can touch only what spans
/// nodes), of its inputs, servers, others; among equals by rendezvous hashing
/// (Thaler and Ravishankar 1998), so that the loss of a node moves only its own
/// rules. Capacity and `spread` are given out by priority, then by name.
///
/// Pure. @param node_of of outputs and inputs
[[nodiscard]] std::map<std::string, std::vector<std::string>>
rank(const std::vector<roaming>& rules, const std::vector<place>& nodes,
     const std::map<std::string, std::string>& node_of);

/// The weight of a node for a rule, in (0, 1); the highest one wins.
[[nodiscard]] double rendezvous_score(const std::string& rule, const std::string& node);

} // namespace troupe::cluster
