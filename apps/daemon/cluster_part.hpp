#pragma once

#include "apps/daemon/address_book.hpp"
#include "apps/daemon/chores.hpp"
#include "apps/daemon/cluster_words.hpp"
#include "apps/daemon/enrolment.hpp"
#include "apps/daemon/far_desk.hpp"
#include "apps/daemon/feature_desk.hpp"
#include "apps/daemon/house_control.hpp"
#include "apps/daemon/placement_desk.hpp"
#include "apps/daemon/refusal_book.hpp"
#include "apps/daemon/trust_inbox.hpp"
#include "apps/daemon/trust_keeper.hpp"
#include "cluster/discovery/discovery.hpp"
#include "cluster/link/membership_unit.hpp"
#include "cluster/replication/exchange.hpp"
#include "storage/replicated_store.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::daemon {

/// This node's part in a cluster: transport, membership, links, trust, wired
/// together. Built in the order of its calls; ended by `close`.
///
/// Threads: the calls from the thread that starts the node; what it is told
/// comes from any.
class cluster_part final : public cluster::transport_events, public cluster::wire, public cluster_words {
public:
  /// Does node.toml ask for a cluster?
  [[nodiscard]] static bool is_wanted(const node_config& config);

  /// Has it a certificate, and so a part in the replicated store? A board with a
  /// pre-shared key has not.
  [[nodiscard]] static bool is_member(const node_config& config);

  cluster_part(const node_config& config, services& all, storage::replicated_store& disk, desired& wanted,
               catalog& people);
  ~cluster_part() override;

  /// Reads certificate, key, authorities. Before the actor system is built.
  [[nodiscard]] status load(caf::actor_system_config& config);
  /// MEMBERSHIP, for the tree.
  [[nodiscard]] child_spec membership_child();
  /// Makes the links, listens, dials. After the tree runs.
  [[nodiscard]] status open(caf::actor_system& system, node_control& here);
  /// Says goodbye and ends all links. Before the tree stops.
  void close();

  /// For the control interface. After `open`.
  [[nodiscard]] control::node_api& front() { return *front_; }
  [[nodiscard]] control::far_side& others() { return *others_; }
  [[nodiscard]] std::shared_ptr<const cluster::tls_context> context() const { return trust_ ? trust_->context() : nullptr; }
  /// Asks another node's control interface. After `open`.
  [[nodiscard]] result<json> ask_node(const std::string& node, const control::caller& who, const std::string& method, const std::string& path,
                                      const json& body);
  /// For drills: cuts the link off, as a pulled cable does; 0 ends it. Any thread, at any time.
  void cut(const std::string& peer, milliseconds length);
  /// For drills: what the peer says comes late; a length of 0 ends it. Any thread, at any time.
  void slow_down(const std::string& peer, milliseconds length, const cluster::lateness& how);
  [[nodiscard]] std::vector<document> elsewhere() const;
  /// For `directory::elsewhere`. Any thread, at any time.
  bool forward(const std::string& name, caf::message what);
  /// For `directory::at_node`.
  bool send_to(const std::string& node, const std::string& name, caf::message what);
  /// For `placement_desk::look_with`. Any thread, at any time.
  [[nodiscard]] placement_desk::view placement_view();
  void refused_at_control(const std::string& address, const std::string& claimed, const std::string& why) noexcept;

  // cluster_words
  [[nodiscard]] json members() override;
  [[nodiscard]] json replicas() override;
  [[nodiscard]] json catching_up() override;
  [[nodiscard]] json features() override;
  [[nodiscard]] json alarms() override;
  [[nodiscard]] result<json> act(const control::caller& who, const std::string& name, const std::string& verb) override;
  [[nodiscard]] result<json> token(const control::caller& who, const json& body) override;
  [[nodiscard]] result<json> enrol(const json& body) override;
  [[nodiscard]] result<json> reload(const control::caller& who) override;

  // transport_events
  void link_up(const cluster::peer_identity& who) noexcept override;
  void link_down(const cluster::peer_identity& who, const std::string& why, bool lost) noexcept override;
  void refused(const std::string& address, const std::string& claimed, const std::string& why) noexcept override;
  void surplus(const std::string& address, const std::string& name, const std::string& why) noexcept override;

