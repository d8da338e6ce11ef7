#pragma once

#include "drivers/gpio/kernel.hpp"

#include <deque>
#include <map>
#include <mutex>

namespace troupe::test {

/// Stands in for drivers/gpio/kernel_v1.cpp or kernel_v2.cpp: a program that compiles
/// fake_gpio_kernel.cpp gets it instead, as the linker then takes nothing from
/// theirs. One chip, `/fake/chip`, whose descriptors can really be waited for. Buffers
/// fill and drop as the kernel's do. Any thread.
class fake_gpio_kernel {
public:
  static fake_gpio_kernel& instance();

  /// A new chip: 4 free lines "a" "b" "c" "d" and "hog", held by "the-hog".
  void plug(const drivers::gpio::abilities& uapi);
  void unplug();
  [[nodiscard]] bool plugged() const;

  /// Moves a pin from outside.
  void drive(unsigned offset, bool level);
  [[nodiscard]] bool shown(unsigned offset) const;

  // --- for the fake's own chip and lines ---
  struct line {
    std::string name;
    std::string consumer;
    bool input = true;
    bool pin = false;
    drivers::gpio::line_request request;
    int wake = -1; ///< writing end of the held line's pipe
    std::uint32_t number = 0;
    std::deque<drivers::gpio::raw_event> events;
  };
  mutable std::mutex guard;
  std::map<unsigned, line> lines;
  unsigned generation = 0; ///< 0: unplugged
  unsigned generations = 0;
  drivers::gpio::abilities uapi;
};

} // namespace troupe::test
