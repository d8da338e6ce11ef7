#pragma once

#include "actors/protocol/authority.hpp"
#include "actors/protocol/services.hpp"
#include "apps/daemon/desired.hpp"
#include "cluster/ownership/load_watch.hpp"
#include "cluster/ownership/placement.hpp"
#include "config/model/house.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::daemon {

/// PLACEMENT of the rules that may run on several nodes: who stands where among
/// the candidates, what this node has loaded, who hands over to whom. Decides
/// nothing that could harm: the outputs do (docs/failover.md).
///
/// Threads: any; short locks.
class placement_desk {
public:
  /// What other parts of the node know of its members. It must not call the desk.
  struct view {
    std::map<std::string, bool> alive; ///< by node; who is not named is not
    std::set<std::string> leaving;     ///< draining, left, removed: they take nothing
    std::set<std::string> flapping;
    bool settled = true; ///< false: this node has just come and knows nobody yet
  };
  using view_fn = std::function<view()>;

  static constexpr std::size_t warm_nodes = 3; ///< that have a warm rule loaded, the acting one included

  placement_desk(const node_config& config, services& all);

  /// A cluster tells more than this node alone. Before the first actor starts.
  void look_with(view_fn f) { look_ = std::move(f); }

  /// Something changed: configuration, a member. @returns whether another set of
  /// rules is to be loaded here
  bool refresh();
  /// A node came: it may have outputs that decide where a rule acts.
  void node_came();
  /// As `refresh`, of the house as it was read last, and hands over what should
  /// act elsewhere by now. Every second. @param now CLOCK_MONOTONIC
  bool look_after(mono_ns now);

  /// What this machine's processors have done: while they are busy for long, others
  /// claim before this node does, and hand nothing back to it. What acts here stays.
  /// Every second; one thread.
  void note_load(const cluster::processor_time& x, mono_ns now);

  /// What this node is to run: its own documents without roaming rules that are
  /// loaded elsewhere, and roaming rules of others that are loaded here.
  [[nodiscard]] std::vector<document> hosted(std::vector<document> own) const;
  /// Does any node's configuration have this rule?
  [[nodiscard]] bool is_wanted(const std::string& rule) const;

  /// For the unit of a rule; null for one that stays on its node.
  [[nodiscard]] make_authority authority_for(const rule_config& config);

  /// Gives control of a rule that acts here to `node`.
  /// @returns why not
  [[nodiscard]] status move(const std::string& rule, const std::string& node);

  /// {"nodes": [...], "rules": [...], "outputs": [...]}: docs/control-interface.yaml
  [[nodiscard]] nlohmann::json view_all(const std::vector<std::string>& down) const;

private:
  struct known_rule {
    rule_config config;
    document doc;
    std::string home;
    std::vector<std::string> order;
    bool hosted = false; ///< loaded here
  };
  struct picture {
    std::vector<cluster::place> nodes;
    std::map<std::string, known_rule> rules; ///< by name
    std::map<std::string, std::string> node_of; ///< outputs and inputs
    std::map<std::string, std::string> safe_of; ///< outputs: the safe value in words
    bool settled = true;
  };
  [[nodiscard]] picture read_house() const;
  bool adopt(picture fresh);
  static void rank_all(picture& x);
  [[nodiscard]] bool is_to_host(const known_rule& x) const;
  [[nodiscard]] std::vector<std::string> order_of(const std::string& rule) const;
  [[nodiscard]] bool is_busy(const std::string& node) const;
  [[nodiscard]] bool acts_here(const std::string& rule) const;
  [[nodiscard]] std::string acting_node(const std::string& rule) const;
  [[nodiscard]] nlohmann::json shadows_of(const known_rule& x) const;

  const std::string self_;
  const bool server_;
  const std::set<std::string> labels_;
  const unsigned capacity_;
  services& all_;
  view_fn look_;
  const std::uint64_t run_; ///< of this process; random
  std::atomic<std::uint64_t> activations_{0};
  cluster::load_watch load_;

  std::mutex refreshing_; ///< so that no older look replaces a newer one
  mutable std::mutex mutex_;
  picture now_;
  std::map<std::string, mono_ns> better_since_; ///< by rule: the first in its order is another node
};

} // namespace troupe::daemon
