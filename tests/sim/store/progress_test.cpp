#undef CAF_SUITE
#define CAF_SUITE campaign_progress
#include <caf/test/dsl.hpp>

#include "tests/support/progress.hpp"

using troupe::test::run_count;
using troupe::test::to_text;

CAF_TEST(a long run tells how far it is and what is left) {
  struct row {
    run_count so_far;
    double seconds;
    const char* told;
  };
  for (const auto& x : {row{{0, 100, 0}, 0, "0 of 100 lives, 0.0/s, no violation"},
                        row{{50, 100, 0}, 10, "50 of 100 lives, 5.0/s, no violation, 10 s left"},
                        row{{1000, 100'000, 1}, 10, "1000 of 100000 lives, 100/s, 1 violation, 16 min left"},
                        row{{2000, 1'000'000, 3}, 20, "2000 of 1000000 lives, 100/s, 3 violations, 2 h 46 min left"},
                        row{{100, 100, 0}, 4, "100 of 100 lives, 25/s, no violation"}})
    CAF_CHECK_EQUAL(to_text(x.so_far, std::chrono::duration<double>{x.seconds}), x.told);
}
