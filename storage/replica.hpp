#pragma once

#include "storage/engine.hpp"
#include "storage/image.hpp"
#include "storage/replication.hpp"

#include <map>
#include <set>

namespace troupe::storage {

/// The replicated state of one node in RAM: slots, what of each stream is held,
/// what was collected, and what of all this the engine does not know yet. The
/// rules of replication that concern state are here (docs/replication.md).
///
/// Pure: no clock, no disk, no thread of its own; the store guards it.
class replica {
public:
  struct address {
    slot_kind kind = slot_kind::map;
    std::string key;

    friend bool operator==(const address&, const address&) = default;
    friend auto operator<=>(const address&, const address&) = default;
  };
  using addresses = std::vector<address>;

  /// Whose contribution a reader is shown.
  struct shown {
    stream_id writer;
    std::uint64_t seq = 0;

    friend bool operator==(const shown&, const shown&) = default;
  };
  /// A key whose slots changed, and what it showed before.
  struct change {
    address at;
    std::optional<shown> before;
  };
  using changes = std::vector<change>;

  struct cell {
    slot_set slots;
    std::uint64_t sum = 0; ///< its share of the digest
  };
  using table = std::map<std::string, cell, std::less<>>;

  replica() = default;
  /// Takes slots, `seen` and `collected` of an engine's image. All of it is durable.
  explicit replica(image& from);

  // Its index points into itself.
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;
  replica(replica&&) = default;
  replica& operator=(replica&&) = default;

  // --- reading ---
  [[nodiscard]] const slot_set* find(slot_kind kind, std::string_view key) const;
  [[nodiscard]] static std::optional<shown> shown_of(slot_kind kind, const slot_set& in);
  [[nodiscard]] const table* all(slot_kind kind) const;
  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] const version_vector& seen() const noexcept { return seen_; }
  [[nodiscard]] const version_vector& durable() const noexcept { return durable_; }
  [[nodiscard]] const version_vector& collected() const noexcept { return collected_; }
  [[nodiscard]] stream_range range(const stream_id& of, std::uint64_t after,
                                   std::size_t max_bytes) const;
  [[nodiscard]] backlog missing(const version_vector& known) const;
  [[nodiscard]] whole_state whole(const version_vector& known) const;
  [[nodiscard]] const digest& digests() const noexcept { return digest_; }
  [[nodiscard]] std::vector<digest_row> digest_rows(std::size_t bucket) const;
  [[nodiscard]] std::vector<whole_state::item>
  slots_of(const std::vector<digest_row>& rows) const;

  // --- changing ---

  /// A new contribution of `writer`, which has seen all that is here of the key.
  void write(const address& to, const stream_id& writer, hlc stamp, std::string payload,
             std::uint8_t flags);

  /// @returns nothing if the range begins after what is held (R1)
  [[nodiscard]] std::optional<changes> take(stream_range what);
  changes take(whole_state what);
  changes repair(std::vector<whole_state::item> slots);

  /// Drops dominated slots and settled deletes, and contexts that protect from
  /// nothing any more (R7). What is shown does not change.
  void collect(const version_vector& stable);

  // --- the engine ---
  struct commit {
    batch ops;
    version_vector seen; ///< what the engine holds once `ops` is durable
  };
  /// All that the engine does not know, as one batch: slots, index and version
  /// vector together (R5). Until `settle`, these count as under way.
  [[nodiscard]] commit take_commit();
  void settle(const version_vector& durable);
  /// The commit failed and may come back whole at the next open: all of it is
  /// given again with the next one.
  void give_back();
  /// The engine holds nothing any more.
  void forget_engine();

  /// Whether the engine may not know what `writer` wrote there.
  [[nodiscard]] bool unsettled(const address& what, const stream_id& writer) const;
  [[nodiscard]] std::size_t pending() const noexcept { return dirty_.size() + under_way_.size(); }
  /// What `writer` wrote and has been given to a commit that is under way.
  [[nodiscard]] addresses given(const stream_id& writer) const;

private:
  struct place {
    slot_kind kind;
    const std::string* key; ///< of the table's node
  };
  using stream_index = std::map<std::uint64_t, place>;
  struct slot_address {
    address at;
    stream_id of;

    friend auto operator<=>(const slot_address&, const slot_address&) = default;
  };
  /// slot -> seqs under which the engine may hold it once the commits before are
  /// done. None: it does not. More than one: a commit failed.
  using dirty_slots = std::map<slot_address, std::vector<std::uint64_t>>;

  /// What keys showed before the first change of a call.
  class record;

  table::iterator reach(const address& what);
  void put(table::iterator at, slot_kind kind, const stream_id& of, slot news);
  void drop(table::iterator at, slot_kind kind, const stream_id& of);
  void touch(table::iterator at, slot_kind kind, const stream_id& of);
  void sum_up(table::iterator at, slot_kind kind);
  void raise_collected(const stream_id& of, std::uint64_t seq);
  void collect(const address& what, const version_vector& stable);
  void close_contexts(table::iterator at, slot_kind kind);
  void prune_contexts(table::iterator at, slot_kind kind, const version_vector& stable);

  std::map<slot_kind, table> tables_;
  std::map<stream_id, stream_index> by_stream_;
  version_vector seen_;
  version_vector durable_;
  version_vector collected_;
  digest digest_;
  std::set<address> crowded_; ///< where there may be something to collect
  dirty_slots dirty_;
  dirty_slots under_way_;
  version_vector told_seen_;     ///< as the engine has it, or will have it soon
  std::set<stream_id> collected_changed_;
  std::set<stream_id> collected_under_way_;
};

} // namespace troupe::storage
