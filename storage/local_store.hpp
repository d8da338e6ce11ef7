#pragma once

#include "storage/counter_state.hpp"
#include "storage/feed.hpp"
#include "storage/flash_budget.hpp"
#include "storage/image.hpp"
#include "storage/read.hpp"
#include "storage/repeat_filter.hpp"
#include "storage/ring.hpp"
#include "storage/store.hpp"

#include <deque>
#include <limits>
#include <mutex>
#include <set>

namespace troupe::storage {

/// The store of one node. The contract is store.hpp; this page tells how.
///
/// RAM holds everything under one mutex that is never held across a disk call.
/// A put changes RAM, gives a seq and notes the key as dirty; `work` takes all
/// that is dirty as one batch (slots, journal, version vector together), so
/// many writes between two commits cost one sync, and many of one key one slot.
///
/// A failed commit leaves unknown what the disk holds. Those who waited are
/// told so, the engine is opened again as a new stream and read again, and what
/// is a fact of this node (state, counts, events) is written anew; what was
/// asked for (documents) is what the disk says.
class local_store final : public store {
public:
  local_store(std::unique_ptr<engine> disk, store_options options,
              const clock_source& clocks);
  ~local_store() override;

  [[nodiscard]] status start();

  status put(slot_kind kind, const std::string& key, std::string payload,
             on_durable done) override;
  status erase(slot_kind kind, const std::string& key, on_durable done) override;
  std::optional<entry> get(slot_kind kind, const std::string& key) const override;
  std::vector<entry> list(slot_kind kind, const std::string& prefix) const override;
  void counted(const std::string& key, std::uint64_t in_this_stream) override;
  counter_view counter(const std::string& key) const override;
  status set_counter(const std::string& key, std::uint64_t total,
                     const std::string& request_id, on_durable done) override;
  void checkpoint_now() override;
  void append(journal_event event) override;
  std::vector<journal_event> journal(const journal_query& query) const override;
  std::shared_ptr<void> on_change(slot_kind kind, const std::string& prefix,
                                  std::function<void(const entry&, bool)> what) override;
  std::shared_ptr<void> on_event(std::function<void(const journal_event&)> what) override;
  store_stats stats() const override;
  void set_wake(std::function<void()> wake) override;
  mono_ns work() override;
  status close() override;

private:
  static constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

  using dirty_key = std::pair<slot_kind, std::string>;
  /// key -> seq of this stream's slot that the next commit supersedes; 0: none
  using dirty_map = std::map<dirty_key, std::uint64_t>;

  struct live_counter {
    counter_state state;
    std::uint64_t told = 0;      ///< what `counted` said last
    std::uint64_t offset = 0;    ///< `told` when the present stream began
    std::uint64_t durable = 0;   ///< of `told`: rests in the ring or the engine
    bool engine_wants = false;   ///< changed since the engine was told
    bool mark_changed = false;   ///< the engine does not know the mark as it is
  };

  /// What is to be called once the lock is gone.
  struct aftermath {
    std::vector<std::pair<entry, bool>> entries;
    std::vector<journal_event> events;
    std::vector<std::pair<on_durable, status>> waiters;
    bool wake = false;
  };

  struct streams {
    stream_id state;
    stream_id journal;
  };

  /// What a commit has taken along.
  struct taken {
    batch changes;
    dirty_map keys;
    std::vector<std::string> trimmed; ///< journal keys
    std::vector<on_durable> waiters;
    std::vector<std::pair<std::string, std::uint64_t>> counters; ///< key, told
    std::uint64_t events_upto = 0;
    std::uint64_t state_seq = 0;
    std::uint64_t journal_seq = 0;
    std::optional<hlc> bound;
  };

  // local_store.cpp: with the lock held
  [[nodiscard]] std::optional<entry> view(slot_kind kind, const std::string& key,
                                          const slot_set& slots) const;
  [[nodiscard]] std::optional<entry> lookup(slot_kind kind, const std::string& key) const;
  [[nodiscard]] status refuse(slot_kind kind, const std::string& key, std::size_t size) const;
  void write_slot(slot_kind kind, const std::string& key, std::string payload,
                  std::uint8_t flags);
  void add_waiter(on_durable done);
  void add_event(journal_event x, aftermath& then);
  void note(severity level, std::string kind, std::string text, aftermath& then);
  void drop_old_events(std::size_t most);
  void ask_commit(mono_ns at);
  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] mono_ns later(mono_ns now, milliseconds period) const;
  void check_wake(aftermath& then);
  void deliver(aftermath& then) const;
  [[nodiscard]] hlc stamp();

