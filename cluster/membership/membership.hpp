#pragma once

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
};

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
  std::vector<change> changes;
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
/// Pure: values and time in, effects out; no actor, socket, clock or disk. The
/// simulator runs this very class. Threads: one.
class membership {
public:
  struct options {
    std::string self;
    std::vector<std::string> addresses; ///< where others reach us
    std::uint64_t incarnation = 1;
    std::string version;
    profile pace;
    std::uint64_t seed = 1;
    bool approve_found = true; ///< a node found by discovery waits for an operator
  };
  explicit membership(options how);
  ~membership();

  /// A peer from node.toml, an approval, or an earlier run.
  void know(const std::string& name, const std::vector<std::string>& addresses, mono_ns now);
  /// A peer that discovery saw.
  membership_effects found(const std::string& name, const std::vector<std::string>& addresses,
                           mono_ns now, wall_ms wall);

  /// Looks at silences; call at `wake_at` or later. A late call raises the
  /// local health figure: this node was busy, so it trusts itself less.
  membership_effects tick(mono_ns now, wall_ms wall, const std::vector<heard>& links);
  [[nodiscard]] mono_ns wake_at() const;

  membership_effects on_link_up(const std::string& name, std::uint64_t incarnation, mono_ns now,
                                wall_ms wall);
  /// @param lost end of file or reset: the process or machine is gone
  membership_effects on_link_down(const std::string& name, const std::string& why, bool lost,
                                  mono_ns now, wall_ms wall);
  membership_effects on_dial_failed(const std::string& name, const std::string& why, mono_ns now);
  membership_effects on_letter(const std::string& from, const membership_message& what, mono_ns now,
                               wall_ms wall);

  // --- an operator's words ---
  membership_effects drain(bool on, wall_ms wall);      ///< this node
  membership_effects leave(wall_ms wall);               ///< this node: goodbye to all
  result<membership_effects> approve(const std::string& name, mono_ns now, wall_ms wall);
  result<membership_effects> remove(const std::string& name, mono_ns now, wall_ms wall);

  [[nodiscard]] const member& self() const;
  [[nodiscard]] std::vector<member> members() const; ///< ordered by name, self included
  /// What others say that differs from what we see: name -> teller -> standing.
  [[nodiscard]] std::map<std::string, std::map<std::string, standing>> differences() const;
  [[nodiscard]] double local_health() const; ///< 1 well .. 4 busy; multiplies all limits
  [[nodiscard]] double flap_score(const std::string& name, mono_ns now) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::cluster
