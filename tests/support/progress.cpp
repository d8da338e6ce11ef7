#include "tests/support/progress.hpp"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <utility>

namespace troupe::test {

namespace {

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_interrupt(int number) { received = number; }

void hear(int number) {
  struct sigaction how{};
  how.sa_handler = on_interrupt;
  how.sa_flags = SA_RESETHAND | SA_RESTART; // the next one does what it always did
  sigaction(number, &how, nullptr);
}

std::string left(double seconds) {
  if (seconds < 120)
    return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  return minutes < 120 ? fmt::format("{} min", minutes) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

} // namespace

std::string to_text(const run_count& x, std::chrono::duration<double> since_begin) {
  const auto rate = since_begin.count() > 0 ? static_cast<double>(x.done) / since_begin.count() : 0;
  auto out = fmt::format("{} of {} lives, {:.{}f}/s, {}", x.done, x.of, rate, rate < 10 ? 1 : 0,
                         x.violations == 0   ? std::string{"no violation"}
                         : x.violations == 1 ? std::string{"1 violation"}
                                             : fmt::format("{} violations", x.violations));
  if (rate > 0 && x.done < x.of)
    out += fmt::format(", {} left", left(static_cast<double>(x.of - x.done) / rate));
  return out;
}

progress::progress(std::string program, std::uint64_t of) : program_(std::move(program)), so_far_{0, of, 0} {
  hear(SIGINT);
  hear(SIGTERM);
}

void progress::life(bool well) {
  ++so_far_.done;
  so_far_.violations += well ? 0 : 1;
  const auto now = clock::now();
  if (now - told_ < tell_every)
    return;
  told_ = now;
  fmt::print(stderr, "{}: {}\n", program_, to_text(so_far_, now - begun_));
}

int progress::signal() { return received; }

} // namespace troupe::test
