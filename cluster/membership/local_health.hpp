#pragma once

#include "config/model/time.hpp"

namespace troupe::cluster {

/// How far a node trusts its own ears: 1 well .. 4 busy. All limits for others
/// are multiplied by it, so a node whose own work is late does not blame its
/// peers (Lifeguard's local health multiplier, arXiv 1707.00788, here with four
/// steps instead of eight, as our limits are tight multiples of the beat).
///
/// It grows by half of each beat that a tick was late and by one when others
/// call this node suspect although it runs; each timely tick takes back 0.02,
/// so from 4 to 1 in 150 beats.
///
/// A gap between two looks longer than `pause_limit` means that this process
/// was stopped: it judges nobody for one window after it.
class local_health {
public:
  static constexpr double worst = 4;

  local_health(mono_ns beat, mono_ns window) : beat_(beat), window_(window) {}

  /// Any event. @returns true if this node itself was paused until now.
  bool seen(mono_ns now);
  /// A tick that was due at `due`.
  void ticked(mono_ns due, mono_ns now);
  /// Its ears, the thread that reads the links, have been away for so long. Half
  /// a window of that is a pause, though this thread goes on.
  void deaf_for(mono_ns late, mono_ns now);
  void accused();

  [[nodiscard]] double factor() const { return factor_; }
  [[nodiscard]] bool may_judge(mono_ns now) const { return now >= judges_from_; }
  /// 400 ms in the profile lan: two windows.
  [[nodiscard]] mono_ns pause_limit() const { return 2 * window_; }

private:
  mono_ns beat_, window_;
  mono_ns last_ = 0;
  mono_ns judges_from_ = 0;
  double factor_ = 1;
};

} // namespace troupe::cluster
