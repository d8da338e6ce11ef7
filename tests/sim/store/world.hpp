#pragma once

#include "cluster/replication/replicator.hpp"
#include "storage/replicated_store.hpp"
#include "tests/sim/store/disk.hpp"
#include "tests/sim/store/ghost.hpp"
#include "tests/sim/store/schedule.hpp"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace troupe::test {

/// A cluster of real stores and real replicators (I12) on simulated disks,
/// clocks and a simulated network. One thread, virtual time, all chance from the
/// schedule's seed.
class store_world {
public:
  struct result {
    std::string failure; ///< empty: all went well
    mono_ns converged_after = 0; ///< since the last fault
    std::uint64_t operations = 0, pulses = 0, starts = 0, frames = 0, wholes = 0, repairs = 0, acks = 0;
  };

  /// @param story collects what happened, for people; null: nobody wants to know
  explicit store_world(const schedule& how, std::vector<std::string>* story = nullptr);
  ~store_world();

  result run();

private:
  struct machine;
  struct event {
    enum class type : std::uint8_t { frame, work, news, tick, link_up, link_down, link_check, space };
    mono_ns at = 0;
    std::uint64_t order = 0;
    type what = type::tick;
    unsigned node = 0;
    unsigned other = 0;
    std::uint64_t mark = 0; ///< life of the node, or number of the link
    std::string bytes;
  };
  struct wire {
    std::uint64_t number = 0; ///< of the present link
    bool up[2] = {false, false}; ///< as each end sees it
    std::uint64_t of[2] = {0, 0}; ///< which link that is
    mono_ns last[2] = {0, 0};    ///< when the newest frame arrives, by sender
  };

  // time
  void at(event x);
  void pass_until(mono_ns when);
  void happen(event x);
  std::uint64_t pick(std::uint64_t n) { return chance_() % n; }
  bool likely(double p) { return p > 0 && static_cast<double>(chance_() >> 11) * 0x1p-53 < p; }

  // network
  wire& between(unsigned a, unsigned b);
  [[nodiscard]] bool reach(unsigned a, unsigned b) const;
  void connect(unsigned a, unsigned b);
  void break_link(unsigned a, unsigned b);
  void send_all(unsigned from, cluster::replicator::frames& frames);
  void with_replicator(unsigned i, const std::function<void(cluster::replicator&, cluster::replicator::frames&)>& what);

  // machines
  void start(unsigned i);
  void power_off(unsigned i);
  [[nodiscard]] std::string member_document(unsigned i) const;
  void disk_lost();
  void given_up();
  void promises_end();
  [[nodiscard]] std::uint64_t promised(unsigned i) const;
  [[nodiscard]] std::uint64_t held_by_disks(const storage::stream_id& of) const;
  void look_at_disk(unsigned i);
  void ask_work(unsigned i, mono_ns when);
  void in_commit(unsigned i);
  void look_at_counters(unsigned i);
  void part_with(unsigned i);
  [[nodiscard]] bool alone_knows_of(unsigned i, unsigned other) const;
  void look_at_sums(unsigned i);

  // actions
  void carry_out(const action& x);
  void do_write(unsigned i, storage::slot_kind kind, unsigned key, bool erase);
  void do_pulses(unsigned i, std::uint64_t n);
  void do_meter(unsigned i, std::uint64_t to);
  void rot(unsigned i);

  // judgement
  void fail(std::string why);
  [[nodiscard]] std::string difference() const; ///< empty: all replicas are equal
  void judge();
  void judge_documents(const storage::version_vector& seen);
  void judge_counters(const storage::version_vector& seen);
  void judge_journals();
  void tell(const std::string& what);
  void describe(unsigned i);

  const schedule how_;
  std::vector<std::string>* story_;
  std::mt19937_64 chance_;
  mono_ns now_ = 0;
  std::uint64_t order_ = 0;
  std::vector<event> events_; ///< a heap
  std::vector<std::unique_ptr<machine>> all_;
  std::map<std::pair<unsigned, unsigned>, wire> wires_;
  std::vector<std::vector<bool>> cut_;
  ghost truth_;
  bool chaos_ = true;
  mono_ns promises_ended_at_ = -1000 * 1'000'000'000LL;
  std::uint32_t nonces_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t futures_ = 0;
  bool rotten_ = false; ///< what documents say is not judged, only that all say the same
  result out_;
};

} // namespace troupe::test
