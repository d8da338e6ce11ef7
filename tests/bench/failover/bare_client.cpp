#include "tests/bench/failover/bare_client.hpp"

#include "tests/bench/cluster/farm.hpp"

#include <chrono>
#include <random>

namespace troupe::bench {

std::vector<double> bare_failovers(unsigned runs, const std::string& folder) {
  using namespace std::chrono_literals;
  constexpr std::size_t size = 256; // about what a command of a rule is
  std::vector<double> out;
  std::mt19937 chance{20261130};
  for (unsigned i = 0; i < runs; ++i) {
    echo first{course_kind::echo, folder + "/first"}, second{course_kind::echo, folder + "/second"};
    for (int k = 0; k < 5; ++k) {
      (void)first.round_trip_ns(size, size);
      (void)second.round_trip_ns(size, size);
      pause(std::chrono::milliseconds{4 + chance() % 3});
    }
    const auto at = now_ns();
    first.kill();
    if (!first.wait_for_end(5s))
      continue;
    (void)second.round_trip_ns(size, size);
    out.push_back(static_cast<double>(now_ns() - at) / 1e6);
  }
  return out;
}

} // namespace troupe::bench
