#pragma once

#include "storage/check_points.hpp"
#include "storage/counter_state.hpp"
#include "storage/feed.hpp"
#include "storage/flash_budget.hpp"
#include "storage/image.hpp"
#include "storage/lineage.hpp"
#include "storage/node_clock.hpp"
#include "storage/read.hpp"
#include "storage/repeat_filter.hpp"
#include "storage/replica.hpp"
#include "storage/replicated_store.hpp"
#include "storage/ring.hpp"
#include "storage/twin_watch.hpp"

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
/// A failed commit leaves unknown what the disk holds: all of it, none of it, or
/// pages of a cache that never reached the medium. RAM holds it all, and other
/// members may have seen it already, so nothing is taken back: the engine is
/// opened again and given all of that once more. Who waited goes on waiting; if
/// the disk refuses again, they are told that the outcome is open.
class local_store final : public replicated_store {
public:
  local_store(std::unique_ptr<engine> disk, store_options options,
              const clock_source& clocks);
  ~local_store() override;

  [[nodiscard]] status start();

  status put(slot_kind kind, const std::string& key, std::string payload, on_durable done,
             ack need) override;
  status erase(slot_kind kind, const std::string& key, on_durable done, ack need) override;
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

  snapshot take_snapshot() override; // local_snapshot.cpp

  // replica_port: local_replication.cpp
  summary summarize() const override;
  stream_range range(const stream_id& of, std::uint64_t after,
                     std::size_t max_bytes) const override;
  backlog missing(const version_vector& known) const override;
  bool take(stream_range what) override;
  whole_state whole(const version_vector& known) const override;
  void take(whole_state what) override;
  std::vector<std::string> members() const override;
  void collect(const version_vector& stable, const std::optional<version_vector>& agreed) override;
  void acknowledged(const std::string& peer, const version_vector& durable) override;
  void unreachable(const std::string& peer) override;
  void heard_clock(const std::string& peer, const clock_word& said) override; // local_clock.cpp
  void compared_with_a_peer() override;
  std::vector<digest_row> digest_rows(std::size_t bucket) const override;
  std::vector<whole_state::item> slots_of(const std::vector<digest_row>& rows) const override;
  std::size_t repair(std::vector<whole_state::item> slots) override;
  void set_news(std::function<void()> news) override;

private:
  static constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

  using young_counts = std::map<stream_id, std::uint64_t>;
  struct live_counter {
    counter_state state;
    std::uint64_t told = 0;      ///< what `counted` said last
    std::uint64_t offset = 0;    ///< `told` when the present stream began
    std::uint64_t staged = 0;    ///< of `told`: in the slot
    std::uint64_t durable = 0;   ///< of `told`: rests in the ring or the engine
    bool engine_wants = false;   ///< changed since the engine was told
    bool restate = false;        ///< the slot does not say what the state is, whatever `told`
    bool mark_changed = false;   ///< the engine does not know the mark as it is
    young_counts young;          ///< pulses of this run under streams whose boot may be too low
  };

  /// What is to be called once the lock is gone.
  struct aftermath {
    std::vector<std::pair<entry, bool>> entries;
    std::vector<journal_event> events;
    std::vector<std::pair<on_durable, status>> waiters;
    bool wake = false;
    bool news = false; ///< for peers
  };

  /// What a member's document says of its power, and what was read to know that.
  struct member_power {
    std::string document;
    std::uint64_t node = 0;
    power_supply says;
  };

  struct streams {
    stream_id state;
    stream_id journal;
  };

  struct waiter {
    on_durable done;
    ack need = ack::local;
    stream_id of;
    std::uint64_t seq = 0;
  };

  /// What a commit has taken along.
  struct taken {
    batch changes;
    version_vector seen;              ///< state streams
    version_vector journals;
    std::vector<std::string> trimmed; ///< journal keys
    std::vector<waiter> waiters;
    std::vector<std::pair<std::string, std::uint64_t>> counters; ///< key, told
    std::uint64_t events_upto = 0;
    std::optional<hlc> bound;
    std::uint32_t format = 0;         ///< 0: as it was
  };

