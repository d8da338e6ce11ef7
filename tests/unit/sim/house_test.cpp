#undef CAF_SUITE
#define CAF_SUITE house

#include <caf/test/dsl.hpp>

#include "drivers/sim/house.hpp"

#include <algorithm>
#include <cmath>

using namespace troupe::drivers::sim;

namespace {

using edges = std::vector<contact_edge>;

constexpr model_ns minute = 60 * second;
constexpr model_ns hour = 60 * minute;

edges live(house& h, model_ns time) {
  edges made;
  h.advance(time, made);
  return made;
}

std::size_t rises(const edges& all, line_id line) {
  return static_cast<std::size_t>(std::count_if(
    all.begin(), all.end(), [&](const contact_edge& e) { return e.line == line && e.level; }));
}

} // namespace

CAF_TEST(I12 one seed is one house however the time is cut) {
  struct row {
    const char* what;
    model_ns cut;
  };
  house whole{7};
  whole.drive(living_heater, true);
  const auto expected = live(whole, 6 * hour);
  CAF_REQUIRE(expected.size() > 1000);
  for (const auto& r : {row{"minutes", minute}, row{"half seconds", second / 2},
                        row{"a crooked step", 1'234'567'891}}) {
    CAF_MESSAGE(r.what);
    house h{7};
    h.drive(living_heater, true);
    edges made;
    while (h.now() < 6 * hour)
      h.advance(std::min(r.cut, 6 * hour - h.now()), made);
    CAF_CHECK(made == expected);
    for (line_id i = 0; i < sensor_count; ++i)
      CAF_CHECK_EQUAL(h.measured(first_sensor + i), whole.measured(first_sensor + i));
  }
  house other{8};
  other.drive(living_heater, true);
  CAF_CHECK(live(other, 6 * hour) != expected);
}

CAF_TEST(edges come in order of time and each line alternates) {
  house h{3};
  h.set_pulse_rate(first_pulse + 1, 100);
  h.storm(hall_motion, 50);
  const auto made = live(h, hour);
  std::map<line_id, bool> levels;
  model_ns latest = 0;
  for (const auto& e : made) {
    if (e.at < latest || e.level == levels[e.line]) // a million edges, and a line of the log for each check
      CAF_FAIL("line " << e.line << " at " << e.at << " after " << latest);
    latest = e.at;
    levels[e.line] = e.level;
  }
}

CAF_TEST(who watches sees a visitor each minute) {
  house h{1};
  for (int i = 0; i < 60; ++i) {
    const auto made = live(h, minute);
    CAF_CHECK(rises(made, hall_motion) >= 1);
  }
  house day{1};
  const auto made = live(day, hour);
  CAF_CHECK(rises(made, hall_button) > 20);
  CAF_CHECK(rises(made, living_button) > 10);
  house fast{1};
  fast.calm(60);
  const auto calm = live(fast, 60 * hour);
  CAF_CHECK(rises(calm, hall_motion) > 60);
  CAF_CHECK(rises(calm, hall_motion) < 250);
}

CAF_TEST(power pulses are the integral of power to within one pulse) {
  struct row {
    const char* what;
    std::vector<line_id> on;
    double extra;
  };
  const row rows[] = {
    {"nobody home", {}, 0},
    {"one heater", {living_heater}, 0},
    {"everything", {living_heater, kitchen_heater, bedroom_heater, bath_heater, hall_lamp,
                    living_lamp, bath_fan}, 0},
    {"a sauna as well", {living_heater}, 9000},
  };
  for (const auto& r : rows) {
    house h{5};
    for (const auto line : r.on)
      h.drive(line, true);
    h.set_extra_load(r.extra);
    std::int64_t millijoules = 0;
    std::size_t pulses = 0;
    for (int i = 0; i < 3600; ++i) {
      // Power changes at whole seconds only while nobody switches.
      millijoules += h.power_mw();
      pulses += rises(live(h, second), meter_power);
    }
    const double exact = static_cast<double>(millijoules) / 3.6e6;
    CAF_MESSAGE(r.what << ": " << exact << " pulses, " << pulses << " seen");
    CAF_CHECK(std::abs(exact - static_cast<double>(pulses)) <= 1);
    CAF_CHECK_EQUAL(h.pulses(meter_power), pulses);
  }
}

CAF_TEST(a pulse lasts 30 ms or half of what there is) {
  struct row {
    double hz;
    model_ns width;
  };
  for (const auto& r : {row{1, 30'000'000}, row{10, 30'000'000}, row{100, 5'000'000},
                        row{100'000, 5'000}}) {
    house h{1};
    h.set_pulse_rate(first_pulse, r.hz);
    std::vector<model_ns> rise, fall;
    for (const auto& e : live(h, 2 * second))
      if (e.line == first_pulse)
        (e.level ? rise : fall).push_back(e.at);
    CAF_CHECK_EQUAL(rise.size(), static_cast<std::size_t>(2 * r.hz));
    CAF_REQUIRE(!fall.empty());
    CAF_CHECK_EQUAL(fall[0] - rise[0], r.width);
    h.set_pulse_rate(first_pulse, 0);
    live(h, second);
    CAF_CHECK_EQUAL(rises(live(h, second), first_pulse), 0u);
  }
}

CAF_TEST(a family uses water for a family and a closed valve stops it) {
  house h{2};
  const auto used = rises(live(h, 24 * hour), meter_water);
  CAF_MESSAGE(used << " litres");
  CAF_CHECK(used > 80);
  CAF_CHECK(used < 500);
  h.drive(water_valve, false);
  CAF_CHECK_EQUAL(rises(live(h, 24 * hour), meter_water), 0u);
  CAF_CHECK_EQUAL(h.flow_ul_s(), 0);
}

CAF_TEST(a leak runs the meter and wets the floor until the valve is closed) {
  house h{2};
  h.set_leak(true);
  const auto first = live(h, minute);
  CAF_CHECK_EQUAL(rises(first, kitchen_leak), 1u);
  const auto wet = std::find_if(first.begin(), first.end(),
                                [](const contact_edge& e) { return e.line == kitchen_leak; });
  CAF_REQUIRE(wet != first.end());
  CAF_CHECK(wet->at < 10 * second);
  CAF_CHECK(rises(live(h, 10 * minute), meter_water) >= 5);
  h.drive(water_valve, false);
  const auto closed = live(h, 20 * minute);
  CAF_CHECK_EQUAL(rises(closed, meter_water), 0u);
  CAF_CHECK(!h.contact(kitchen_leak)); // dried
  h.drive(water_valve, true);
  CAF_CHECK_EQUAL(rises(live(h, minute), kitchen_leak), 1u);
}

CAF_TEST(the bath steams and its fan dries it) {
  house h{4};
  double most = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    live(h, minute);
    most = std::max(most, h.humidity());
    CAF_REQUIRE(h.humidity() >= 0);
    CAF_REQUIRE(h.humidity() <= 100);
  }
  CAF_CHECK(most > 52);
  house dry = h; // a copy is a second house
  dry.drive(bath_fan, true);
  live(dry, hour);
  CAF_CHECK(std::abs(dry.humidity() - 45) < 3);
}

CAF_TEST(it is coldest in the early morning and warmest in the late afternoon) {
  house h{1};
  double coldest = 100, warmest = -100, cold_at = 0, warm_at = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    live(h, minute);
    if (h.outdoor() < coldest) {
      coldest = h.outdoor();
      cold_at = h.second_of_day() / 3600;
    }
    if (h.outdoor() > warmest) {
      warmest = h.outdoor();
      warm_at = h.second_of_day() / 3600;
    }
  }
  CAF_MESSAGE(coldest << " at " << cold_at << ", " << warmest << " at " << warm_at);
  CAF_CHECK(std::abs(cold_at - 5) < 3);
  CAF_CHECK(std::abs(warm_at - 17) < 3);
  CAF_CHECK(warmest - coldest > 6);
}

