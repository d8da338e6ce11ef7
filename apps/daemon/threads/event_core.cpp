#include "apps/daemon/threads/event_core.hpp"

#include <algorithm>

namespace troupe::daemon {

bool event_core::look(const load& x) {
  ++lasted_;
  if (together_) {
    over_ = x.used > most || x.waited > most_waiting ? over_ + 1 : 0;
    if (lasted_ == longest)
      pause_ = calm_for; // it has lasted
    if (over_ == over_for) {
      together_ = false;
      pause_ = std::min(2 * pause_, longest);
      lasted_ = over_ = 0;
    }
    return together_;
  }
  calm_ = x.used < enough ? calm_ + 1 : 0;
  if (calm_ >= pause_) {
    together_ = true;
    lasted_ = calm_ = 0;
  }
  return together_;
}

} // namespace troupe::daemon
