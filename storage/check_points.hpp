#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace troupe::storage {

// How often a node that counts writes its ring page, and who makes that safe.

/// What a member's document says of its power.
struct power_supply {
  std::string domain;  ///< what fails together; empty: the one without a name, as all that say nothing
  bool server = false; ///< its disk takes a commit a second

  friend bool operator==(const power_supply&, const power_supply&) = default;
};

/// Of a document `sys/node/<CN>`; one that says nothing of it, or is of an older version, is
/// no server in the domain without a name.
[[nodiscard]] power_supply read_power(std::string_view document);

/// Is `peer` to make what `counting` counts durable at once, so that `counting` may write its
/// own pages more rarely? Both ask this of the same two documents: the one before it hurries,
/// the other before it relies on that. Not within one domain: what fails together would have
/// nothing but two disks that were both cut while they worked.
[[nodiscard]] bool covers(const power_supply& peer, const power_supply& counting);

/// The period of check points.
/// @param usual as configured; the longer one is never shorter than that
[[nodiscard]] milliseconds check_point_period(bool covered, milliseconds usual, milliseconds longer);

/// COVER: does a linked server in another power domain keep what this node counts?
///
/// It does while it has durably acknowledged all that this node's state stream had `within`
/// ago, and at least something of it. So pulses that were in a slot that long ago rest at that
/// server or, since the end of the cover writes a page, here.
///
/// Pure; the store asks. Threads: one at a time.
class cover_watch {
public:
  explicit cover_watch(milliseconds within);

  /// From now on the state stream is another one, of which nobody has anything.
  void new_stream();
  /// The stream has this seq now.
  void wrote(std::uint64_t head, mono_ns now);
  /// A linked peer has so much of it on its disk; also less than before, after a new disk.
  void acknowledged(const std::string& peer, std::uint64_t durable);
  void unreachable(const std::string& peer);
  /// What the documents of all members say.
  void supplies(const std::string& self, std::map<std::string, power_supply> all);

  /// Name of a server that covers this node; empty: none does.
  [[nodiscard]] std::string by(mono_ns now) const;
  /// When that is over if no word comes; `never` if nothing is open, or none covers.
  [[nodiscard]] mono_ns until(mono_ns now) const;
  /// For people, when none does.
  [[nodiscard]] std::string why_not(mono_ns now) const;

private:
  struct moment {
    mono_ns at;
    std::uint64_t head;
  };
  [[nodiscard]] bool may_cover(const std::string& peer) const;
  [[nodiscard]] mono_ns expires(std::uint64_t durable) const;

  const mono_ns within_;
  power_supply self_;
  std::map<std::string, power_supply> supplies_; ///< of the other members
  std::map<std::string, std::uint64_t> linked_;  ///< what each has durably
  std::deque<moment> moments_; ///< heads of the last `within`, some 16; coalesced to the earlier time
  std::uint64_t older_ = 0;    ///< the head before them
};

} // namespace troupe::storage
