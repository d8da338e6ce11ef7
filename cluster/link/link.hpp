#pragma once

#include "actors/protocol/services.hpp"
#include "cluster/link/calls.hpp"
#include "cluster/link/catalogue.hpp"
#include "cluster/link/mirror.hpp"
#include "cluster/link/peers.hpp"
#include "cluster/membership/messages.hpp"
#include "cluster/transport/transport.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster {

/// What the node does for others. Called on the I/O thread: hand the work on
/// and return; the answers may come from any thread.
class far_service {
public:
  virtual ~far_service() = default;
  virtual void call(const std::string& from, far_call what, std::function<void(far_answer)> answer) = 0;
  virtual void pull(const std::string& from, const far_pull& what,
                    std::function<void(far_events)> answer) = 0;
  virtual void close(const std::string& from, std::uint64_t stream) = 0;
  virtual void peer_gone(const std::string& from) = 0; ///< its streams have no reader any more
};

/// Who wants to hear what links tell. Called on the I/O thread.
struct link_hooks {
  std::function<void(const std::string& peer, std::uint64_t incarnation)> on_peer;
  /// Before anything else is done about the end of a link: outputs wait for it.
  std::function<void(const std::string& peer)> on_peer_ends;
  std::function<void(const std::string& peer, const std::string& why, bool lost)> on_peer_lost;
  std::function<void(const std::string& from, membership_message)> on_letter;
  std::function<void(const std::string& from, trust_offer)> on_trust;
  std::function<void(const std::string& from)> on_catalogue;
  /// Of nodes only: a board has no part in the replicated store.
  std::function<void(const std::string& from, std::string frame)> on_frame;
  /// The row of a node that an operator has removed; nothing: it is welcome.
  /// Asked at its hello, before anything that it says is taken.
  std::function<std::optional<member>(const std::string& peer)> removed;
  /// Turned away at `address`, before or with its hello.
  std::function<void(const std::string& address, const std::string& peer, const std::string& why)> on_refused;
  /// What one of the documents of `show_catalogue` is about. Boards see and show
  /// only those under the names of their key; without this hook none. Any thread.
  std::function<std::string(const std::string& document)> name_of;
  /// For the journal: "node", "attic", "speaks protocol 2, this node 1: ...".
  std::function<void(const std::string& subject, const std::string& text)> on_trouble;
};

/// LINK: what nodes have in common, over the transport: present values flow,
/// messages reach actors by name, questions reach control interfaces.
///
/// All traffic of a node goes through its one GATEWAY actor, which lives on the
/// I/O thread: what arrives is acted on where it was read, with no hand-over.
/// So everything here is short and never waits.
///
/// Threads: any. Ownership: outlives the actors that send; `stop` before the
/// actor system ends.
class link {
public:
  struct options {
    std::string node;
    std::string version;
    std::uint64_t incarnation = 1;
    /// Messages to actors older than this are refused. The longest pause that
    /// a healthy link makes, and shorter than an operator's patience.
    milliseconds fresh_within{2000};
    milliseconds hello_within{3000};
  };

  link(caf::actor_system& system, transport& wire, services& all, far_service& service,
       link_hooks hooks, options how);
  ~link();

  /// Starts the gateway. Before the transport listens or dials.
  void start();
  void stop();
  [[nodiscard]] const caf::actor& gateway() const;

  /// From the transport: `dial` has reached this gateway.
  void greet(const caf::actor& gateway);
  /// From the transport.
  void link_down(const peer_identity& who, const std::string& why, bool lost);

  /// Every ~50 ms, with what the transport sees: ticks for freshness; about
  /// once a second what waits though it is no news is sent.
  /// @returns those of `links` whose peer has said hello
  std::vector<link_view> tick(std::vector<link_view> links);

  /// A message to whoever shows `name`. @returns false if that node is not
  /// linked or does not keep up. For `directory::elsewhere`.
  bool forward(const std::string& name, caf::message what);

  /// A word about who may command, to an actor at that very node. @returns false
  /// as `forward`.
  bool send_to(const std::string& node, const std::string& name, caf::message what);

  /// Asks another node's control interface; `answer` waits for what it says,
  /// so that several nodes can be asked at once.
  [[nodiscard]] result<std::uint64_t> ask(const std::string& node, far_call what);
  [[nodiscard]] result<far_answer> answer(std::uint64_t question, milliseconds limit);

  /// Events of a stream that a call opened. `sink` is called on the I/O thread
  /// with each lot; it returns false when its reader is gone. The end of the
  /// link ends it with a last `far_events{ended}`.
  void read(const std::string& node, std::uint64_t stream, std::function<bool(far_events)> sink);
  /// The reader is gone.
  void close(const std::string& node, std::uint64_t stream);

  void send(const std::string& node, const membership_message& what);
  /// To all now, and to whoever comes; to a board what is under its names.
  void show_catalogue(std::uint64_t revision, std::vector<std::string> documents);
  /// To the replicated store of a linked node; nothing if it is none.
  void send_frame(const std::string& node, std::string frame);
  void offer_trust(trust_offer what); ///< to nodes: a board has no certificates

  void forget(const std::string& node); ///< removed from the house

  [[nodiscard]] std::vector<peer_ptr> peers_now() const;
  [[nodiscard]] peer_ptr find(const std::string& node) const;
  [[nodiscard]] const catalogue& books() const;
  [[nodiscard]] const mirror& shown() const;

private:
  struct core;
  std::shared_ptr<core> core_;
};

} // namespace troupe::cluster
