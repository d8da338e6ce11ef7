#pragma once

#include "config/model/result.hpp"
#include "storage/clock_quality.hpp"
#include "storage/slot.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// What replicas tell each other, and what replication wants of a store.

namespace troupe::storage {

struct keyed_slot {
  std::string key;
  slot content;

  friend bool operator==(const keyed_slot&, const keyed_slot&) = default;
};

/// The surviving contributions of one stream in (after, upto], by seq. Whoever
/// holds all up to `after` and takes these holds all up to `upto`.
struct stream_range {
  stream_id stream;
  std::uint64_t after = 0;
  std::uint64_t upto = 0;
  bool last = true; ///< reaches the head of the stream as the sender has it
  std::vector<keyed_slot> slots;

  friend bool operator==(const stream_range&, const stream_range&) = default;
};

/// Everything that a replica holds, at one moment: for a peer that is so far
/// behind that what it misses was collected (R9).
struct whole_state {
  struct item {
    std::string key;
    stream_id of;
    slot content;
    bool named_only = false; ///< the peer has it: only kind and seq are told

    friend bool operator==(const item&, const item&) = default;
  };

  version_vector seen;
  version_vector collected;
  std::vector<item> items;

  friend bool operator==(const whole_state&, const whole_state&) = default;
};

/// How a replica compares itself with another without sending it all. Sums over
/// what is visible; contexts and what may be collected are left out, since nodes
/// collect at different times. Means something only where both have seen the same.
struct digest {
  static constexpr std::size_t buckets = 64;

  std::array<std::uint64_t, buckets> sums{};

  friend bool operator==(const digest&, const digest&) = default;
};

/// One visible contribution, for telling where two replicas differ.
struct digest_row {
  slot_kind kind = slot_kind::map;
  std::string key;
  stream_id of;
  std::uint64_t seq = 0;
  std::uint64_t hash = 0;

  friend bool operator==(const digest_row&, const digest_row&) = default;
  friend auto operator<=>(const digest_row&, const digest_row&) = default;
};

/// What somebody has not got yet.
struct backlog {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0; ///< roughly, as they would travel
};

/// Documents that make a node a member: `sys/node/<CN>`, MAP.
inline constexpr std::string_view member_prefix = "sys/node/";

/// A store as replication sees it. Threads: any; each call takes one short lock
/// and never waits for a disk (I9). What is taken in works at once and becomes
/// durable by itself.
class replica_port {
public:
  struct summary {
    stream_id session;        ///< this open's state stream
    version_vector seen;      ///< state streams: what is held in RAM
    version_vector durable;   ///< of `seen`: what survives a power cut here
    version_vector collected; ///< what cannot be told one by one any more
    version_vector journals;  ///< journal streams: what is held in RAM
    digest sums;              ///< of exactly what `seen` says
    clock_word clock;         ///< what time this node takes it to be
  };

  virtual ~replica_port() = default;

  [[nodiscard]] virtual summary summarize() const = 0;

  /// What follows `after` in `of`, whole slots up to `max_bytes` (at least one).
  /// `last` is false if there is more. Of journals: what retention left.
  [[nodiscard]] virtual stream_range range(const stream_id& of, std::uint64_t after,
                                           std::size_t max_bytes) const = 0;

  /// State entries that follow what is `known`. Looks at no more than those.
  [[nodiscard]] virtual backlog missing(const version_vector& known) const = 0;

  /// @pre the range is a complete one: R4
  /// @returns false if it begins after what is held here (R1); nothing changed
  virtual bool take(stream_range what) = 0;

  /// @param known what the asking peer has: named, not told again
  [[nodiscard]] virtual whole_state whole(const version_vector& known) const = 0;
  virtual void take(whole_state what) = 0;

  /// Names of the members, in order; empty: this store was never part of a cluster.
  [[nodiscard]] virtual std::vector<std::string> members() const = 0;

  /// Drops what nobody needs any more (R7).
  /// @param stable what every member has made durable
  /// @param agreed what every member holds in RAM, as each has said since this
  ///   open; nothing unless all are linked and none holds more of this node's
  ///   streams than it does itself
  virtual void collect(const version_vector& stable, const std::optional<version_vector>& agreed) = 0;

  /// `peer` has made so much durable: writers that asked for it are told.
  virtual void acknowledged(const std::string& peer, const version_vector& durable) = 0;
  /// The link to `peer` ended; nobody waits for it.
  virtual void unreachable(const std::string& peer) = 0;

  /// What a linked peer says of the time; about once a second, until `unreachable`.
  virtual void heard_clock(const std::string& peer, const clock_word& said) = 0;

  /// A peer has answered that holds no more of this node's streams than it does
  /// itself: a meter may be set.
  virtual void compared_with_a_peer() = 0;

  [[nodiscard]] virtual std::vector<digest_row> digest_rows(std::size_t bucket) const = 0;
  /// The slots behind such rows.
  [[nodiscard]] virtual std::vector<whole_state::item>
  slots_of(const std::vector<digest_row>& rows) const = 0;
  /// Merges slots whatever was seen of their streams: only to repair what
  /// differs although it must not. @returns how many changed something
  virtual std::size_t repair(std::vector<whole_state::item> slots) = 0;

  /// Called after a change that peers want to hear of, outside all locks, on the
  /// thread that made it. Must not block.
  virtual void set_news(std::function<void()> news) = 0;
};

} // namespace troupe::storage
