#pragma once

#include "apps/daemon/api.hpp"
#include "apps/daemon/far_nodes.hpp"
#include "apps/daemon/house_log.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace troupe::daemon {

/// What a node of a cluster adds to its own control interface.
struct house_parts {
  node_control& here;
  far_nodes& others;
  storage::live_table& live;
  directory& names;
  desired& wanted;
  std::string self;
  /// What the other nodes run, as they said last.
  std::function<std::map<std::string, std::vector<document>>()> books;
  /// The other nodes of the house, there or not.
  std::function<std::vector<std::string>()> nodes;
  /// Whether it has a part in the replicated store, as this node has.
  std::function<bool(const std::string& node)> is_member;
};

/// The control interface of a whole house, at any of its nodes: what this node
/// has it answers itself, what another one has it asks that one for. A name is
/// looked up where it is now. What only one node can mean (its history, its
/// shutdown) is of this node; `/v1/nodes/{node}/...` says another.
///
/// Threads: any, several at once.
class house_control final : public control::node_api {
public:
  explicit house_control(house_parts parts);

  /// Before the links end: nobody is asked any more for those who follow.
  void stop() { log_.stop(); }

  std::string name() override { return parts_.self; }
  control::node_api& by_itself() override { return parts_.here; }

  // house_look.cpp
  json status() override;
  json tree() override;
  json ps() override;
  result<json> get(const std::string& name) override;
  json list(const std::string& prefix) override;
  result<json> why(const std::string& name) override;
  result<json> log(const json& query) override;
  json buses() override;
  result<json> post_mortems(const std::string& actor) override;
  result<json> actor(const std::string& name) override;
  json members() override;
  json replicas() override;
  json store() override { return parts_.here.store(); }
  result<json> store_vector() override { return parts_.here.store_vector(); }
  result<json> store_rows(std::uint64_t bucket) override { return parts_.here.store_rows(bucket); }
  result<json> store_entry(const std::string& kind, const std::string& key) override { return parts_.here.store_entry(kind, key); }
  result<json> begin_backup(const control::caller& who) override { return parts_.here.begin_backup(who); }
  result<std::string> backup_block(const control::caller& who, const std::string& id, std::uint64_t number) override {
    return parts_.here.backup_block(who, id, number);
  }
  result<std::shared_ptr<control::event_queue>>
  open_stream(const control::caller& who, const std::string& what, const json& body) override;

  // house_command.cpp
  result<json> set(const control::caller& who, const std::string& name, const json& body) override;
  result<json> pulse(const control::caller& who, const std::string& name, const json& body) override;
  result<json> release(const control::caller& who, const std::string& name, const json& body) override;
  result<json> force(const control::caller& who, const std::string& name, const json& body) override;
  result<json> count(const control::caller& who, const std::string& name, const json& body) override;
  result<json> act(const control::caller& who, const std::string& actor, const std::string& verb) override;
  result<json> set_fault(const control::caller& who, const std::string& bus, const json& body) override;
  json placement(const std::vector<std::string>& down) override { return parts_.here.placement(down); }
  result<json> move(const control::caller& who, const std::string& rule, const json& body) override;
  result<json> member_act(const control::caller& who, const std::string& name, const std::string& verb) override;
  result<json> token(const control::caller& who, const json& body) override;
  result<json> enrol(const json& body) override;
  result<json> reload(const control::caller& who) override;
  void shutdown(const control::caller& who) override;

  // Of the whole house in any case, but for this node's own fault.
  result<json> start_drill(const control::caller& who, const json& body) override { return parts_.here.start_drill(who, body); }
  json drills() override { return parts_.here.drills(); }
  result<json> drill(const std::string& id) override { return parts_.here.drill(id); }
  result<json> abort_drill(const control::caller& who, const std::string& id) override { return parts_.here.abort_drill(who, id); }
  result<json> drill_fault(const control::caller& who, const json& body) override { return parts_.here.drill_fault(who, body); }

  // house_configure.cpp
  result<json> add(const control::caller& who, const json& body) override;
  result<json> remove(const control::caller& who, const std::string& section, const std::string& name) override;
  result<json> apply(const control::caller& who, const json& body) override;
  exported export_toml() override;
  json history(std::size_t newest) override;
  result<json> rollback(const control::caller& who, const json& body) override;

private:
  /// The other node that shows this value, or none: it is ours, or nobody's.
  [[nodiscard]] std::optional<std::string> elsewhere(const std::string& name) const;
  /// The other node that runs this actor, or none.
  [[nodiscard]] std::optional<std::string> runs_elsewhere(const std::string& actor) const;
  /// The other node whose configuration has this, or none.
  [[nodiscard]] std::optional<std::string> desired_elsewhere(const std::string& section, const std::string& name) const;
  [[nodiscard]] std::vector<document> others() const;
  /// Of a member that cannot be asked now the part of the store is changed here.
  [[nodiscard]] bool is_away(const std::string& node, const error& why) const;
  /// The node where a document belongs.
  [[nodiscard]] std::string home_of(const document& x) const;
  [[nodiscard]] result<json> command(const control::caller& who, const std::string& verb, const std::string& name,
                                     const json& body, const std::function<result<json>()>& ours);
  [[nodiscard]] result<json> apply_split(const control::caller& who, const json& body,
                                         const std::map<std::string, std::vector<document>>& parts);

  [[nodiscard]] std::vector<std::string> with_journals() const;

  house_parts parts_;
  house_log log_;
};

} // namespace troupe::daemon
