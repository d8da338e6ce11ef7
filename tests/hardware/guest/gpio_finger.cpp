// The world outside, for scenarios that run the whole daemon in the guest.
//   gpio_finger pulses LABEL LINE COUNT       makes pulses as quickly as it can
//   gpio_finger press LABEL BUTTON COUNT      presses and lets go COUNT times, 20 ms apart,
//                                             and tells when some output followed
#include "tests/hardware/guest/histogram.hpp"
#include "tests/hardware/guest/trace.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::hardware;

namespace {

int press(const sim_line& button, unsigned count) {
  std::vector<mono_ns> pressed;
  const auto done = trace_of([&] {
    for (unsigned i = 0; i < 2 * count; ++i) {
      pressed.push_back(system_clocks().mono());
      button.drive(i % 2 == 0);
      std::this_thread::sleep_for(milliseconds{20});
    }
  });
  // The n-th press belongs to the first write that follows it and precedes the next.
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
  std::printf("%zu of %zu were followed within 20 ms\n", followed.size(), pressed.size());
  return followed.size() == pressed.size() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 5 ? argv[1] : "";
  if (what != "pulses" && what != "press") {
    std::fprintf(stderr, "usage: gpio_finger pulses|press LABEL LINE COUNT\n");
    return 125;
  }
  const sim_line pin{sim_chip{argv[2]}, static_cast<unsigned>(std::atoi(argv[3]))};
  const auto count = static_cast<unsigned>(std::atoi(argv[4]));
  pin.drive(false);
  if (what == "press")
    return press(pin, count);
  const auto start = system_clocks().mono();
  for (unsigned i = 0; i < count; ++i) {
    pin.drive(true);
    pin.drive(false);
  }
  std::printf("measured: %u pulses made, %.0f a second\n", count,
              count * 1e9 / static_cast<double>(system_clocks().mono() - start));
  return 0;
}