  // wire
  std::vector<cluster::heard> links() override;
  std::chrono::nanoseconds ears_late() override;
  void beat(const std::vector<std::string>& names) override;
  void dial(const cluster::member& whom) override;
  void send(const std::string& to, const cluster::membership_message& what) override;
  void drop(const std::string& name, const std::string& why) override;

private:
  [[nodiscard]] cluster::link_hooks hooks();
  /// When the standing of a member changed last, with `standing_mutex_` held.
  [[nodiscard]] mono_ns standing_changed(const std::string& name, mono_ns otherwise) const;
  [[nodiscard]] status listen();
  [[nodiscard]] std::vector<cluster::known_peer> known_peers();
  [[nodiscard]] std::uint32_t own_ban() const;
  [[nodiscard]] std::map<std::string, std::vector<std::string>> good_addresses(const cluster::member_table::picture& now);
  void start_discovery();
  void tell(storage::severity level, const std::string& subject, const std::string& text, const std::string& who = {});
  void tell_refusals(const refusal_book::lines& all);
  void refuse(const std::string& how, const std::string& address, const std::string& claimed, const std::string& why);
  void look_at_trust(const std::string& from);
  void show_documents();
  void follow_documents();
  void start_exchange();
  void look_at_features();
  /// In the store: whoever stands there is waited for when something is collected.
  void keep_in_store(const std::string& name, const cluster::member& as);
  void learn_documents(const std::string& node);
  void forget_soon(const std::string& node);
  void members_changed();
  void keep_members();
  [[nodiscard]] status keep_members_durably(); ///< returns when it outlives a power cut
  [[nodiscard]] status put_members(storage::on_durable done);
  [[nodiscard]] std::map<std::string, std::vector<document>> books() const;
  [[nodiscard]] std::vector<std::string> other_nodes() const;
  [[nodiscard]] result<json> ask_renewal(const std::string& request, const trust_keeper::fits& check);
  [[nodiscard]] status clock_agrees_with_peers();
  [[nodiscard]] result<json> renew_for(const std::string& peer, const json& body);
  [[nodiscard]] cluster::transport& net() { return cluster::transport::of(*system_); }
  template <class T>
  void to_membership(T&& what) {
    all_.names.send(membership_name, std::forward<T>(what));
  }

  /// After its start a node waits so long for its peers before it takes a rule.
  static constexpr std::chrono::milliseconds settle_within{2000};
  std::atomic<bool> settled_{false}; ///< it has met its peers, or waited long enough
  static constexpr auto membership_name = "membership";

  const node_config& config_;
  services& all_;
  storage::replicated_store& disk_;
  desired& wanted_;
  catalog& people_;
  cluster::credential_files files_;
  std::uint64_t incarnation_ = 0;
  mono_ns started_ = 0;
  std::mutex standing_mutex_;
  std::map<std::string, mono_ns> standing_since_; ///< a wall clock may be set meanwhile
  std::map<std::string, std::string> not_reached_; ///< why the last dial failed
  caf::actor_system* system_ = nullptr;
  cluster::member_table table_;
  chores chores_;
  std::mutex keeping_members_;
  address_book addresses_; ///< under `keeping_members_` once the tree runs
  std::unique_ptr<trust_keeper> trust_; ///< null: a board with a pre-shared key
  std::unique_ptr<enrolment> enrolment_;
  std::optional<mono_ns> no_clock_since_; ///< on the chores' thread: nobody says what time it is
  trust_inbox offers_;
  refusal_book refusals_;
  std::unique_ptr<far_desk> desk_;
  std::unique_ptr<cluster::link> link_;
  std::atomic<cluster::link*> open_link_{nullptr}; ///< null before `open` and after `close`
  std::unique_ptr<far_nodes> others_;
  std::unique_ptr<house_control> front_;
  std::unique_ptr<cluster::discovery> discovery_;
  std::shared_ptr<cluster::exchange> exchange_; ///< null: a board with a pre-shared key
  std::unique_ptr<feature_desk> features_;      ///< null: the same
  std::string own_words_; ///< this node's member document
  std::shared_ptr<void> feed_;
  std::uint64_t book_ = 0;
};

} // namespace troupe::daemon
