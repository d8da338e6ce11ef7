// gpio_guest_test GROUP [TEXT]: runs the cases of a group (of those whose name contains
// TEXT). Wants the chips that tests/hardware/run makes. Exits with the number of
// cases that failed.
#include "tests/hardware/guest/cases.hpp"

#include <cstdio>
#include <iterator>

using namespace troupe;
using namespace troupe::hardware;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: gpio_guest_test real|virtual [TEXT]\n";
    return 125;
  }
  const std::string group = argv[1];
  const std::string text = argc > 2 ? argv[2] : "";
  std::vector<test_case> all;
  for (auto* cases :
       {contract_cases, counting_cases, gap_cases, timing_cases, line_cases, unplug_cases})
    for (auto& x : cases())
      all.push_back(std::move(x));
  std::cout << drivers::gpio::api().library << std::endl;
  int failed = 0;
  for (const auto& x : all) {
    if (x.group != group || std::string{x.name}.find(text) == std::string::npos)
      continue;
    findings f;
    const auto start = system_clocks().mono();
    x.run(f);
    const auto took = static_cast<double>(system_clocks().mono() - start) * 1e-9;
    const bool ok = f.failures() == 0 && f.checks() > 0;
    failed += ok ? 0 : 1;
    std::printf("%-4s %-58s %5u checks %7.2f s  %s\n", ok ? "ok" : "FAIL", x.name,
                f.checks(), took, f.notes().c_str());
    std::fflush(stdout);
  }
  return failed;
}
