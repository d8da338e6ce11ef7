#pragma once

#include "drivers/gpio/gpio_bus.hpp"
#include "drivers/gpio/kernel.hpp"
#include "tests/hardware/guest/sim_line.hpp"
#include "tests/support/edge_log.hpp"

#include <functional>
#include <iostream>

// A test runner of sixty lines: the guest has neither CAF nor a package manager.

namespace troupe::hardware {

/// What one case found; ends up in the exit status.
class findings {
public:
  void check(bool holds, const std::string& what) {
    ++checks_;
    if (!holds) {
      ++failures_;
      std::cout << "       not so: " << what << std::endl;
    }
  }

  template <class T>
  bool check(const result<T>& x, const std::string& what) {
    check(bool{x}, x ? what : what + ": " + to_string(x.why()));
    return bool{x};
  }

  void note(const std::string& text) { notes_ += (notes_.empty() ? "" : ", ") + text; }

  unsigned checks() const { return checks_; }
  unsigned failures() const { return failures_; }
  const std::string& notes() const { return notes_; }

private:
  unsigned checks_ = 0;
  unsigned failures_ = 0;
  std::string notes_;
};

/// `group` says in which run of the guest a case makes sense: "real" time,
/// or "virtual" time, where pauses cost nothing and are exact.
struct test_case {
  const char* group;
  const char* name;
  std::function<void(findings&)> run;
};

std::vector<test_case> contract_cases();
std::vector<test_case> counting_cases();
std::vector<test_case> gap_cases();
std::vector<test_case> timing_cases();
std::vector<test_case> line_cases();
std::vector<test_case> unplug_cases();

/// The bus `rain`, opened by its chip's label.
inline result<std::unique_ptr<drivers::bus>> open_rain(int reader_priority = 0) {
  bus_config config;
  config.name = "rain";
  config.driver = "gpio";
  config.chip = "rain";
  config.reader_priority = reader_priority;
  return drivers::open_gpio_bus(config);
}

inline line_config line_at(const std::string& line, edge_kind edges) {
  line_config config;
  config.line = line;
  config.consumer = "guest-test";
  config.edges = edges;
  return config;
}

inline bool has_numbers() {
  return drivers::gpio::api().numbers;
}

} // namespace troupe::hardware
