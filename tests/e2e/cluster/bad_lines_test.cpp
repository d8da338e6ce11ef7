// A network that loses and delays, as bad as radio gets.

#undef CAF_SUITE
#define CAF_SUITE bad_lines

#include "tests/e2e/cluster/cluster_check.hpp"

#include <cstdlib>
#include <sstream>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// Lines of all logs in which somebody is called down.
std::string downs(test_cluster& all) {
  std::string out;
  for (auto& x : all.nodes()) {
    std::istringstream log{x->log()};
    for (std::string line; std::getline(log, line);)
      if (line.find("-> down") != line.npos)
        out += x->name() + ": " + line + "\n";
  }
  return out;
}

/// How long lines stay bad: TROUPE_SECONDS, or a slice.
std::chrono::seconds length() { return std::chrono::seconds{number("TROUPE_SECONDS", 20)}; }

} // namespace

/// Three in ten frames of each direction are lost, each that is not comes 200 ms
/// later. TROUPE_SECONDS lengthens it.
CAF_TEST(a line that loses a third and is slow makes no false death in the profile radio) {
  if (skipped("a bad line"))
    return;
  test_cluster all{{"attic", "boiler", "cellar"}, networking::dual, "[bus.cellar]\ndriver = \"sim\"\nnode = \"cellar\"\n[channel.\"cellar/lamp\"]\nbus = \"cellar\"\n"
                                              "line = \"out.2\"\ndirection = \"output\"\n", "profile = \"radio\"\n"};
  all.start();
  REQUIRE_AGREE(all, 30s);
  all.wires().quality(0.3, 200ms);
  const auto until = std::chrono::steady_clock::now() + length();
  CAF_MESSAGE("commands go over it; one that was lost is given again");
  const char* value = "off";
  do {
    value = value == std::string{"off"} ? "on" : "off";
    CAF_CHECK(within(60s, [&] {
      return all["attic"].troupe({"set", "cellar/lamp", value}).exit == 0 && all["cellar"].reading("cellar/lamp") == value;
    }));
    (void)within(5s, [] { return false; });
  } while (std::chrono::steady_clock::now() < until);
  if (const auto wrong = downs(all); !wrong.empty())
    CAF_ERROR("all live, and yet\n" << wrong << all.views());
  all.wires().quality(0, 0ms);
  REQUIRE_AGREE(all, 30s);
}
