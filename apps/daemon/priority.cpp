#include "apps/daemon/priority.hpp"

#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <map>
#include <mutex>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::daemon {

namespace {

constexpr int before = -10; ///< ordinary processes

bool in_real_time(turn x) { return x == turn::actor || x == turn::urgent; }

/// Who took which turn, and lives.
struct register_of_turns {
  struct row {
    turn is;
    clockid_t clock;
  };
  std::mutex mutex;
  std::map<int, row> rows; ///< by the kernel's number

  static register_of_turns& get() {
    static auto* all = new register_of_turns; // threads may outlive what is static
    return *all;
  }
};

/// Of the calling thread; takes it out when that ends.
struct place_in_register {
  int thread = 0;

  void put(turn x) {
    auto& all = register_of_turns::get();
    std::lock_guard lock{all.mutex};
    clockid_t clock{};
    if (!in_real_time(x) || ::pthread_getcpuclockid(::pthread_self(), &clock) != 0) {
      all.rows.erase(thread);
      return;
    }
    thread = ::gettid();
    all.rows[thread] = {x, clock};
  }
  ~place_in_register() {
    if (thread == 0)
      return;
    auto& all = register_of_turns::get();
    std::lock_guard lock{all.mutex};
    all.rows.erase(thread);
  }
};

thread_local place_in_register my_place;

sched_param priority_of(turn x) {
  sched_param how{};
  if (in_real_time(x))
    how.sched_priority = ::sched_get_priority_min(SCHED_RR) + (x == turn::urgent ? 1 : 0);
  return how;
}

int policy_of(turn x) { return in_real_time(x) ? SCHED_RR : SCHED_OTHER; }

} // namespace

status run_before_others() {
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
  const auto how = priority_of(x);
  if (::pthread_setschedparam(::pthread_self(), policy_of(x), &how) != 0)
    return false;
  my_place.put(x);
  return true;
}

bool make(int thread, turn x) {
  const auto how = priority_of(x);
  if (::sched_setscheduler(thread, policy_of(x), &how) != 0)
    return false;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), x == turn::ordinary ? 0 : before);
  return true;
}

std::vector<thread_in_turn> threads_with_a_turn() {
  std::vector<thread_in_turn> out;
  auto& all = register_of_turns::get();
  std::lock_guard lock{all.mutex}; // none of them ends meanwhile
  for (const auto& [thread, row] : all.rows)
    if (timespec used{}; ::clock_gettime(row.clock, &used) == 0)
      out.push_back({thread, row.is, std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec}});
  return out;
}

make_unit in_turn(turn x, make_unit make) {
  return [x, make = std::move(make)](unit_context& context) {
    (void)take(x);
    return make(context);
  };
}

} // namespace troupe::daemon
