// Who asks waits longer than who is asked.
#define CAF_SUITE patience
#include "tests/support/suite.hpp"

#include "apps/client/node.hpp"
#include "apps/daemon/far_nodes.hpp"

#include <tuple>

using namespace troupe;
using namespace std::chrono_literals;

CAF_TEST(people wait longer than nodes wait for each other) {
  using daemon::far_nodes;
  constexpr auto usual = 15s;
  // Two rounds, and two nodes besides the one that is asked, all at their limit.
  constexpr auto house = 4 * far_nodes::long_patience;
  // method, path, longer than
  const std::vector<std::tuple<const char*, const char*, milliseconds>> table = {
    {"POST", "/v1/apply", house},
    {"POST", "/v1/config", house},
    {"DELETE", "/v1/config/channel/hall/lamp", house},
    {"POST", "/v1/rollback", house},
    {"POST", "/v1/nodes/boiler/apply", house},
    {"DELETE", "/v1/nodes/boiler/config/rule/set", house},
    {"POST", "/v1/nodes/boiler/set/pump", far_nodes::long_patience},
    {"POST", "/v1/nodes/boiler/act/kill/apply", far_nodes::long_patience},
    {"POST", "/v1/set/config", far_nodes::patience},
    {"GET", "/v1/config", far_nodes::patience},
    {"POST", "/v1/nodes/boiler", far_nodes::patience},
    {"POST", "", far_nodes::patience},
  };
  for (const auto& [method, path, longer_than] : table) {
    CAF_MESSAGE(method << " " << path);
    CAF_CHECK_GREATER(milliseconds{client::patience_for(method, path, usual)}.count(), longer_than.count());
  }
  // Nobody waits so long for what only looks, or for this node alone.
  CAF_CHECK(client::patience_for("GET", "/v1/config", usual) == usual);
  CAF_CHECK(client::patience_for("GET", "/v1/nodes/boiler/status", usual) == usual);
  CAF_CHECK(client::patience_for("POST", "/v1/set/config", usual) == usual);
  CAF_CHECK(client::patience_for("POST", "/v1/apply", 1000s) == 1000s);
}
