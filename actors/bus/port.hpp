#pragma once

#include "config/model/line.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"
#include "drivers/digital.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace troupe {

/// Tells a consumer that there is news. Called on any thread, outside all
/// locks; must neither block nor throw.
using waker = std::shared_ptr<const std::function<void()>>;

/// Nobody may be waiting.
inline void wake(const waker& who) {
  if (who)
    (*who)();
}

/// What one input line has seen since the process started. It lies below the
/// actors: it outlives crashes of its channel or counter and of the bus, and
/// drivers that are closed and opened again, so no crash loses a pulse (I8).
///
/// Counts are exact; single edges are kept for those who need each one, in a
/// ring of `ring_edges`: over it the oldest are dropped and counted, the
/// counts stay exact (I11). The consumer is woken when the first news since
/// its last `drain` arrives, not again until it has drained: a storm of edges
/// costs one message.
///
/// Threads: any. The driver's reader calls the sink, the bus actor opens,
/// closes and samples, the consumer drains; one short lock.
class input_port final : public drivers::edge_sink {
public:
  /// A line as it stands: what happened since the process started.
  struct tally {
    std::uint64_t rising = 0;
    std::uint64_t falling = 0;
    std::uint64_t dropped = 0;        ///< edges counted, but gone from the ring
    std::uint64_t missed_at_most = 0; ///< edges that may have happened unseen
    std::uint32_t gaps = 0;           ///< that bound comes from so many
    std::optional<bool> level;        ///< newest known
    mono_ns last_edge_at = 0;
    std::uint32_t last_sequence = 0;

    /// A polled value, or why the newest poll failed. Coalesced: latest only.
    std::optional<double> sample;
    mono_ns sampled_at = 0;   ///< of the newest successful poll
    std::uint64_t samples = 0;
    error sample_trouble;     ///< code none: the newest poll succeeded

    bool open = false;        ///< a driver holds the line
    error trouble;            ///< why not, if it is not
    std::uint64_t openings = 0;

    [[nodiscard]] std::uint64_t edges() const noexcept { return rising + falling; }

    /// Edges that a counter of this kind counts; `none` counts rising ones.
    [[nodiscard]] std::uint64_t pulses(edge_kind kind) const noexcept {
      switch (kind) {
      case edge_kind::falling: return falling;
      case edge_kind::both: return rising + falling;
      default: return rising;
      }
    }
  };

  /// @param ring_edges 0: counts only.
  explicit input_port(std::size_t ring_edges,
                      const clock_source& clocks = system_clocks());

  /// Whom to wake from now on; news that waits wakes it at once.
  void set_waker(waker who);

  // --- the driver's side ---
  void on_edge(const drivers::edge& x) noexcept override;
  void on_gap(const drivers::gap& x) noexcept override;
  void on_lost(const error& why) noexcept override;

  // --- the bus actor's side ---
  /// The line is held from now on and showed `level` when `seen` edges were
  /// counted; later edges know better. If it had been open before, the time
  /// between is a gap of at most `max_rate_hz` * duration + 1 edges.
  void opened(std::optional<bool> level, std::uint64_t seen, double max_rate_hz,
              mono_ns now);
  /// The line is not held any more, or could not be: the gap begins.
  void closed(const error& why, mono_ns now);
  void sampled(const result<double>& x, mono_ns now);

  // --- the consumer's side ---
  /// Takes the edges of the ring, oldest first, and allows the next wake-up.
  tally drain(std::vector<drivers::edge>& edges);
  [[nodiscard]] tally look() const;

private:
  [[nodiscard]] waker note_news(); ///< with the lock held
  void push(const drivers::edge& x);

  const clock_source& clocks_;
  mutable std::mutex mutex_;
  tally now_;
  std::vector<drivers::edge> ring_; ///< grows up to its bound when used
  std::size_t bound_;
  std::size_t first_ = 0;           ///< oldest, once the ring is full
  mono_ns closed_at_ = 0;           ///< 0: never was open, or is
  bool news_ = false;
  waker waker_;
};

} // namespace troupe
