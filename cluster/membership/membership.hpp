#pragma once

#include "cluster/membership/dial_plan.hpp"
#include "cluster/membership/messages.hpp"
#include "cluster/membership/profile.hpp"
#include "config/model/result.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster {

/// What a node hears of a peer through its link; from the transport.
struct heard {
  std::string name;
  mono_ns last_heard = 0;
  std::chrono::nanoseconds round_trip{0};
  bool board = false; ///< it shows and obeys, and nothing that it says of others counts
};

/// What another node says of a peer.
struct told {
  standing is = standing::unknown;
  bool direct = false; ///< it hears the peer itself
  friend bool operator==(const told&, const told&) = default;
};

/// What others say that differs from what we see: name -> teller -> what.
using membership_differences = std::map<std::string, std::map<std::string, told>>;

/// Everything that a decision of MEMBERSHIP wants done, in this order.
struct membership_effects {
  struct letter {
    std::string to;
    membership_message what;
  };
  struct change {
    member now;
    standing before = standing::unknown;
    std::string why; ///< for the journal: "silent for 240 ms; server-2 does not hear it either"
  };
  /// What a peer does that is bounded here; for the journal.
  struct trouble {
    std::string about;
    std::string text;
  };
  std::vector<change> changes;
  std::vector<trouble> troubles;
  std::vector<letter> letters;
  std::vector<std::string> beat;  ///< send these a heartbeat now
  std::vector<member> dial;       ///< connect to these now
  std::vector<std::string> drop;  ///< cut these links
};

/// MEMBERSHIP: who belongs to the cluster and how each stands; when to dial
/// whom, whom to watch, when to call somebody suspect, down, alive again.
///
/// Detection: docs/decisions/0008. A lost connection is told at once; silence
/// makes `suspect`, and `down` only when others do not hear the peer either,
/// or cannot be asked. Each node beats to and watches at most
/// `profile::watched` others, so its cost stays flat as the cluster grows.
///
/// Sources: asking others before condemning, suspicion, incarnations and
/// refutation: SWIM (Das, Gupta, Motivala, DSN 2002, sections 3.1, 4.2). Local
/// health: Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788, IV.A). Unlike
/// SWIM all nodes are linked, so views go to everybody at once, gossip only
/// repairs, and fixed neighbours beat instead of random probes: the time to
/// detect has a bound. Flap damping: RFC 2439's penalty with half-life.
///
/// Bounds: `max_members` names, `max_waiting` of them found and not approved,
/// `max_addresses` for each; more are ignored and told. Who waits is told to nobody: a
/// stranger that announces itself under ever new names fills no other table. *Hearsay*, a name that
/// only another node told of, which neither a link nor an operator has vouched for, is
/// bounded for each teller (`max_told`), goes with its teller's removal, gives
/// way to whoever proves its name, and is told on as a bare name: in a full mesh, whoever has
/// met a node tells of it itself. So one liar cannot fill the table of anybody.
///
/// Pure: values and time in, effects out; no actor, socket, clock or disk. The
/// simulator runs this very class. Threads: one.
class membership {
public:
  static constexpr std::size_t max_members = 256;
  static constexpr std::size_t max_waiting = 64;
  static constexpr std::size_t max_told = 64;
  static constexpr std::size_t max_addresses = 16;
  /// Of those, what discovery may fill: it must displace neither what the node
  /// says of itself nor what an operator wrote.
  static constexpr std::size_t max_seen_addresses = 4;
  /// Who waits and is announced no more is forgotten after this. Not at once, so
  /// that names which come and go fill no journal.
  static constexpr mono_ns waiting_forgotten_after = 600'000'000'000;
  /// Dials under way at once: a TLS handshake costs a board 5 to 20 ms.
  static constexpr std::size_t max_dials = 16;
  static constexpr std::size_t max_dials_of_hearsay = 8; ///< so that the others never wait for the invented

  struct options {
    std::string self;
    std::vector<std::string> addresses; ///< where others reach us
    std::uint64_t incarnation = 1; ///< grows with every start of the process
    std::string version;
    profile pace;
    std::uint64_t seed = 1;
    bool approve_found = true; ///< a node found by discovery waits for an operator
    /// As `member::banned`, of this node, as an earlier run heard it. An odd one: it
    /// begins as removed, and dials only until somebody has said whether that stands:
    /// it may have been taken back while it was off, by who cannot dial it.
    std::uint32_t banned = 0;
  };
  explicit membership(options how);
  ~membership();

