#pragma once

#include "cluster/tls/psk.hpp"
#include "cluster/transport/arbitration.hpp"
#include "cluster/transport/bounds.hpp"
#include "cluster/transport/deadlines.hpp"
#include "cluster/transport/guard.hpp"
#include "cluster/transport/record.hpp"
#include "cluster/transport/socket.hpp"
#include "config/model/lending_mutex.hpp"

#include <caf/io/network/default_multiplexer.hpp>

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace troupe::cluster {

class link_doorman;
class link_session;

/// Connections of one name that have proved who they are and not yet greeted.
/// Two nodes that dial each other need two; more is a peer that holds them back.
inline constexpr std::size_t most_greeting = 4;

/// What doormen, scribes, dialling threads and the module share. Outlives them
/// all, for each holds it.
class hub : public std::enable_shared_from_this<hub> {
public:
  explicit hub(transport::options with);

  const transport::options how;
  const basp_guard::type_names messages; ///< that peers may send; null: all
  std::atomic<caf::io::network::default_multiplexer*> io{nullptr};

  std::atomic<mono_ns> beat_asked{0}; ///< the oldest beat that waits for the I/O thread; 0: none does
  std::atomic<bool> closing{false}; ///< the node stops
  std::string own_id; ///< CAF's node id of this node; set before the first connection
  // --- any thread ---

  /// Reads all files; of those that cannot be used what was there stays in use. One
  /// thing is taken nevertheless: new authorities and revocations, when nothing
  /// is wrong but the validity of the own certificate that is in use already.
  status read_files();
  [[nodiscard]] std::shared_ptr<const tls_context> tls() const;
  [[nodiscard]] std::shared_ptr<const psk_context> psk() const;
  [[nodiscard]] mono_ns now() const { return how.clocks->mono(); }

  /// After TLS: may this peer have a link? Puts the record into the table.
  /// @param wanted the name that was dialled; "" when it dialled us
  status admit(const std::shared_ptr<link_record>& fresh, const std::string& wanted);
  void forget(const std::shared_ptr<link_record>& gone);
  [[nodiscard]] std::vector<link_view> links() const;
  /// Who is behind a CAF node id, if its link lives.
  [[nodiscard]] std::optional<peer_identity> identify(const std::string& node_id) const;

  /// The connection with a node, if its link lives.
  [[nodiscard]] std::shared_ptr<link_session> way_to(const caf::node_id& node) const;

  /// Notes why a connection ends, unless a reason is known already.
  void note_why(link_record& of, const std::string& why, errc code = errc::unreachable);
  [[nodiscard]] std::string why(const link_record& of) const;
  /// @returns `none` and an empty text while none is known
  [[nodiscard]] error end_of(const link_record& of) const;
  [[nodiscard]] peer_identity who(const link_record& of) const;

  /// Tells it: `conflict` as surplus, anything else as refused.
  void refuse(const std::string& address, const std::string& claimed, const error& why);
  /// Is there a live link?
  [[nodiscard]] bool linked(const std::string& name) const;
  /// Is there another connection with the same peer that has not ended?
  [[nodiscard]] bool has_rival(const link_record& of) const;

  /// Is the peer cut off for a drill? @returns for how long still
  [[nodiscard]] milliseconds held_for(const std::string& name) const;

  /// Runs `what` on the I/O thread; never blocks.
  void post(std::function<void()> what);

  // --- I/O thread ---

  /// After the peer's BASP handshake: cuts rivals, or says why this one ends.
  status raise(link_record& fresh, const std::string& node_id);
  /// Who is up is reached by `way_to`, until the same session closes it.
  void open_way(const caf::node_id& node, const std::shared_ptr<link_session>& over);
  void close_way(const std::shared_ptr<link_session>& over);
  void enter(link_scribe* x);
  void leave(link_scribe* x);
  void enter(link_doorman* x);
  void leave(link_doorman* x);
  void beat(const std::vector<std::string>& names);
  void drop(const std::string& name, const std::string& why);
  void drop_revoked();
  /// @param late nothing: the link is cut @param length 0: ends it
  void disturb(const std::string& name, milliseconds length, const std::optional<lateness>& late);
  void look_at_deadlines();
  [[nodiscard]] bool nothing_queued() const;

  half_open_table half_open;
  /// Their handshakes are public-key work on the I/O thread, which goes before all else (decision 26).
  time_budget handshakes_of_callers{0.2, milliseconds{400}};
  deadlines wake;

private:
  [[nodiscard]] status read_certificates();
  [[nodiscard]] status read_keys();
  void take_revocations();
  /// Do today's files still let it in? Its handshake may be older than they.
  [[nodiscard]] status still_welcome(const link_record& x) const;
  [[nodiscard]] std::vector<rival> rivals_of(const link_record& fresh) const;
  [[nodiscard]] rival as_rival(const link_record& x) const;
  /// Of one link that a drill cut, or made slow.
  struct disturbance {
    std::chrono::steady_clock::time_point until;
    std::optional<lateness> late; ///< nothing: it is cut
  };
  void disturb_links(const std::string& name, const disturbance* how); ///< null: no more
  void end_disturbances();

  std::mutex reading_; ///< one reader of files at a time, or an older one wins
  mutable std::mutex mutex_;
  std::shared_ptr<const tls_context> tls_;
  std::shared_ptr<const psk_context> psk_;
  std::vector<std::shared_ptr<link_record>> records_;
  std::map<std::string, disturbance> disturbed_; ///< by peer
  mutable lending_mutex ways_mutex_;
  std::unordered_map<caf::node_id, std::shared_ptr<link_session>> ways_;
  std::mutex meter_mutex_;
  refusal_meter meter_;
  std::string last_unsaid_; ///< with the sum one of them is told, so that a rare one is seen in a flood
  // I/O thread
  std::set<link_scribe*> scribes_;
  std::set<link_doorman*> doormen_;
};

} // namespace troupe::cluster
