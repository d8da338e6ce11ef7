#undef CAF_SUITE
#define CAF_SUITE power_cut
#include <caf/test/dsl.hpp>

#include "tests/contract/storage/power_cut.hpp"

#include <thread>
#include <vector>

using namespace troupe;

// The long campaign: bin/power_cut_campaign CYCLES SEED [appended]

namespace {

/// Several disks at once: RocksDB's background thread sleeps a second after
/// each I/O error, which is most of a cycle.
void expect_nothing_lost(std::uint64_t first_seed, bool preallocate) {
  constexpr std::size_t disks = 32;
  std::vector<test::power_cut_outcome> outcomes(disks);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < disks; ++i)
    threads.emplace_back([&, i] {
      test::power_cut_plan plan;
      plan.cycles = preallocate ? 6 : 3;
      plan.seed = first_seed + i;
      plan.preallocate = preallocate;
      outcomes[i] = test::run_power_cuts(plan);
    });
  for (auto& x : threads)
    x.join();
  for (const auto& x : outcomes) {
    CAF_MESSAGE(x.text);
    CAF_CHECK_EQUAL(x.failed_opens, 0);
    CAF_CHECK_EQUAL(x.lost, 0);
    CAF_CHECK_EQUAL(x.split, 0);
    CAF_CHECK(x.synced > 0);
  }
}

} // namespace

CAF_TEST(I1 RocksDB on logs written in place loses no synced batch in 192 power cuts) {
  expect_nothing_lost(20'261, true);
}

CAF_TEST(I1 RocksDB on appended logs loses no synced batch in 96 power cuts) {
  expect_nothing_lost(20'301, false);
}