  /// A peer from node.toml, an approval, or an earlier run.
  void know(const std::string& name, const std::vector<std::string>& addresses, mono_ns now);
  /// What an earlier incarnation of the same process knew; how it stands is
  /// judged anew.
  /// @param told_by as in `hearsay`, if it was there
  void recall(const member& before, mono_ns now, const std::string& told_by = {});
  /// A peer that discovery sees, and all addresses at which it does now.
  membership_effects found(const std::string& name, const std::vector<std::string>& addresses,
                           mono_ns now, wall_ms wall);
  /// Discovery sees it no more. A member stays one, at the addresses last seen.
  void lost(const std::string& name, mono_ns now);

  /// Looks at silences; call at `wake_at` or later. A late call raises the
  /// local health figure: this node was busy, so it trusts itself less.
  /// @param deaf_for  how long the thread that reads the links has had no turn
  membership_effects tick(mono_ns now, wall_ms wall, const std::vector<heard>& links, mono_ns deaf_for = 0);
  [[nodiscard]] mono_ns wake_at() const;

  /// @param incarnation 0: the link stood before this class was made; the peer
  ///                    is asked for all that it knows
  membership_effects on_link_up(const std::string& name, std::uint64_t incarnation, mono_ns now,
                                wall_ms wall);
  /// @param lost end of file, reset or a time-out of TCP: nobody here asked for
  ///             it. Then one dial follows at once
  membership_effects on_link_down(const std::string& name, const std::string& why, bool lost,
                                  mono_ns now, wall_ms wall);
  /// After a lost link `refused` proves that the process is gone.
  membership_effects on_dial_failed(const std::string& name, const std::string& why, dial_end how,
                                    mono_ns now, wall_ms wall);
  membership_effects on_letter(const std::string& from, const membership_message& what, mono_ns now,
                               wall_ms wall);

  /// This node is reached at other addresses now: all are told, and who is not
  /// linked is dialled at once, for its old pauses were of another network.
  /// The same addresses in another order are no news; an empty list, a machine
  /// without a network, is nothing that could be told.
  membership_effects moved(std::vector<std::string> addresses, mono_ns now, wall_ms wall);

  // --- an operator's words ---
  membership_effects drain(bool on, wall_ms wall);      ///< this node
  membership_effects leave(wall_ms wall);               ///< this node: goodbye to all; peers cut the links
  /// @returns `not_found`, or `invalid_argument` if it waits for no approval.
  /// Also takes back a `remove`.
  result<membership_effects> approve(const std::string& name, mono_ns now, wall_ms wall);
  /// @returns `not_found`, or `invalid_argument` for this node itself.
  result<membership_effects> remove(const std::string& name, mono_ns now, wall_ms wall);

  [[nodiscard]] const member& self() const;
  [[nodiscard]] std::vector<member> members() const; ///< ordered by name, self included
  [[nodiscard]] membership_differences differences() const;
  [[nodiscard]] std::map<std::string, std::string> hearsay() const; ///< name -> who told of it first
  /// Where peers are reached now: what those that are linked say of themselves, and
  /// where discovery sees them.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> reached_at() const;
  /// Peers that say they do not hear us although their link to us stands.
  [[nodiscard]] std::vector<std::string> deaf_to_us(mono_ns now) const;
  /// What was looked at since the start: each peer at each tick, and what others
  /// say of a peer wherever that was walked through. So cost can be counted.
  [[nodiscard]] std::uint64_t looks() const;
  /// For tests: what is kept to save work is what the facts give. Empty, or
  /// where it is not.
  [[nodiscard]] std::string kept_wrongly() const;
  [[nodiscard]] double local_health() const; ///< 1 well .. 4 busy; multiplies all limits
  /// 1000 for each time it went down, half of it gone after 60 s. For ranking
  /// and hand-back only, never against going safe or taking over.
  [[nodiscard]] double flap_score(const std::string& name, mono_ns now) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::cluster
