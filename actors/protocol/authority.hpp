#pragma once

#include "actors/protocol/ownership.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// The right of a rule that may run on several nodes to act on this one. A rule
/// that lives on one node only has none and needs none.
///
/// The rule tells it what time it is and what was heard, from its own behaviour
/// and from nowhere else: so a rule that hangs is not kept in power by a timer
/// that does not (docs/failover.md).
///
/// Threads: the rule's actor.
class authority {
public:
  virtual ~authority() = default;

  /// From now on the rule acts.
  struct taken {
    std::string carry;     ///< what the one before left; empty: nothing is known
    std::int64_t age_ms = -1; ///< since it left that
    std::string from;      ///< node that left it; empty: nobody did
    std::uint64_t round = 0;      ///< of this activation
    std::uint64_t left_round = 0; ///< of the one that left the carry; 0: none did
  };
  /// What another activation, that acts now, has left at an output. Only for a
  /// rule that is compared (`redundancy = "hot"`), and only while it does not act.
  struct acting {
    std::string node;
    std::uint64_t round = 0;
    std::string carry;        ///< empty: the same as the last time
    std::int64_t age_ms = 0;  ///< how long it has been so, by the output's clock
  };
  struct news {
    std::optional<taken> began;
    std::optional<std::string> ended; ///< why: from now on nothing is to be sent
    /// It goes on after a pause; what it wants is to be said again.
    bool resumed = false;
    std::optional<acting> seen;
  };

  virtual news begin(mono_ns now) = 0;
  /// The rule is loaded and has seen its inputs.
  virtual news ready(mono_ns now) = 0;
  virtual news on_letter(const ownership_letter& x, mono_ns now) = 0;
  virtual news on_time(mono_ns now) = 0;
  /// The candidates changed, or a node came that may have outputs.
  virtual news look_again(mono_ns now) = 0;
  virtual news hand_over(const std::string& node, mono_ns now) = 0;
  /// An ordered stop.
  virtual news stop(mono_ns now) = 0;
  [[nodiscard]] virtual std::optional<mono_ns> next() const = 0;

  [[nodiscard]] virtual bool acts() const = 0;
  /// To be shown with the next command to that output; none: do not send it.
  [[nodiscard]] virtual std::optional<permit> permit_for(const std::string& output, mono_ns now) = 0;
  /// What a successor must know. The next renewals leave it at all outputs.
  virtual void leave(carried x) = 0;
  /// The newest round that the store tells of.
  virtual void above(std::uint64_t round) = 0;

  /// For people: {"standing", "round", "successor", "outputs": {...}}
  [[nodiscard]] virtual nlohmann::json state(mono_ns now) const = 0;
};

using make_authority = std::function<std::unique_ptr<authority>()>;

} // namespace troupe
