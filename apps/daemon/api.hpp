#pragma once

#include "actors/protocol/command.hpp"
#include "actors/supervision/root.hpp"
#include "apps/control/node_api.hpp"
#include "apps/daemon/backup_desk.hpp"
#include "apps/daemon/cluster_words.hpp"
#include "apps/daemon/desired.hpp"
#include "apps/daemon/journal_report.hpp"
#include "apps/daemon/node_names.hpp"
#include "apps/daemon/reconciler.hpp"
#include "apps/daemon/streams.hpp"
#include "apps/daemon/workshop.hpp"
#include "config/load/check.hpp"
#include "storage/replicated_store.hpp"

#include <functional>
#include <mutex>

namespace troupe::daemon {

class drill_desk;
class drill_hand;

/// What the control interface is made of; all parts outlive it.
struct api_parts {
  caf::actor_system& system;
  const node_config& node;
  services& all;
  desired& wanted;
  workshop& makers;
  placement_desk& placing;
  catalog& names;
  streams& events;
  journal_report& report;
  supervision::root& tree;
  running_things& running;
  const node_names& whose; ///< events and contributions are
  mono_ns started_at;
  std::function<void()> stop; ///< asks the program to end
  /// What other nodes run, each saying where: a change is held against the
  /// whole house. Empty function: there are none.
  std::function<std::vector<document>()> elsewhere{};
  cluster_words* cluster = nullptr; ///< null: a node alone
  storage::replicated_store* disk = nullptr; ///< null: nothing to compare or save
  drill_desk* drills = nullptr;
  drill_hand* hand = nullptr;
};

/// The control interface of one node. Looking reads tables; commanding asks
/// actors and waits at most `ask_limit` for each.
///
/// Threads: any, several at once; changes of the configuration one by one.
class node_control final : public control::node_api {
public:
  using control_caller = control::caller;
  static constexpr std::chrono::milliseconds ask_limit{3000};

  explicit node_control(api_parts parts);

  std::string name() override { return parts_.node.name; }

  // api_look.cpp
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

  // api_command.cpp
  result<json> set(const control_caller& who, const std::string& name, const json& body) override;
  result<json> pulse(const control_caller& who, const std::string& name, const json& body) override;
  result<json> release(const control_caller& who, const std::string& name, const json& body) override;
  result<json> force(const control_caller& who, const std::string& name, const json& body) override;
  result<json> count(const control_caller& who, const std::string& name, const json& body) override;
  result<json> act(const control_caller& who, const std::string& actor, const std::string& verb) override;
  result<json> set_fault(const control_caller& who, const std::string& bus, const json& body) override;
  void shutdown(const control_caller& who) override;

  // api_configure.cpp
  result<json> add(const control_caller& who, const json& body) override;
  result<json> remove(const control_caller& who, const std::string& section, const std::string& name) override;
  result<json> apply(const control_caller& who, const json& body) override;
  exported export_toml() override;
  json history(std::size_t newest) override;
  result<json> rollback(const control_caller& who, const json& body) override;
  /// The same for a member that is not linked now: checked and written here, carried
  /// out there when it is back.
  result<json> add_for(const std::string& node, const control_caller& who, const json& body);
  result<json> remove_for(const std::string& node, const control_caller& who, const std::string& section, const std::string& name);
  result<json> apply_for(const std::string& node, const control_caller& who, const json& body);
  result<json> rollback_for(const std::string& node, const control_caller& who, const json& body);
  /// Of all nodes, as this one's store holds them.
  [[nodiscard]] json house_history(std::size_t newest) const;

  // api_store.cpp
  json store() override;
  result<json> store_vector() override;
  result<json> store_rows(std::uint64_t bucket) override;
  result<json> store_entry(const std::string& kind, const std::string& key) override;
  result<json> begin_backup(const control_caller& who) override;
  result<std::string> backup_block(const control_caller& who, const std::string& id, std::uint64_t number) override;

  // api_cluster.cpp
  json members() override;
  json replicas() override;
  json placement(const std::vector<std::string>& down) override;
  result<json> move(const control_caller& who, const std::string& rule, const json& body) override;
  result<json> member_act(const control_caller& who, const std::string& name, const std::string& verb) override;
  result<json> token(const control_caller& who, const json& body) override;
  result<json> enrol(const json& body) override;
  result<json> reload(const control_caller& who) override;

  // api_drill.cpp
  result<json> start_drill(const control_caller& who, const json& body) override;
  json drills() override;
  result<json> drill(const std::string& id) override;
  result<json> abort_drill(const control_caller& who, const std::string& id) override;
  result<json> drill_fault(const control_caller& who, const json& body) override;

  // api_look.cpp
  result<std::shared_ptr<control::event_queue>>
  open_stream(const control_caller& who, const std::string& what, const json& body) override;

private:
  /// Did you mean one of the names that there are?
  error unknown(const std::string& name) const;

  /// The value kind that an operator's command for `name` must have.
  result<value_kind> kind_of(const std::string& name, const std::string& wanted) const;

  /// The desired configuration of a bus.
  result<bus_config> bus_of(const std::string& name) const;

  /// Sends a command to its output as this operator's, waits for the answer, and journals it.
  result<json> carry_out(const control_caller& who, command x, const std::string& text);
  result<json> order(const control_caller& who, const std::string& name, value val, int priority,
                     milliseconds lease, const std::string& text);

  /// Changes a set of documents, or says why not.
  using edit = std::function<troupe::status(std::vector<document>& all)>;
  [[nodiscard]] static edit adding(const json& body);
  [[nodiscard]] edit removing(const std::string& section, const std::string& name) const;
  [[nodiscard]] edit applying(const json& body) const;
  result<json> change_away(const std::string& node, const control_caller& who, const edit& what, const std::string& text, bool dry_run);

  /// Checks, writes and carries out a new set of documents, made from `before`.
  result<json> change(const control_caller& who, const std::vector<document>& before, const std::vector<document>& wanted,
                      const std::string& text, bool dry_run, std::vector<document> elsewhere = {});

  [[nodiscard]] viewpoint from() const;

  void journal(const control_caller& who, const std::string& kind, const std::string& subject,
               const std::string& text);

  api_parts parts_;
  std::mutex configuring_;
  backup_desk backups_;
};

} // namespace troupe::daemon
