#include "actors/rule/inputs.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_inputs
#include <caf/test/dsl.hpp>

#include "tests/unit/rule/scripted_house.hpp"

using namespace troupe;
using namespace troupe::rule;

namespace {

/// One thing that happens to the input between two runs, and what the second
/// run is told.
struct input_row {
  const char* what;
  reading before;
  reading after;
  bool changed;
  bool rose;
  bool fell;
};

constexpr auto change = origin::change;
constexpr auto refresh = origin::refresh;
constexpr auto restore = origin::restore;

reading lamp(bool on, std::uint64_t changes, origin how, quality grade = quality::good) {
  return scripted_house::digital(on, changes, how, grade);
}

} // namespace

CAF_TEST(edges are told once and never for restored or resent values - I6) {
  const input_row rows[] = {
    {"press", lamp(false, 4, change), lamp(true, 5, change), true, true, false},
    {"release", lamp(true, 4, change), lamp(false, 5, change), true, false, true},
    {"re-sent", lamp(true, 5, change), lamp(true, 5, refresh), false, false, false},
    {"press, seen by its refresh", lamp(false, 4, change), lamp(true, 5, refresh), true, true, false},
    {"restored equal", lamp(true, 5, change), lamp(true, 5, restore), false, false, false},
    {"restored different", lamp(false, 4, change), lamp(true, 5, restore), false, false, false},
    {"short press missed", lamp(false, 4, change), lamp(false, 6, change), true, true, true},
    {"short release missed", lamp(true, 4, change), lamp(true, 6, change), true, true, true},
    {"three toggles", lamp(false, 4, change), lamp(true, 7, change), true, true, true},
    {"bad with another value", lamp(false, 4, change), lamp(true, 5, change, quality::bad), false,
     false, false},
    {"configured anew", lamp(false, 900, change), lamp(true, 1, change), true, true, false},
    {"uncertain press", lamp(false, 4, change), lamp(true, 5, change, quality::uncertain), true,
     true, false},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    scripted_house house;
    input_table table;
    rule_positions acted;
    house.put("a", x.before);
    table.begin(house, {}, acted, milliseconds{10000});
    const auto* a = table.look("a", house, acted);
    CAF_REQUIRE(a != nullptr);
    CAF_CHECK(!a->changed);
    house.put("a", x.after);
    table.begin(house, {}, acted, milliseconds{10000});
    CAF_CHECK_EQUAL(a->changed, x.changed);
    CAF_CHECK_EQUAL(a->rose, x.rose);
    CAF_CHECK_EQUAL(a->fell, x.fell);
    table.begin(house, {}, acted, milliseconds{10000});
    CAF_CHECK(!a->changed && !a->rose && !a->fell);
  }
}

CAF_TEST(a value that was bad for a while has its edge when it comes back changed) {
  scripted_house house;
  input_table table;
  rule_positions acted;
  house.put("a", lamp(false, 4, change));
  const auto* a = table.look("a", house, acted);
  house.put("a", lamp(false, 4, refresh, quality::bad));
  table.begin(house, {}, acted, milliseconds{10000});
  CAF_CHECK(a->turned && !a->changed);
  house.put("a", lamp(false, 4, refresh));
  table.begin(house, {}, acted, milliseconds{10000});
  CAF_CHECK(a->turned && !a->changed);
  house.put("a", lamp(true, 5, change, quality::bad));
  table.begin(house, {}, acted, milliseconds{10000});
  house.put("a", lamp(true, 5, refresh));
  table.begin(house, {}, acted, milliseconds{10000});
  CAF_CHECK(a->rose);
}

CAF_TEST(a name that is removed and comes back is no edge) {
  scripted_house house;
  input_table table;
  rule_positions acted;
  house.put("a", lamp(true, 4, change));
  const auto* a = table.look("a", house, acted);
  house.rows.clear();
  table.begin(house, {}, acted, milliseconds{10000});
  CAF_CHECK(!a->usable() && !a->fell);
  house.put("a", lamp(true, 4, restore));
  table.begin(house, {}, acted, milliseconds{10000});
  CAF_CHECK(!a->rose);
}

CAF_TEST(names are bounded - I11) {
  scripted_house house;
  input_table table;
  rule_positions acted;
  for (std::size_t i = 0; i < max_inputs; ++i)
    CAF_CHECK(table.look("n" + std::to_string(i), house, acted) != nullptr);
  CAF_CHECK(table.look("one-more", house, acted) == nullptr);
  CAF_CHECK(table.look("n0", house, acted) != nullptr);
}
