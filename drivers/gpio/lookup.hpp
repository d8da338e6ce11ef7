#pragma once

#include "drivers/gpio/kernel.hpp"

namespace troupe::drivers::gpio {

/// A chip as it was found in /dev.
struct found_chip {
  std::string path;  ///< "/dev/gpiochip0"
  std::string name;  ///< "gpiochip0"
  std::string label; ///< "pinctrl-bcm2711"
  unsigned size = 0;
};

/// Which chip a configuration means: a path, else a label, else a name. Labels
/// come before names, as names move when the kernel changes; one label worn by
/// two chips names neither.
[[nodiscard]] result<std::string> choose_chip(const std::string& wanted,
                                              const std::vector<found_chip>& present);

/// Which line an address means: digits are an offset, all else is a line name.
/// A name worn by two lines names neither.
[[nodiscard]] result<unsigned> choose_line(const std::string& wanted,
                                           const std::vector<kernel_line>& present,
                                           const std::string& chip);

/// The shortest address that `choose_line` takes back to this line.
[[nodiscard]] std::string address_of(const kernel_line& line,
                                     const std::vector<kernel_line>& present);

/// Looks through /dev. Chips that may not be opened are left out; `denied`
/// tells whether there were any.
[[nodiscard]] std::vector<found_chip> scan_chips(bool& denied);

} // namespace troupe::drivers::gpio
