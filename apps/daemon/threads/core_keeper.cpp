#include "apps/daemon/threads/core_keeper.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
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
  if (::sched_getaffinity(0, sizeof all_, &all_) != 0 || CPU_COUNT(&all_) < 2 || processor_time_of(::gettid()).ran.count() == 0)
    return;
  some_choice_ = true;
  others_ = all_;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all_)) {
      number_ = i;
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
  std::map<int, processor_time> now;
  for (const auto& [thread, where] : all) {
    if (where != station::near)
      continue;
    const auto& seen = now[thread] = processor_time_of(thread);
    if (const auto x = before_.find(thread); x != before_.end() && seen.ran >= x->second.ran) { // of a new one nothing is known yet
      out.used += std::chrono::duration<double>{seen.ran - x->second.ran} / passed;
      out.waited += std::chrono::duration<double>{seen.waited - x->second.waited} / passed;
    }
  }
  before_ = std::move(now);
  return out;
}

/// By all processes that did not ask to come after others (nice over 0), since the look before; proc_stat(5).
double core_keeper::use_of_core() {
  std::ifstream all{"/proc/stat"};
  const auto wanted = "cpu" + std::to_string(number_);
  for (std::string line, name; std::getline(all, line);) {
    std::istringstream words{line};
    std::int64_t user = 0, nice = 0, system = 0, idle = 0, waits = 0, irq = 0, softirq = 0;
    if (!(words >> name) || name != wanted)
      continue;
    words >> user >> nice >> system >> idle >> waits >> irq >> softirq;
    const auto busy = user + system + irq + softirq, in_all = busy + nice + idle + waits;
    const auto used = busy - std::exchange(busy_, busy), passed = in_all - std::exchange(in_all_, in_all);
    return passed > 0 ? static_cast<double>(used) / static_cast<double>(passed) : 0;
  }
  return 0;
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
