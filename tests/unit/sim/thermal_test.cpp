#undef CAF_SUITE
#define CAF_SUITE thermal

#include <caf/test/dsl.hpp>

#include "drivers/sim/thermal.hpp"

#include <cmath>

using namespace troupe::drivers::sim;

namespace {

thermal_model after(double hours, double outdoor, const heat_inputs& heat) {
  thermal_model m;
  for (double s = 0; s < hours * 3600; ++s)
    m.step(1, outdoor, heat);
  return m;
}

} // namespace

CAF_TEST(a heater warms its own room most and its neighbours through the doors) {
  for (const room heated : {living, kitchen, bedroom, bath}) {
    heat_inputs heat{};
    heat[heated] = 1000;
    const auto cold = after(2, 0, {});
    const auto warm = after(2, 0, heat);
    for (const room r : {living, kitchen, bedroom, bath}) {
      const double gain = warm.air(r) - cold.air(r);
      CAF_MESSAGE("heated " << heated << ", room " << r << ", gain " << gain);
      CAF_CHECK(gain > 0);
      if (r != heated)
        CAF_CHECK(gain < warm.air(heated) - cold.air(heated));
    }
    CAF_CHECK(warm.air(heated) - cold.air(heated) > 1);
  }
}

CAF_TEST(no heat is made or lost on the way) {
  struct row {
    double outdoor;
    heat_inputs heat;
  };
  const row rows[] = {
    {-10, {2000, 0, 0, 0}},
    {5, {2000, 1200, 1000, 1000}},
    {35, {0, 0, 0, 0}},
  };
  for (const auto& r : rows) {
    const double before = thermal_model{}.stored();
    const auto m = after(24, r.outdoor, r.heat);
    double given = 0;
    for (const double watt : r.heat)
      given += watt * 24 * 3600;
    const double balance = m.stored() - before + m.lost() - given;
    CAF_MESSAGE("outdoor " << r.outdoor << ": out of balance by " << balance << " J");
    CAF_CHECK(std::abs(balance) < 1); // of some 1e8
  }
}

CAF_TEST(a house without heat becomes as cold as outdoors and stays so) {
  const auto m = after(24 * 30, 3, {});
  for (const room r : {living, kitchen, bedroom, bath})
    CAF_CHECK(std::abs(m.air(r) - 3) < 0.1);
}

CAF_TEST(a step of a minute is still stable) {
  thermal_model m;
  for (int i = 0; i < 1440; ++i) {
    m.step(60, 0, {2000, 1200, 1000, 1000});
    for (const room r : {living, kitchen, bedroom, bath}) {
      CAF_REQUIRE(m.air(r) > 0);
      CAF_REQUIRE(m.air(r) < 80);
    }
  }
}
