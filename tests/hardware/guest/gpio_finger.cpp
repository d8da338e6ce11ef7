// The world outside, for scenarios that run the whole daemon in the guest.
//   gpio_finger pulses LABEL LINE COUNT       makes pulses as quickly as it can
//   gpio_finger press LABEL BUTTON RELAY COUNT  presses and lets go COUNT times, each once
//                                               the relay has followed, and tells how fast
#include "tests/support/histogram.hpp"
#include "tests/hardware/guest/trace.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::hardware;
using test::tell;

namespace {

// How long a relay may take before it counts as not following.
constexpr milliseconds patience{2000};

bool follows(const sim_line& relay, bool level) {
  const auto until = system_clocks().mono() + std::chrono::nanoseconds{patience}.count();
  while (relay.shown() != level) {
    if (system_clocks().mono() > until)
      return false;
    // Seldom enough to leave the one processor to the daemon; the time that
    // counts is from the kernel's trace.
    std::this_thread::sleep_for(milliseconds{5});
  }
  return true;
}

int press(const sim_line& button, const sim_line& relay, unsigned count) {
  std::vector<mono_ns> pressed;
  const auto done = trace_of([&] {
    for (unsigned i = 0; i < 2 * count; ++i) {
      pressed.push_back(system_clocks().mono());
      button.drive(i % 2 == 0);
      if (!follows(relay, i % 2 == 0))
        return;
    }
  });
  std::vector<mono_ns> followed;
  auto at = done.begin();
  for (std::size_t i = 0; i < pressed.size(); ++i) {
    const std::string expected = i % 2 == 0 ? "set 1" : "set 0";
    while (at != done.end() && (at->at < pressed[i] || at->what != expected))
      ++at;
    if (at != done.end() && (i + 1 == pressed.size() || at->at < pressed[i + 1]))
      followed.push_back(at->at - pressed[i]);
  }
  tell("measured: button to relay", followed);
  std::printf("%zu of %u were followed\n", followed.size(), 2 * count);
  return followed.size() == 2 * count ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (!(what == "pulses" && argc == 5) && !(what == "press" && argc == 6)) {
    std::fprintf(stderr, "usage: gpio_finger pulses LABEL LINE COUNT\n"
                         "       gpio_finger press LABEL BUTTON RELAY COUNT\n");
    return 125;
  }
  const sim_chip chip{argv[2]};
  const auto number = [&](int i) { return static_cast<unsigned>(std::atoi(argv[i])); };
  const sim_line pin{chip, number(3)};
  pin.drive(false);
  if (what == "press")
    return press(pin, sim_line{chip, number(4)}, number(5));
  const auto count = number(4);
  const auto start = system_clocks().mono();
  for (unsigned i = 0; i < count; ++i) {
    pin.drive(true);
    pin.drive(false);
  }
  std::printf("measured: %u pulses made, %.0f a second\n", count,
              count * 1e9 / static_cast<double>(system_clocks().mono() - start));
  return 0;
}
