#pragma once

#include "cluster/membership/profile.hpp"

#include <cstdint>
#include <optional>
#include <random>

namespace troupe::cluster {

/// How a dial ended that made no link.
enum class dial_end : std::uint8_t {
  silence,     ///< nothing answered at any address: a cut line, a machine that is off
  refused,     ///< the peer's host says that nobody listens (ECONNREFUSED at one address at
               ///< least, and no address was left to try)
  turned_away, ///< somebody answered, and it became no link
};

/// When to dial one peer.
///
/// The smaller name dials at once; the larger one a second later if no link
/// came, for a peer behind a firewall that only it can pass. After a loss both
/// dial at once, once in `settled`; then with pauses that double up to `redial_longest`,
/// or `redial_silent` where nothing answers: a line that heals tells nobody. Each is by chance between half and one and a half of that, so that a cluster whose switch comes
/// back does not dial in step. A link that did not live for
/// `settled` counts as a failed dial.
class dial_plan {
public:
  static constexpr mono_ns larger_waits = 1'000'000'000;
  static constexpr mono_ns settled = 1'000'000'000;

  /// The peer became one that we want a link to.
  void want(bool we_are_smaller, mono_ns now);
  void on_dialling(const profile& pace, mono_ns now);
  void on_failed(dial_end how, const profile& pace, std::mt19937_64& chance, mono_ns now);
  void on_up(mono_ns now);
  void on_down(bool lost, const profile& pace, std::mt19937_64& chance, mono_ns now);
  /// It has new addresses: the pauses learned with the old ones mean nothing.
  void on_new_address(mono_ns now);

  /// When to dial next; none: linked, or a dial is under way.
  [[nodiscard]] std::optional<mono_ns> due() const;
  [[nodiscard]] bool dialling(mono_ns now) const;

private:
  void pause(milliseconds longest, const profile& pace, std::mt19937_64& chance, mono_ns now);

  std::optional<mono_ns> next_;
  std::optional<mono_ns> dialling_until_; ///< then nothing is awaited of it any more
  std::optional<mono_ns> up_since_;
  std::optional<mono_ns> at_once_;
  unsigned failures_ = 0;
  bool wanted_ = false;
};

} // namespace troupe::cluster