CAF_TEST(sensors show steps near the truth and faults as they are) {
  house h{9};
  live(h, hour);
  const double truth = h.rooms().air(living);
  const double shown = h.measured(living_temp);
  CAF_CHECK(std::abs(shown - truth) < 0.25);
  CAF_CHECK_EQUAL(std::round(shown * 16), shown * 16);

  h.set_sensor_fault(living_temp, sensor_fault::stuck, true);
  h.drive(living_heater, true);
  live(h, hour);
  CAF_CHECK_EQUAL(h.measured(living_temp), shown);
  h.set_sensor_fault(living_temp, sensor_fault::stuck, false);
  live(h, second);
  CAF_CHECK(h.measured(living_temp) > shown + 0.5);

  h.set_sensor_fault(living_temp, sensor_fault::drifting, true);
  live(h, hour);
  CAF_CHECK(std::abs(h.measured(living_temp) - h.rooms().air(living) - 3) < 0.3);
  h.set_sensor_fault(living_temp, sensor_fault::drifting, false);

  const auto spread = [&] {
    double sum = 0;
    for (int i = 0; i < 1000; ++i) {
      live(h, second);
      sum += std::abs(h.measured(bedroom_temp) - h.rooms().air(bedroom));
    }
    return sum / 1000;
  };
  const double ordinary = spread();
  h.set_sensor_fault(bedroom_temp, sensor_fault::noisy, true);
  CAF_CHECK(spread() > 5 * ordinary);
}

CAF_TEST(a press and a storm end as they began) {
  house h{1};
  h.press(first_in + 3);
  auto made = live(h, second);
  std::erase_if(made, [](const contact_edge& e) { return e.line != first_in + 3; });
  CAF_CHECK(made == edges({{first_in + 3, true, 0}, {first_in + 3, false, 200'000'000}}));
  h.drive(first_out + 3, true);
  h.storm(first_in + 3, 100);
  CAF_CHECK(rises(live(h, second), first_in + 3) >= 49);
  h.storm(first_in + 3, 0);
  live(h, second);
  CAF_CHECK(h.contact(first_in + 3));
  CAF_CHECK_EQUAL(rises(live(h, minute), first_in + 3), 0u);
}

CAF_TEST(the next edge is announced exactly) {
  house h{6};
  h.drive(living_heater, true);
  for (int i = 0; i < 2000; ++i) {
    const auto due = h.next_due();
    CAF_REQUIRE(due >= h.now());
    // Nothing happens before, however far away it is.
    if (due > h.now() + 1)
      CAF_REQUIRE(live(h, due - h.now() - 1).empty() || h.contact(kitchen_leak));
    live(h, due - h.now());
  }
  CAF_CHECK(h.pulses(meter_power) > 10);
}
