#include "apps/daemon/threads/core_keeper.hpp"

#include "apps/daemon/threads/priority.hpp"

#include <charconv>
#include <filesystem>
#include <utility>

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
  if (::sched_getaffinity(0, sizeof all_, &all_) != 0 || CPU_COUNT(&all_) < 2)
    return;
  some_choice_ = true;
  others_ = all_;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all_)) {
      CPU_SET(i, &core_);
      CPU_CLR(i, &others_);
      break;
    }
}

core_keeper::~core_keeper() {
  for (const auto& [x, where] : put_)
    if (!CPU_EQUAL(&where, &all_))
      (void)::sched_setaffinity(x, sizeof all_, &all_); // one that has ended: nothing
}

bool core_keeper::look(std::chrono::duration<double> passed) {
  if (!some_choice_)
    return false;
  (void)decides_.look(since(passed));
  put_all();
  return decides_.together();
}

event_core::load core_keeper::since(std::chrono::duration<double> passed) {
  event_core::load out;
  std::map<int, row> now;
  for (const auto& x : threads_in_turn()) {
    if (x.where != station::near)
      continue;
    const auto& seen = now[x.thread] = {x.used, waited_for_processor(x.thread)};
    if (const auto before = rows_.find(x.thread); before != rows_.end()) { // of a new one nothing is known yet
      out.used += std::chrono::duration<double>{seen.used - before->second.used} / passed;
      out.waited += std::chrono::duration<double>{seen.waited - before->second.waited} / passed;
    }
  }
  rows_ = std::move(now);
  return out;
}

// A thread begins where the one that made it runs, so all are looked at, also those that take no turn.
void core_keeper::put_all() {
  std::map<int, station> places;
  if (decides_.together())
    for (const auto& x : threads_in_turn())
      places[x.thread] = x.where;
  std::map<int, cpu_set_t> now;
  for (const int x : threads_of_this_process()) {
    const auto found = places.find(x);
    const auto where = found == places.end() ? station::anywhere : found->second;
    const auto& wanted = where == station::near ? core_ : where == station::away ? others_ : all_;
    const auto before = put_.find(x);
    if (before == put_.end() ? decides_.together() : !CPU_EQUAL(&before->second, &wanted))
      if (::sched_setaffinity(x, sizeof wanted, &wanted) != 0)
        continue; // it has ended, or the system changed where we may run
    now[x] = wanted;
  }
  put_ = std::move(now);
}

} // namespace troupe::daemon
