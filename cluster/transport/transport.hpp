#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/patience.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <caf/actor_system.hpp>
#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster {

/// How late what a peer says comes, in steps of 20 ms.
struct lateness {
  milliseconds delay{0};
  /// The share that is lost on the way, 0 to 1: it comes `again_after` later, and
  /// what follows waits for it, as TCP does it.
  double loss = 0;
  static constexpr milliseconds again_after{200};

  friend bool operator==(const lateness&, const lateness&) = default;
};

/// Every number is a bound; what happens at it stands beside it. The times are
/// those of the profile `lan`; see `limits_for`.
struct transport_limits {
  milliseconds resolve_within{5000};   ///< a name's addresses; then this try has failed
  milliseconds connect_within{1100};   ///< TCP, all addresses together
  milliseconds handshake_within{3000}; ///< TLS and BASP; later: closed
  std::size_t max_half_open = 64;      ///< not yet authenticated; more are closed at once
  std::size_t max_half_open_per_address = 8;
  std::size_t max_frame_bytes = 1 << 20;   ///< a BASP payload; larger: the link is cut
  std::size_t max_backlog_bytes = 8 << 20; ///< queued to one peer; more: the link is cut
  milliseconds live_within{2000};      ///< heard so lately, a link keeps its place against a second one
  milliseconds drain_within{1000};     ///< at an orderly end, for what is queued; then reset
  milliseconds unacknowledged_within{10000}; ///< what TCP sent; then it ends the link
  unsigned dial_threads = 16;          ///< dials at a time; more wait
  unsigned refusals_per_second = 10;   ///< told one by one; more as a sum
};

/// As patient as the profile: connecting, shaking hands, waiting for TCP.
[[nodiscard]] transport_limits limits_for(const patience& x);

/// One live link, as the I/O thread sees it. Cheap to copy: every node looks at
/// all its links at every beat.
struct link_view {
  std::shared_ptr<const peer_identity> who; ///< never null
  mono_ns up_since = 0;
  mono_ns last_heard = 0;   ///< any byte that TLS accepted
  mono_ns peer_tick = 0;    ///< newest tick of the peer that we heard; its clock
  mono_ns peer_tick_at = 0; ///< when we heard it; ours
  mono_ns echo_tick = 0;    ///< newest of our own ticks that came back
  std::chrono::nanoseconds round_trip{0}; ///< of the newest beat; 0: none yet
  std::size_t backlog_bytes = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
};

/// What the transport tells. Called on the I/O thread or on a dialling thread,
/// one call at a time for one link: note it, hand it on, return.
class transport_events {
public:
  virtual ~transport_events() = default;
  /// The peer proved its name and its BASP handshake is right. Comes before the
  /// `done` of a dial.
  virtual void link_up(const peer_identity& who) noexcept = 0;
  /// Told once for each `link_up`; `lost` when nobody asked for it.
  virtual void link_down(const peer_identity& who, const std::string& why, bool lost) noexcept = 0;
  /// Somebody was turned away. `claimed` is what the certificate said, if there
  /// was one that could be read. At most `refusals_per_second` are told; then a
  /// sum with an empty address.
  virtual void refused(const std::string& address, const std::string& claimed,
                       const std::string& why) noexcept = 0;
  /// A connection with an honest peer ended before it was a link, and nobody
  /// need act: both dialled at once, or one dialled though a link lives.
  virtual void surplus(const std::string& /*address*/, const std::string& /*name*/,
                       const std::string& /*why*/) noexcept {}
};

