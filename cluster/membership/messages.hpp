#pragma once

#include "config/model/time.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cluster {

/// How a node stands with the others. Numbers travel: append only.
enum class standing : std::uint8_t {
  unknown,  ///< configured or announced, never met
  alive,
  suspect,  ///< silent to somebody; others are being asked
  down,     ///< lost: its links are gone, or nobody hears it
  left,     ///< said goodbye; it may come back
  removed,  ///< by an operator: its certificate is not welcome any more
  waiting,  ///< found by discovery, not yet approved
};

const char* to_string(standing x) noexcept;

/// One node as one node sees it.
struct member {
  std::string name;
  std::vector<std::string> addresses; ///< "host:port"
  std::uint64_t incarnation = 0;      ///< of its process: larger is later; 0: never met
  std::uint32_t refutation = 0;       ///< raised by the node itself to contradict a rumour
  standing is = standing::unknown;
  std::uint32_t banned = 0;           ///< an operator's words: odd: removed; even: welcome
  bool draining = false;
  bool direct = false;                ///< the teller hears it itself, not through others
  std::string version;                ///< of its software
  wall_ms since = 0;                  ///< of `is`, by the teller's clock

  friend bool operator==(const member&, const member&) = default;
};

/// Joins what two nodes know of a third. Commutative, associative, idempotent,
/// so that views may arrive in any order, twice, and by detours.
///
/// What a node says of itself (standing, addresses, version, draining) is taken
/// from its newer incarnation, within one from the larger refutation, so a node
/// always has the last word about itself (SWIM 4.2). Within the same refutation
/// the standing that stands later in `standing` wins, and addresses are united.
/// An operator's word beats them all. `direct` and `since` are each node's own:
/// joined only to keep the three laws, and set anew by who merges.
[[nodiscard]] member merge(const member& a, const member& b);

/// The next number of a node's own word. Above the last one nothing can be said;
/// no honest node counts so far.
template <class T>
[[nodiscard]] constexpr T after(T x) noexcept {
  return std::max<T>(x, static_cast<T>(x + 1));
}

/// What the memberships of two nodes tell each other. `about` is empty where
/// the kind does not need it.
struct membership_message {
  enum class kind : std::uint8_t {
    view,     ///< `members`: what I know; sent on change and at times
    ask,      ///< do you hear `about`? answer `heard` or `not_heard`
    heard,
    not_heard,
    deaf,     ///< I do not hear you, though our link stands (one-way trouble)
    goodbye,  ///< I stop in order
  };
  kind what = kind::view;
  std::string about;
  std::uint64_t question = 0; ///< echoed by the answer; in a view not 0: tell me all yours
  std::vector<member> members;

  friend bool operator==(const membership_message&, const membership_message&) = default;
};

} // namespace troupe::cluster
