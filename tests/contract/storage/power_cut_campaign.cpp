// The power-cut test for as long as wanted: power_cut_campaign CYCLES [SEED [appended|preallocated [FOLDER]]]

#include "tests/contract/storage/power_cut.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

int main(int count, char** words) {
  troupe::test::power_cut_plan plan;
  plan.cycles = count > 1 ? std::atol(words[1]) : 1000;
  plan.seed = count > 2 ? std::strtoull(words[2], nullptr, 10) : std::random_device{}();
  plan.preallocate = !(count > 3 && std::string{words[3]} == "appended");
  if (count > 4)
    plan.below = words[4];
  const auto x = troupe::test::run_power_cuts(plan);
  std::puts(x.text.c_str());
  return x.failed_opens + x.lost + x.split == 0 ? 0 : 1;
}
