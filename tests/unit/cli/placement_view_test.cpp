#define CAF_SUITE placement_view
#include "tests/support/suite.hpp"

#include "apps/cli/views.hpp"

using namespace troupe;
using namespace troupe::cli;

namespace {

/// Two rules of server-1, one board that may be gone.
json placement(bool board_there, const std::string& acts) {
  const auto is = board_there ? "driven" : "gone";
  const auto rule = [&](const char* name, std::vector<std::string> outputs) {
    return json{{"rule", name}, {"acts", acts}, {"would", board_there ? "server-1" : ""}, {"redundancy", "warm"}, {"class", "normal"},
                {"order", {{{"node", "server-1"}, {"alive", true}}}}, {"outputs", outputs}, {"shadows", json::array()}};
  };
  return {{"nodes", {{{"name", "server-1"}, {"busy", false}}}},
          {"rules", {rule("leak", {"water/valve"}), rule("light", {"hall/lamp", "garden/lamp"})}},
          {"outputs", {{{"output", "water/valve"}, {"node", "board"}, {"is", is}, {"rules", {"leak"}}},
                       {{"output", "hall/lamp"}, {"node", "board"}, {"is", is}, {"rules", {"light"}}},
                       {{"output", "garden/lamp"}, {"node", "shed"}, {"is", "driven"}, {"rules", {"light", "other"}}}}}};
}

} // namespace

CAF_TEST(a rule whose board is down is not shown as if it did something) {
  const style how;
  const auto tells = [](const std::string& text, const char* part) { return text.find(part) != text.npos; };
  const auto whole = show_placement(placement(true, "server-1"), how, 0);
  CAF_CHECK(tells(whole, "● server-1") && !tells(whole, "✗"));
  const auto text = show_placement(placement(false, "server-1"), how, 0);
  CAF_MESSAGE(text);
  CAF_CHECK(tells(text, "leak   ✗ server-1, in vain"));
  CAF_CHECK(tells(text, "light  ◐ server-1 "));
  CAF_CHECK(tells(text, "✗ leak acts on server-1 and does not reach water/valve: board is down\n"));
  CAF_CHECK(tells(text, "✗ light acts on server-1 and does not reach hall/lamp: board is down\n"));
  CAF_CHECK(tells(show_placement(placement(false, ""), how, 0), "leak   ✗ nowhere"));
}
