#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"
#include "storage/ack_board.hpp"
#include "storage/engine.hpp"
#include "storage/journal.hpp"
#include "storage/slot.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::storage {

/// What an entry looks like to a reader: the outcome of its kind's read
/// function over all its slots.
struct entry {
  slot_kind kind = slot_kind::map;
  std::string key;
  std::string payload;
  hlc stamp;
  stream_id writer;
  std::uint64_t seq = 0;
  bool conflict = false;  ///< MAP: visible siblings say different things
  bool restored = false;  ///< written before this open of the store (I6)
};

/// A counter as the store knows it.
struct counter_view {
  std::uint64_t total = 0;       ///< shown value: base + pulses of all boots, after overrides
  std::uint64_t raw = 0;         ///< pulses of all boots, never changed by an override
  std::uint64_t this_stream = 0; ///< pulses counted since this open
  bool settled = true;           ///< false: `total` may still grow by pulses found elsewhere
  std::uint64_t provisional = 0; ///< of `raw`: newer than the last durable check point
};

struct store_options {
  std::string node = "node";        ///< certificate CN
  bool clustered = false;           ///< has members to exchange with, or may get them
  std::string ring_path;            ///< counter ring file; empty: none (memory engine)
  milliseconds group_commit{2};
  milliseconds journal_sync{1000};
  milliseconds checkpoint_every{10000};
  milliseconds covered_checkpoint_every{60000}; ///< while a server keeps what is counted: check_points.hpp
  milliseconds cover_within{2000};  ///< it must have confirmed so soon
  milliseconds counters_to_engine_every{600000};
  std::uint64_t flash_bytes_per_day = 100u << 20;
  std::size_t journal_events = 20000;
  int journal_days = 30;
  std::size_t max_pending_ops = 100000; ///< over it: `over_limit`
  clock_quality clock = clock_quality::ntp; ///< of the machine, where `synchronised` is not given
  /// Does the network keep the machine's clock right now? Asked every few seconds
  /// and with each event, under the store's lock: answers at once.
  std::function<bool()> synchronised;
  std::string machine;              ///< fingerprint; another one than at the last open is noted
  milliseconds settle_for{0};       ///< how long `settled` is false after open, for peers to tell
  milliseconds peer_ack{2000};      ///< a writer waits so long for other members
  milliseconds push_counters{200};  ///< members hear of all counters together, so often
  milliseconds others_sync{1000};   ///< state that others wrote is durable here so soon
  milliseconds others_counters_sync{30000}; ///< and their counters, if this node covers none of them; else as other state
  /// A new disk of a member, or a restored one, does not know who else may hold pulses
  /// of this node; it sums none until it has run for so long in all.
  milliseconds new_disk_sums_after{1000L * 3600 * 24 * 30};
  std::function<std::uint32_t()> entropy; ///< 32 bits that nobody can guess; empty: the system's
};

struct store_stats {
  std::uint64_t entries = 0;
  std::uint64_t pending_ops = 0;
  std::uint64_t events = 0;             ///< of the journal, kept here
  std::uint64_t event_bytes = 0;
  std::uint64_t commits = 0;
  std::uint64_t bytes_written = 0;      ///< estimated at the device, this open
  std::uint64_t bytes_per_day = 0;      ///< what the last hour wrote, 24 times; low during the first hour
  std::uint64_t reopens = 0;            ///< after write errors
  std::uint64_t last_commit_us = 0;
  std::uint64_t max_commit_us = 0;
  std::uint64_t flash_limit_per_day = 0; ///< the budget that `bytes_per_day` is held to
  int slowdown = 1;                     ///< check points and journal wait so many times longer
  std::uint64_t lost_events = 0;        ///< journal events dropped at `max_pending_ops`
  bool degraded = false;                ///< disk refuses writes; RAM goes on, D0 is refused
  std::string degraded_why;
  clock_quality clock = clock_quality::none; ///< how far this node's notion of the time is believed
  std::size_t clock_sources = 0;        ///< linked peers that say something of it
  wall_ms clock_ahead = 0;              ///< of that notion before the machine's clock
  std::string stream;                   ///< readable id of the current stream
  std::string restored;                 ///< the backup that this open began with; empty: none
  milliseconds checkpoint_every{0};     ///< of counters, as it is at this moment
  std::string covered_by;               ///< the server that makes that enough; empty: none, see `uncovered_why`
  std::string uncovered_why;
  std::vector<std::string> covers;      ///< members whose counts this node makes durable at once
};