  // local_counters.cpp: with the lock held
  live_counter& count_cell(const std::string& key);
  void stage_counters();
  void adopt_counters(const image& from, const ring_reading* ring);
  [[nodiscard]] ring_checkpoint ring_content() const;

  // local_work.cpp: on the store's thread, without the lock
  void commit(mono_ns now, bool with_counters);
  [[nodiscard]] taken take(mono_ns now, bool with_counters);
  void settle(taken& x, aftermath& then);
  void collect(const dirty_key& of, const slot_set& set);
  void collect_all();
  void checkpoint(mono_ns now);
  void failed(taken& x, error why);
  void recover();
  [[nodiscard]] status reopen(aftermath& then);

  // local_open.cpp: on the store's thread, without the lock
  [[nodiscard]] result<image> read_engine(std::string& moved);
  [[nodiscard]] status begin(image from, batch first, const ring_reading& ring,
                             aftermath& then);
  [[nodiscard]] streams name_streams(std::uint32_t after_boot) const;
  static void forget_empty_streams(image& from, batch& first);
  void adopt(image from, const ring_reading& ring, const streams& names, aftermath& then);
  void reissue(const std::map<slot_kind, slot_table>& before, const stream_id& old_stream,
               aftermath& then);
  void greet(const image& found, const ring_reading& ring, bool undamaged,
             aftermath& then);
  void degrade(const error& why, aftermath& then);
  void spent(std::uint64_t bytes, mono_ns now, aftermath& then);
  void watch_clock(aftermath& then);
  [[nodiscard]] result<ring_reading> open_ring();
  [[nodiscard]] mono_ns next_due() const;

  const store_options options_;
  const clock_source& clocks_;
  const std::uint64_t node_;
  feed feed_;

  // The store's thread only.
  std::unique_ptr<engine> disk_;
  std::unique_ptr<ring_file> ring_;
  unsigned ring_next_ = 0;
  std::uint64_t ring_number_ = 0;
  std::uint64_t engine_bytes_ = 0;
  dirty_map in_flight_;       ///< also read under the lock
  mono_ns retry_pause_ = 0;
  mono_ns reopened_at_ = 0;

  std::timed_mutex working_; ///< one at a time in `work` and `close`; taken before `mutex_`
  mutable std::mutex mutex_;
  std::map<slot_kind, slot_table> slots_;
  journal_log events_;
  std::map<std::string, live_counter, std::less<>> counters_;
  version_vector seen_;      ///< durable here
  version_vector collected_;
  version_vector trimmed_;   ///< journal events gone by retention
  bool trim_changed_ = false;
  std::uint32_t boot_ = 0;
  stream_id state_stream_;   ///< named under the lock, by the store's thread
  stream_id journal_stream_;
  std::set<stream_id> ours_; ///< all of this process
  std::uint64_t state_seq_ = 0;
  std::uint64_t journal_seq_ = 0;
  hlc_clock stamps_;
  repeat_filter repeats_;
  dirty_map dirty_;
  std::vector<std::string> trimmed_keys_;
  batch collected_ops_;      ///< deletes that ride on the next commit
  std::vector<on_durable> waiters_;
  std::uint64_t durable_event_ = 0;
  std::uint64_t last_local_ = 0;
  std::uint64_t told_lost_ = 0;
  std::size_t last_company_ = 0; ///< writers served by the commit before
  mono_ns first_waiter_at_ = 0;
  mono_ns last_commit_end_ = 0;
  mono_ns commit_at_ = never;
  mono_ns ring_at_ = never;
  mono_ns last_ring_ = 0;
  mono_ns counters_at_ = never;
  mono_ns retry_at_ = never;
  mono_ns promised_ = never;
  mono_ns opened_at_ = 0;
  wall_ms wall_minus_mono_ = 0;
  bool ring_trouble_ = false;
  bool budget_told_ = false;
  bool started_ = false;
  bool closed_ = false;
  bool degraded_ = false;
  errc degraded_code_ = errc::none;
  flash_budget flash_;
  store_stats stats_;
  std::function<void()> wake_;
};

} // namespace troupe::storage
