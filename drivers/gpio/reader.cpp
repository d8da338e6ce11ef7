#include "drivers/gpio/reader.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <system_error>

namespace troupe::drivers::gpio {

namespace {

// A line that never falls silent must not starve its neighbours: after so many
// events the next line gets its turn; epoll brings us back to the rest.
constexpr std::size_t events_per_turn = 1024;
constexpr std::size_t events_per_read = 64;

} // namespace

result<std::unique_ptr<reader>> reader::start(const bus_config& config) {
  std::unique_ptr<reader> made{new reader};
  made->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  made->wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{EPOLLIN, {.u64 = 0}};
  if (made->epoll_ < 0 || made->wake_ < 0
      || epoll_ctl(made->epoll_, EPOLL_CTL_ADD, made->wake_, &event) != 0)
    return system_error(errno, "bus '" + config.name + "': the edge reader's descriptors");
  // Signals are the main thread's business; a thread inherits its maker's mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    made->thread_ = std::thread{[r = made.get()] { r->run(); }};
  } catch (const std::system_error& e) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return system_error(e.code().value(),
                        "bus '" + config.name + "': the edge reader's thread");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // The kernel shows 15 characters of a thread's name.
  pthread_setname_np(made->thread_.native_handle(),
                     ("edges/" + config.name).substr(0, 15).c_str());
  made->raise_priority(config.reader_priority);
  return made;
}

reader::~reader() {
  if (thread_.joinable()) {
    stopping_ = true;
    eventfd_write(wake_, 1);
    thread_.join();
  }
  if (wake_ >= 0)
    close(wake_);
  if (epoll_ >= 0)
    close(epoll_);
}

void reader::raise_priority(int priority) {
  if (priority <= 0)
    return;
  const auto wanted = "SCHED_FIFO " + std::to_string(priority);
  sched_param how{};
  how.sched_priority = priority;
  const auto failed = pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &how);
  if (failed == 0)
    note_ = "reader at " + wanted;
  else if (failed == EPERM)
    note_ = "reader at normal priority: " + wanted
            + " is not permitted, raise LimitRTPRIO of the service to it";
  else
    note_ = "reader at normal priority: " + wanted + " is refused, 1 to 99 exist";
}

result<std::uint64_t> reader::add(held_line& line, const line_config& config,
                                  bool debounced_here, edge_sink& sink) {
  const auto level = line.level();
  if (!level)
    return level.why();
  auto probe = [&line]() -> std::optional<bool> {
    const auto now = line.level();
    return now ? std::optional{*now} : std::nullopt;
  };
  const std::lock_guard lock{guard_};
  const auto id = next_++;
  watches_.try_emplace(
    id, watch{line, sink, {config, api(), debounced_here, *level, sink, probe}});
  epoll_event event{EPOLLIN, {.u64 = id}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, line.fd(), &event) != 0) {
    const auto number = errno;
    watches_.erase(id);
    return system_error(number, "watching line '" + config.line + "'");
  }
  return id;
}

void reader::remove(std::uint64_t id) {
  const std::lock_guard lock{guard_};
  const auto found = watches_.find(id);
  assert(found != watches_.end());
  if (!found->second.lost)
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.line.fd(), nullptr);
  watches_.erase(found);
}

bool reader::settled_level(std::uint64_t id) {
  const std::lock_guard lock{guard_};
  return watches_.at(id).track.settled_level();
}

void reader::lose_all(error why) {
  {
    const std::lock_guard lock{guard_};
    lose_all_ = std::move(why);
  }
  lost_ = true;
  eventfd_write(wake_, 1);
}

void reader::run() {
  std::array<epoll_event, 32> ready;
  int timeout = -1;
  while (!stopping_) {
    const auto count = epoll_wait(epoll_, ready.data(), ready.size(), timeout);
    assert(count >= 0 || errno == EINTR);
    const std::lock_guard lock{guard_};
    for (int i = 0; i < count; ++i) {
      const auto& event = ready[static_cast<std::size_t>(i)];
      if (event.data.u64 == 0) {
        eventfd_t ignored;
        eventfd_read(wake_, &ignored);
        continue;
      }
      // Removed since epoll_wait returned: it has been told its last.
      const auto found = watches_.find(event.data.u64);
      if (found != watches_.end())
        serve(found->second, (event.events & (EPOLLERR | EPOLLHUP)) != 0);
    }
    const auto now = system_clocks().mono();
    for (auto& [id, w] : watches_) {
      if (lose_all_.code != errc::none)
        lose(w, lose_all_);
      else if (const auto due = w.track.deadline(); due && *due <= now && !w.lost)
        serve(w, false);
    }
    timeout = milliseconds_to_deadline();
  }
}

void reader::serve(watch& w, bool hung_up) {
  std::array<raw_event, events_per_read> events;
  std::size_t taken = 0;
  while (taken < events_per_turn && !w.lost) {
    const auto got = w.line.read(events);
    const auto now = system_clocks().mono();
    if (!got)
      return lose(w, got.why());
    // Whatever it held before it hung up is worth having, so that comes first.
    if (*got == 0 && hung_up)
      return lose(w, {errc::device_lost, "the chip has gone"});
    if (*got > 0)
      w.track.on_events({events.data(), *got}, now);
    taken += *got;
    if (*got < std::min<std::size_t>(api().buffer_events, events_per_read))
      return w.track.on_drained(now);
  }
}

void reader::lose(watch& w, const error& why) {
  if (std::exchange(w.lost, true))
    return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, w.line.fd(), nullptr);
  lost_ = true;
  w.sink.on_lost(why);
}

int reader::milliseconds_to_deadline() {
  std::optional<mono_ns> first;
  for (const auto& [id, w] : watches_)
    if (const auto due = w.track.deadline(); due && !w.lost)
      first = std::min(first.value_or(*due), *due);
  if (!first)
    return -1;
  const auto left = *first - system_clocks().mono();
  // Rounded up: an early wake-up would find nothing due and come again.
  return left <= 0 ? 0 : static_cast<int>(std::min<mono_ns>(left / 1'000'000 + 1, 60'000));
}

} // namespace troupe::drivers::gpio