/// The local replica: everything in RAM, written through to an engine by one
/// thread. docs/replication.md.
///
/// Threads: all but `work` and `close` from any thread; they take one short
///          lock and never wait for a disk (I9). `work` from one thread only.
/// Errors:  a refused write says why at once; a failed one through on_durable.
class store {
public:
  virtual ~store() = default;

  // --- documents: MAP (configuration, D0) and OWN (state of one owner, D1) ---
  /// `done` is told on the store's thread or on replication's: success, or
  /// `indeterminate` (it works now, and the disk refuses to keep it), or
  /// `timed_out` (it is safe here, and not as widely as `need` says).
  [[nodiscard]] virtual status put(slot_kind kind, const std::string& key, std::string payload,
                                   on_durable done = {}, ack need = ack::usual) = 0;
  [[nodiscard]] virtual status erase(slot_kind kind, const std::string& key, on_durable done = {},
                                     ack need = ack::usual) = 0;
  [[nodiscard]] virtual std::optional<entry> get(slot_kind kind,
                                                 const std::string& key) const = 0;
  /// Entries whose key begins with `prefix`, ordered by key.
  [[nodiscard]] virtual std::vector<entry> list(slot_kind kind,
                                                const std::string& prefix = {}) const = 0;

  // --- counters (CTR, OVR) ---
  /// Pulses of this counter since this open; only ever grows. D2: RAM now,
  /// ring page at the next check point.
  virtual void counted(const std::string& key, std::uint64_t in_this_stream) = 0;
  [[nodiscard]] virtual counter_view counter(const std::string& key) const = 0;
  /// Meter replacement or correction: the shown total becomes `total` at the
  /// count of now. Idempotent by `request_id`. D0 with a check point.
  [[nodiscard]] virtual status set_counter(const std::string& key, std::uint64_t total,
                                           const std::string& request_id,
                                           on_durable done = {}) = 0;
  /// Writes a ring page soon: power-fail warning, orderly stop.
  virtual void checkpoint_now() = 0;

  // --- journal (JRN, D1; alarms at once) ---
  virtual void append(journal_event event) = 0;
  [[nodiscard]] virtual std::vector<journal_event> journal(const journal_query& query) const = 0;

  // --- change feed of documents and journal ---
  /// `what` is called on the writer's thread after RAM has changed, outside
  /// all locks. Must not block. The returned handle ends the subscription.
  [[nodiscard]] virtual std::shared_ptr<void>
  on_change(slot_kind kind, const std::string& prefix,
            std::function<void(const entry&, bool erased)> what) = 0;
  [[nodiscard]] virtual std::shared_ptr<void>
  on_event(std::function<void(const journal_event&)> what) = 0;

  [[nodiscard]] virtual store_stats stats() const = 0;

  // --- the store's own thread ---
  /// How `work` is asked for when it has been idle: called on a writer's thread.
  virtual void set_wake(std::function<void()> wake) = 0;
  /// Commits what is due. @returns when to call again at the latest
  /// (CLOCK_MONOTONIC), or max() when only a wake-up can bring work. While
  /// another thread hangs in it: does nothing, to be called again in a second.
  virtual mono_ns work() = 0;
  /// Commits and check-points everything, tells every waiting writer, closes.
  /// @returns `timed_out` after two seconds in which a thread hangs in `work`.
  virtual status close() = 0;
};

} // namespace troupe::storage
