#pragma once

namespace troupe::daemon {

/// Decides whether the threads through which an event passes share one processor.
///
/// Most of what an event costs at rest is waking the next thread on another processor, which sleeps: an interrupt between
/// processors and the way out of its idle state, 50 to 200 µs where a switch on the same one takes some (decision 28). While
/// there is little to do they share one. As soon as they want more than that, or wait for each other, they are apart and
/// use all. They come together again when they and that processor rest, after a pause that doubles each time that it did not
/// last, for others may want the same one: many nodes on one machine.
///
/// Pure: shares of a processor in, a verdict out.
class event_core {
public:
  static constexpr double most = 0.6, enough = 0.4; ///< of one processor, used
  static constexpr double most_waiting = 0.15;      ///< for a turn on it, of all of them
  static constexpr unsigned waits_for = 2;          ///< looks: one may be the machine's own
  static constexpr unsigned calm_for = 4, longest = 4096; ///< looks: the first pause, and the longest
  static constexpr unsigned lasting = 256;          ///< looks: so long together, and the next pause is the first again

  struct load {
    double used = 0;   ///< processors that those threads have used since the look before
    double waited = 0; ///< how many of them waited for one, on average
    double core = 0;   ///< of the one that they may share, used by anybody
  };

  /// @returns whether they share one from now on
  bool look(const load& x);
  [[nodiscard]] bool together() const noexcept { return together_; }

private:
  bool together_ = false;
  unsigned lasted_ = 0;     ///< looks since the last change
  unsigned waits_ = 0, calm_ = 0;
  unsigned pause_ = calm_for;
};

} // namespace troupe::daemon
