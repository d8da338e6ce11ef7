#include "apps/daemon/priority.hpp"

#include <fmt/format.h>

#include <fstream>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

namespace troupe::daemon {

status run_before_others() {
  constexpr int before = -10;
  if (const int chosen = ::getpriority(PRIO_PROCESS, 0); chosen != 0)
    return error{errc::conflict, fmt::format("somebody has chosen nice {} for this process, and it stays so", chosen)};
  const bool nice = ::setpriority(PRIO_PROCESS, 0, before) == 0;
  if (nice) // without the session's share its processes' order among themselves says little
    std::ofstream{"/proc/self/autogroup"} << before;
  const bool real = take(turn::urgent);
  (void)take(turn::fair);
  if (nice && real)
    return {};
  return error{errc::permission_denied, fmt::format("the system refuses {}. Beside other work on this machine the node may look as if it hangs. A service "
                                                    "gives the right with LimitNICE=-10 and LimitRTPRIO=2",
                                                    nice ? "real time" : real ? "nice -10" : "nice -10 and real time")};
}

bool take(turn x) {
  sched_param how{};
  if (x != turn::fair)
    how.sched_priority = ::sched_get_priority_min(SCHED_RR) + (x == turn::urgent ? 1 : 0);
  return ::pthread_setschedparam(::pthread_self(), x == turn::fair ? SCHED_OTHER : SCHED_RR, &how) == 0;
}

make_unit in_turn(turn x, make_unit make) {
  return [x, make = std::move(make)](unit_context& context) {
    (void)take(x);
    return make(context);
  };
}

} // namespace troupe::daemon