/// Our transport under CAF's middleman: TLS 1.3, both sides with certificates
/// (or a pre-shared key), nothing unauthenticated reaches BASP (I10). A module
/// of the actor system in the slot of CAF's own OpenSSL manager, so that CAF
/// keeps its brokers and proxies. How and why:
/// docs/decisions/0007.
///
/// Threads: any for all calls; bytes are moved by CAF's I/O thread, names are
/// resolved and peers dialled by threads of its own.
/// Errors:  returned or told; a file that cannot be read leaves what was there
///          in use and never ends a link.
class transport {
public:
  struct options {
    std::string node;        ///< our name; equals the certificate's CN
    credential_files files;  ///< without `certificate` but with `psk`: a board, which only dials
    transport_limits bounds;
    transport_events* told = nullptr; ///< outlives the actor system
    std::vector<std::string> messages; ///< names of the types that peers may send; empty: all
    const clock_source* clocks = &system_clocks();
    std::function<void()> at_start; ///< on the I/O thread, once
  };

  /// Registers the module and CAF's middleman, sets what of its configuration
  /// concerns us; before the actor system is built. Reads the files.
  /// @returns which file cannot be used, and why.
  [[nodiscard]] static status load(caf::actor_system_config& config, options how);
  [[nodiscard]] static transport& of(caf::actor_system& system);

  virtual ~transport() = default;

  /// Listens at "host:port" ("[::]:4710": both families; ":4710" the same) and
  /// shows `gateway` to those who connect. @returns the port.
  /// @param psk listen for pre-shared keys instead of certificates
  [[nodiscard]] virtual result<std::uint16_t> listen(const std::string& address,
                                                     const caf::actor& gateway, bool psk = false) = 0;

  /// Connects to the node `name` at one of `addresses` ("host:port"), tried in
  /// turn, names resolved anew. `done` gets the peer's gateway, or why not; on
  /// a dialling thread, exactly once. Several dials run beside each other. With
  /// a certificate we dial with it; a board without one uses the pair's key.
  /// Fails with `conflict` when a live link to `name` exists; with `closed` when
  /// a host answered that nobody listens, and no other address had anybody that
  /// answered: within moments of a lost link that proves a dead process.
  using on_dialled = std::function<void(result<caf::actor>)>;
  virtual void dial(const std::string& name, const std::vector<std::string>& addresses,
                    on_dialled done) = 0;

  /// Sends `what` to an actor of a linked node in the name of `from`, an actor of ours whom CAF's registry holds. It leaves
  /// on the thread of the caller, as far as the socket takes it at once; the rest waits for the I/O thread. Never waits
  /// for the peer. What one thread sends to one node comes in that order. Where there is no link, or too much waits
  /// for the peer already, it is lost, as everything that is under way when a link ends.
  virtual void send(const caf::actor& from, const caf::actor& to, const caf::message& what) = 0;

  /// Sends each of these peers a beat with our tick and the newest of theirs.
  /// From the I/O thread, so it waits for no disk and no worker.
  virtual void beat(const std::vector<std::string>& names) = 0;
  /// How long a beat has waited for the I/O thread: what peers sent meanwhile has
  /// not been read either, and they are not to blame.
  [[nodiscard]] virtual std::chrono::nanoseconds io_late() const = 0;

  [[nodiscard]] virtual std::vector<link_view> links() const = 0;

  /// Who is behind a remote handle: from the link, so it cannot be forged.
  [[nodiscard]] virtual std::optional<peer_identity> identify(const caf::node_id& id) const = 0;

  /// Reads certificate, key, CAs and revocations again. New links use them;
  /// live links stay, except those of revoked peers and of all below a revoked
  /// authority, which end at once: also when the result is an error because our
  /// own certificate has expired.
  [[nodiscard]] virtual status reload() = 0;

  /// For drills: cuts the link to a peer off for `length`, as a pulled cable does.
  /// What either side says waits, no side hears of it, and nobody is dialled; then
  /// what waited goes on. The end needs nobody. 0: ends it now.
  virtual void hold(const std::string& name, milliseconds length) = 0;

  /// For drills: what the peer says comes late for `length`. What this node says goes
  /// at once: each end delays what it hears. Ends as `hold` does, and instead of it.
  virtual void delay(const std::string& name, milliseconds length, const lateness& how) = 0;

  /// Ends the links of a peer.
  virtual void drop(const std::string& name, const std::string& why) = 0;
};

} // namespace troupe::cluster
