#include "apps/daemon/threads/core_keeper.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace troupe::daemon {

namespace {

std::vector<int> threads_of_this_process() {
  std::vector<int> out;
  std::error_code gone;
  for (auto at = std::filesystem::directory_iterator{"/proc/self/task", gone}; at != std::filesystem::directory_iterator{}; at.increment(gone)) {
    const auto name = at->path().filename().string();
    if (int x = 0; std::from_chars(name.data(), name.data() + name.size(), x).ec == std::errc{})
      out.push_back(x);
  }
  return out;
}

} // namespace

core_keeper::core_keeper() {
  if (::sched_getaffinity(0, sizeof all_, &all_) != 0 || CPU_COUNT(&all_) < 2 || thread_time_of(::gettid()).ran.count() == 0)
    return;
  some_choice_ = true;
  others_ = all_;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all_)) {
      core_name_ = "cpu" + std::to_string(i);
      CPU_SET(i, &core_);
      CPU_CLR(i, &others_);
      break;
    }
}

core_keeper::~core_keeper() {
  if (some_choice_)
    for (const int x : threads_of_this_process())
      (void)::sched_setaffinity(x, sizeof all_, &all_);
}

bool core_keeper::look(std::chrono::duration<double> passed, bool hungry) {
  if (!some_choice_)
    return false;
  const auto all = stations();
  auto load = since(all, passed);
  load.core = use_of_core();
  if (hungry)
    load.used = std::max(load.used, 1.0);
  (void)decides_.look(load);
  put(all);
  return decides_.together();
}

std::map<int, station> core_keeper::stations() const {
  std::map<int, station> out;
  for (const int x : threads_of_this_process())
    out[x] = (::sched_getscheduler(x) & ~SCHED_RESET_ON_FORK) == SCHED_RR ? station::near : station::anywhere;
  for (const auto& x : threads_in_turn())
    if (const auto found = out.find(x.thread); found != out.end() && found->second == station::near)
      found->second = x.where;
  return out;
}

event_core::load core_keeper::since(const std::map<int, station>& all, std::chrono::duration<double> passed) {
  event_core::load out;
  std::map<int, thread_time> now;
  for (const auto& [thread, where] : all) {
    if (where != station::near)
      continue;
    const auto& seen = now[thread] = thread_time_of(thread);
    if (const auto x = before_.find(thread); x != before_.end() && seen.ran >= x->second.ran) { // of a new one nothing is known yet
      out.used += std::chrono::duration<double>{seen.ran - x->second.ran} / passed;
      out.waited += std::chrono::duration<double>{seen.waited - x->second.waited} / passed;
    }
  }
  before_ = std::move(now);
  return out;
}

/// Since the look before, by all that does not give way to others.
double core_keeper::use_of_core() {
  const auto now = ticks_of(core_name_).value_or(ticks_);
  const auto busy = now.busy - ticks_.busy, passed = busy + now.free - ticks_.free;
  ticks_ = now;
  return passed > 0 ? static_cast<double>(busy) / static_cast<double>(passed) : 0;
}

// A thread begins where the one that made it runs, so all are looked at, and of a new one nothing is taken for granted.
void core_keeper::put(const std::map<int, station>& all) {
  std::map<int, cpu_set_t> now;
  for (const auto& [thread, where] : all) {
    const auto& wanted = !decides_.together() || where == station::anywhere ? all_ : where == station::near ? core_ : others_;
    const auto before = put_.find(thread);
    if (before == put_.end() || !CPU_EQUAL(&before->second, &wanted))
      if (::sched_setaffinity(thread, sizeof wanted, &wanted) != 0)
        continue; // it has ended, or the system changed where we may run
    now[thread] = wanted;
  }
  put_ = std::move(now);
}

} // namespace troupe::daemon
