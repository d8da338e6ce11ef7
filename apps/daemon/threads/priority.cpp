#include "apps/daemon/threads/priority.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <string_view>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::daemon {

namespace {

/// Who took a turn that is not fair, and lives.
struct register_of_turns {
  std::mutex mutex;
  struct row {
    clockid_t clock{}; ///< of its processor time
    turn how{};
    station where{};
  };
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
    if (x == turn::fair || ::pthread_getcpuclockid(::pthread_self(), &clock) != 0) {
      all.rows.erase(thread);
      return;
    }
    thread = ::gettid();
    all.rows[thread] = {clock, x, x == turn::store ? station::anywhere : station::near};
  }
  void put(station x) const {
    auto& all = register_of_turns::get();
    std::lock_guard lock{all.mutex};
    if (const auto mine = all.rows.find(thread); mine != all.rows.end())
      mine->second.where = x;
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

} // namespace

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
    how.sched_priority = ::sched_get_priority_min(SCHED_RR) + (x == turn::links || x == turn::urgent ? 1 : 0);
  if (::pthread_setschedparam(::pthread_self(), x == turn::fair ? SCHED_OTHER : SCHED_RR, &how) != 0)
    return false;
  my_place.put(x);
  return true;
}

void stay(station x) { my_place.put(x); }

std::vector<thread_in_turn> threads_in_turn() {
  std::vector<thread_in_turn> out;
  auto& all = register_of_turns::get();
  std::lock_guard lock{all.mutex}; // none of them ends meanwhile
  for (const auto& [thread, x] : all.rows)
    if (timespec used{}; ::clock_gettime(x.clock, &used) == 0)
      out.push_back({thread, x.how, x.where, std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec}});
  return out;
}

std::vector<thread_in_turn> threads_that_may_give_up() {
  auto out = threads_in_turn();
  std::erase_if(out, [](const auto& x) { return x.how != turn::actor && x.how != turn::links; });
  return out;
}

// Twice a second for each thread: without a stream.
thread_time thread_time_of(int thread) {
  std::array<char, 96> text{};
  fmt::format_to_n(text.data(), text.size() - 1, "/proc/self/task/{}/schedstat", thread);
  const int file = ::open(text.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return {};
  const auto got = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  text[got > 0 ? static_cast<std::size_t>(got) : 0] = 0;
  char* at = text.data();
  const auto ran = std::strtoll(at, &at, 10), waited = std::strtoll(at, &at, 10);
  return {std::chrono::nanoseconds{ran}, std::chrono::nanoseconds{waited}};
}

void actors_in_real_time::thread_started() {
  std::array<char, 16> name{};
  (void)::pthread_getname_np(::pthread_self(), name.data(), name.size());
  (void)take(std::string_view{name.data()} == "guard" ? turn::urgent : turn::actor);
}

make_unit in_turn(turn x, make_unit make) {
  return [x, make = std::move(make)](unit_context& context) {
    (void)take(x);
    return make(context);
  };
}

} // namespace troupe::daemon
