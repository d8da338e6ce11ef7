#undef CAF_SUITE
#define CAF_SUITE output_cell

#include "actors/bus/output_cell.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

CAF_TEST(what a line shall show follows from wish and guard I5) {
  const struct {
    const char* what;
    std::optional<value> initial, wish;
    mono_ns guard, now;
    std::optional<value> shows;
  } rows[] = {
    {"nothing said, policy hold", {}, {}, 0, 5, {}},
    {"nothing said, policy safe", off, {}, 0, 5, off},
    {"a wish within its guard", off, on, 10, 9, on},
    {"its guard is over", off, on, 10, 10, off},
    {"a wish without a guard", off, on, no_deadline, 1'000'000, on},
    {"a guard that was over from the start", off, on, 1, 5, off},
    {"hold ends with the first wish", {}, on, 10, 5, on},
    {"and has its safe state too", {}, on, 10, 11, off},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    output_cell cell{off, x.initial, false};
    if (x.wish)
      cell.want(*x.wish, x.guard);
    CAF_CHECK(cell.target(x.now) == x.shows);
  }
}

CAF_TEST(a changed configuration counts from then on) {
  output_cell cell{off, off, false};
  cell.want(on, 10);
  cell.configure(on, {}, true);
  CAF_CHECK(cell.target(10) == std::optional{on});
  CAF_CHECK(cell.keep_at_stop());
}

CAF_TEST(only what changes the line is work for the bus) {
  output_cell cell{off, off, false};
  cell.opened(off);
  CAF_CHECK(cell.want(on, 100));
  cell.wrote(on, {}, false);
  CAF_CHECK(!cell.want(on, 200)); // a renewal: the bus finds out when it wakes
  CAF_CHECK(cell.want(on, 150));  // a shorter guard: it would wake too late
  CAF_CHECK(cell.want(off, no_deadline));
}

CAF_TEST(a guard that was renewed after the bus looked is not forgotten) {
  output_cell cell{off, off, false};
  cell.want(on, 100);
  CAF_CHECK_EQUAL(cell.guard_at(50), 100);
  cell.want(on, 300);
  CAF_CHECK_EQUAL(cell.guard_at(100), 300);
  CAF_CHECK_EQUAL(cell.guard_at(300), no_deadline);
}

CAF_TEST(a safe wish needs no guard) {
  output_cell cell{off, off, false};
  cell.want(off, 100);
  CAF_CHECK_EQUAL(cell.guard_at(50), no_deadline);
}

CAF_TEST(the channel is woken by trouble and by the dead-man alone) {
  int woken = 0;
  output_cell cell{off, off, false};
  cell.set_waker(std::make_shared<const std::function<void()>>([&] { ++woken; }));
  cell.opened(off);
  CAF_CHECK_EQUAL(woken, 1);
  cell.wrote(on, {}, false);
  cell.wrote(off, {}, false);
  CAF_CHECK_EQUAL(woken, 1);
  cell.wrote(on, error{errc::io_error, "no"}, false);
  CAF_CHECK_EQUAL(woken, 2);
  cell.wrote(on, error{errc::io_error, "no"}, false);
  CAF_CHECK_EQUAL(woken, 2);
  cell.wrote(on, {}, false);
  CAF_CHECK_EQUAL(woken, 3);
  cell.wrote(off, {}, true);
  CAF_CHECK_EQUAL(woken, 4);
  CAF_CHECK_EQUAL(cell.now().guarded, 1u);
}
