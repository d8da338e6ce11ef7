#undef CAF_SUITE
#define CAF_SUITE lines

#include <caf/test/dsl.hpp>

#include "drivers/sim/lines.hpp"

using namespace troupe::drivers::sim;

CAF_TEST(every name of the house leads to its line and back) {
  for (line_id id = 0; id < house_lines; ++id) {
    const auto found = find_line(name_of(id));
    CAF_REQUIRE(found);
    CAF_CHECK_EQUAL(found->id, id);
    CAF_CHECK(known_lines().find(name_of(id)) != std::string::npos);
  }
}

CAF_TEST(numbered lines have limits) {
  struct row {
    const char* name;
    bool exists;
    line_id id;
    double rate;
    line_kind kind;
  };
  const row rows[] = {
    {"in.0", true, first_in, 0, line_kind::digital_input},
    {"in.9999", true, first_in + 9999, 0, line_kind::digital_input},
    {"out.17", true, first_out + 17, 0, line_kind::digital_output},
    {"pulse.3", true, first_pulse + 3, 0, line_kind::digital_input},
    {"pulse.3@250", true, first_pulse + 3, 250, line_kind::digital_input},
    {"pulse.3@0.5", true, first_pulse + 3, 0.5, line_kind::digital_input},
    {"in.10000", false, 0, 0, {}},
    {"in.-1", false, 0, 0, {}},
    {"in.", false, 0, 0, {}},
    {"in.7x", false, 0, 0, {}},
    {"in.7@5", false, 0, 0, {}},
    {"pulse.3@", false, 0, 0, {}},
    {"pulse.3@-1", false, 0, 0, {}},
    {"pulse.3@2000000", false, 0, 0, {}},
    {"pulse.3@nan", false, 0, 0, {}},
    {"hall.buttons", false, 0, 0, {}},
    {"", false, 0, 0, {}},
  };
  for (const auto& r : rows) {
    const auto found = find_line(r.name);
    CAF_CHECK_EQUAL(found.has_value(), r.exists);
    if (!found || !r.exists)
      continue;
    CAF_CHECK_EQUAL(found->id, r.id);
    CAF_CHECK_EQUAL(found->rate_hz, r.rate);
    CAF_CHECK(kind_of(found->id) == r.kind);
  }
}