  // local_store.cpp: with the lock held
  [[nodiscard]] std::optional<entry> view(slot_kind kind, const std::string& key,
                                          const slot_set& slots) const;
  [[nodiscard]] std::optional<entry> lookup(slot_kind kind, const std::string& key) const;
  [[nodiscard]] status refuse(slot_kind kind, const std::string& key, std::size_t size) const;
  void write_slot(slot_kind kind, const std::string& key, std::string payload,
                  std::uint8_t flags);
  void add_waiter(on_durable done, ack need);
  [[nodiscard]] std::vector<std::string> member_names() const;
  void add_event(journal_event x, aftermath& then);
  void note(severity level, std::string kind, std::string text, aftermath& then);
  void drop_old_events(std::size_t most);
  void ask_commit(mono_ns at);
  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] mono_ns later(mono_ns now, milliseconds period) const;
  void check_wake(aftermath& then);
  void deliver(aftermath& then) const;
  [[nodiscard]] hlc stamp();
  void read_supplies();
  [[nodiscard]] power_supply supply_of(std::uint64_t node) const;
  [[nodiscard]] bool covers_news_of(const std::string& counter) const;

  // local_clock.cpp: with the lock held
  [[nodiscard]] clock_quality machine_quality() const;
  [[nodiscard]] wall_ms wall() const; ///< what this node takes it to be
  void look_at_clock(aftermath& then);
  void tell_clock_change(const node_clock::change& x, aftermath& then);
  void correlate(const node_clock::change& x, std::string text, aftermath& then);
  [[nodiscard]] bool is_on(std::string_view feature) const;

  // local_counters.cpp: with the lock held
  live_counter& count_cell(const std::string& key);
  [[nodiscard]] bool settled() const;
  [[nodiscard]] status may_set(const std::string& key);
  void stage_counters(aftermath& then);
  void adopt_counters(const ring_reading& ring);
  [[nodiscard]] bool counted_before(const std::string& key) const;
  void join_counter(const std::string& key);
  [[nodiscard]] counter_state told_of(const std::string& key) const;
  void fold_counters(const version_vector& agreed);
  void move_counters(const stream_id& from);
  void settle_young(live_counter& x);
  young_counts::iterator settle_summed(live_counter& x, young_counts::iterator at);
  void count_again(live_counter& x, const stream_id& of, std::uint64_t pulses);
  void settle_mark(const std::string& key, live_counter& x);
  [[nodiscard]] lineage lines() const;
  void tell_line(aftermath& then);
  [[nodiscard]] ring_checkpoint ring_content() const;

  // local_work.cpp: on the store's thread, without the lock
  void commit(mono_ns now, bool with_counters);
  [[nodiscard]] taken take(mono_ns now, bool with_counters, aftermath& then);
  void settle(taken& x, aftermath& then);
  [[nodiscard]] mono_ns next_page(mono_ns now) const;
  bool watch_cover(mono_ns now);
  void checkpoint(mono_ns now);
  void failed(taken& x, error why);
  void recover();
  [[nodiscard]] status reopen(aftermath& then);
  void start_anew(const std::string& why, const std::string& moved, aftermath& then);

  // local_open.cpp: on the store's thread, without the lock
  [[nodiscard]] result<image> read_engine(std::string& moved);
  [[nodiscard]] status begin(image from, const ring_reading& ring);
  [[nodiscard]] streams name_streams(std::uint32_t after_boot) const;
  [[nodiscard]] streams first_names(const image& from, const ring_reading& ring);
  [[nodiscard]] std::optional<milliseconds> new_for(const image& from) const;
  void put_age(batch& into, mono_ns now) const;
  [[nodiscard]] std::optional<milliseconds> new_disk(mono_ns now) const;
  void put_names(batch& into, const streams& names, hlc bound) const;
  void lengthen_line(const stream_id& by);
  void forget_empty_streams(image& from, batch& first) const;
  void adopt(image from, const ring_reading& ring, const streams& names);
  void rename();
  void greet(const image& found, const ring_reading& ring, bool undamaged,
             aftermath& then);
  void degrade(const error& why, aftermath& then);
  void spent(std::uint64_t bytes, mono_ns now, aftermath& then);

  // local_replication.cpp: with the lock held
  void after(const replica::changes& all, bool rewritten, aftermath& then);
  void watch_own_streams();
  void watch_twin(const stream_range& x, aftermath& then);
  void hear_stamps(const stream_range& x);
  bool take_events(stream_range what, aftermath& then);
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
  mono_ns retry_pause_ = 0;
  mono_ns reopened_at_ = 0;

  std::timed_mutex working_; ///< one at a time in `work` and `close`; taken before `mutex_`
  mutable std::mutex mutex_;
  replica data_;
  version_vector at_open_;   ///< what the engine held: `entry::restored`
  journal_log events_;
  version_vector journals_;  ///< what is held of each journal stream
  version_vector journals_told_; ///< to the engine
  version_vector journals_durable_;
  std::map<std::string, live_counter, std::less<>> counters_;
  std::uint32_t boot_ = 0;
  stream_id medium_;         ///< the first state stream of this disk, which names it
  wall_ms made_ = 0;         ///< when that was
  hlc found_;                ///< the newest stamp on it when it was opened
  std::vector<stream_id> line_; ///< state streams of its latest opens; a crash may take all else of them
  stream_id state_stream_;   ///< named under the lock, by the store's thread
  stream_id journal_stream_;
  stream_id line_told_by_;   ///< the latest one that said of which line it is
  std::set<stream_id> ours_; ///< of this process
  std::optional<milliseconds> new_for_; ///< this is a new disk: it had run for so long at the open
  node_clock time_;
  mono_ns look_at_ = never;  ///< the machine's clock, again
  std::deque<node_clock::change> not_correlated_; ///< not all members could read it
  std::uint32_t format_ = 0; ///< of the database
  hlc_clock stamps_;
  repeat_filter repeats_;
  std::vector<std::string> trimmed_keys_; ///< of events gone by retention
  std::vector<waiter> waiters_;
  ack_board elsewhere_;      ///< durable here, waiting for other members
  cover_watch cover_;
  std::map<std::string, member_power> supplies_; ///< by name
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
  mono_ns push_at_ = never;  ///< when members hear of the counters
  mono_ns retry_at_ = never;
  mono_ns promised_ = never;
  mono_ns opened_at_ = 0;
  twin_watch twin_;
  bool ring_trouble_ = false;
  bool budget_told_ = false;
  bool started_ = false;
  bool closed_ = false;
  bool clustered_ = false;   ///< others may know what this node does not
  bool settled_ = false;     ///< counters were compared with a peer
  mono_ns rename_at_ = never; ///< a stream of this node with as high a boot exists elsewhere
  mono_ns renamed_at_ = 0;
  unsigned renames_ = 0;
  bool degraded_ = false;
  errc degraded_code_ = errc::none;
  flash_budget flash_;
  store_stats stats_;
  std::function<void()> wake_;
  std::function<void()> news_;
};

} // namespace troupe::storage
