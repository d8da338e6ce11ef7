#undef CAF_SUITE
#define CAF_SUITE access

#include "apps/control/access.hpp"
#include "tests/support/fake_node/fake_neighbour.hpp"

#include <caf/test/dsl.hpp>

#include <set>

using namespace troupe;
using namespace troupe::control;
using namespace troupe::test;
using cluster::role;

namespace {

struct access_fixture {
  fake_house house;
  fake_neighbour others;

  static caller somebody(role allowed) {
    caller result{static_cast<unsigned>(-1), 0, "anna", allowed, "tls 10.0.0.7:51234"};
    if (allowed == role::none)
      result.name = "anonymous";
    return result;
  }

  reply ask(role allowed, const std::string& method, const std::string& path,
            const std::string& body = "", std::multimap<std::string, std::string> query = {}) {
    return dispatch(house, others, somebody(allowed), method, path, query, body);
  }

  static std::string text(const reply& r) { return json::parse(r.body)["error"].value("text", ""); }
};

const std::vector<role> all_roles
  = {role::none, role::viewer, role::operator_, role::board, role::node};

/// A path that fits the route.
std::string path_of(const route& r) {
  auto path = r.path;
  for (const char* key : {"{name}", "{verb}", "{section}", "{kind}", "{id}"})
    if (const auto at = path.find(key); at != std::string::npos)
      path.replace(at, std::string_view{key}.size(), "x");
  return path;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(access_tests, access_fixture)

CAF_TEST(who may what) {
  const std::vector<std::tuple<role, std::set<role>>> table = {
    {role::none, {role::none, role::viewer, role::operator_, role::board, role::node}},
    {role::viewer, {role::viewer, role::operator_, role::node}},
    {role::operator_, {role::operator_}},
    {role::board, {}},
    {role::node, {}},
  };
  for (auto& [least, who] : table)
    for (auto x : all_roles) {
      CAF_MESSAGE("" << to_string(x) << " asks for " << to_string(least));
      CAF_CHECK_EQUAL(may(x, least), who.count(x) == 1);
    }
}

CAF_TEST(every route asks for a role and GET is for looking but for backups) {
  for (auto& r : routes()) {
    CAF_MESSAGE(r.operation);
    // A backup has all that is in the store, also what no other question tells.
    const auto expected = r.operation == "enrol"                                ? role::none
                          : r.method == "GET" && r.operation != "backupBlock" ? role::viewer
                                                                                : role::operator_;
    CAF_CHECK(r.least == expected);
  }
}

CAF_TEST(each role is refused at each route that is not its own and nothing reaches the node) {
  for (auto& r : routes())
    for (auto x : all_roles) {
      if (may(x, r.least))
        continue;
      CAF_MESSAGE("" << to_string(x) << ": " << r.operation);
      for (auto& path : {path_of(r), "/v1/nodes/attic" + path_of(r).substr(3),
                         "/v1/nodes/boiler" + path_of(r).substr(3)}) {
        const auto got = ask(x, r.method, path, R"({"value":"on"})");
        CAF_CHECK_EQUAL(got.status, x == role::none ? 401 : 403);
        CAF_CHECK(text(got).find(x == role::none ? "--identity" : to_string(r.least))
                  != std::string::npos);
      }
    }
  CAF_CHECK(house.last_body().is_null());
  CAF_CHECK(others.boiler.last_body().is_null());
  CAF_CHECK(!house.stopped() && !others.boiler.stopped());
  CAF_CHECK_EQUAL(house.readers() + others.boiler.readers(), 0u);
}

CAF_TEST(a refusal names the role that it takes and the one that there is) {
  CAF_CHECK_EQUAL(text(ask(role::viewer, "POST", "/v1/set/hall/lamp", R"({"value":"on"})")),
                  "'set' needs the role operator, and anna has the role viewer; use a certificate "
                  "with that role, or have one issued by who keeps the CA");
}

CAF_TEST(a stranger may enrol and learns nothing else) {
  const std::string enrol = R"({"token":"fake-token","request":"x"})";
  CAF_CHECK_EQUAL(ask(role::none, "POST", "/v1/enrol", enrol).status, 200);
  CAF_CHECK_EQUAL(ask(role::none, "GET", "/v1/enrol").status, 401);
  CAF_CHECK_EQUAL(ask(role::none, "GET", "/v1/status").status, 401);
  // Which paths and nodes there are is nothing for strangers.
  CAF_CHECK_EQUAL(ask(role::none, "GET", "/v1/nope").status, 401);
  CAF_CHECK_EQUAL(ask(role::none, "GET", "/v1/nodes/nope/status").status, 401);
  CAF_CHECK_EQUAL(ask(role::none, "POST", "/v1/nodes/boiler/enrol", enrol).status, 401);
  CAF_CHECK_EQUAL(ask(role::none, "POST", "/v1/nodes/attic/enrol", enrol).status, 401);
}

CAF_TEST(paths of another node are cut in two) {
  // path, node and rest; empty: not such a path
  const std::vector<std::array<const char*, 3>> table = {
    {"/v1/nodes/boiler/status", "boiler", "/v1/status"},
    {"/v1/nodes/boiler/readings/hall/lamp", "boiler", "/v1/readings/hall/lamp"},
    {"/v1/nodes/a/nodes/b/status", "a", "/v1/nodes/b/status"},
    {"/v1/nodes/boiler/", "", ""},
    {"/v1/nodes/boiler", "", ""},
    {"/v1/nodes//status", "", ""},
    {"/v1/nodes/", "", ""},
    {"/v1/nodesboiler/status", "", ""},
    {"/v2/nodes/boiler/status", "", ""},
    {"/v1/status", "", ""},
  };
  for (auto& [path, node, rest] : table) {
    CAF_MESSAGE(path);
    std::string a, b;
    CAF_CHECK_EQUAL(split_far(path, a, b), *node != '\0');
    CAF_CHECK_EQUAL(a, node);
    CAF_CHECK_EQUAL(b, rest);
  }
}

CAF_TEST(another node is asked as the caller and only once) {
  const auto here = ask(role::viewer, "GET", "/v1/nodes/attic/status");
  CAF_CHECK_EQUAL(json::parse(here.body).value("node", ""), "attic");
  const auto there = ask(role::viewer, "GET", "/v1/nodes/boiler/status");
  CAF_CHECK_EQUAL(json::parse(there.body).value("node", ""), "boiler");
  CAF_CHECK_EQUAL(ask(role::operator_, "POST", "/v1/nodes/boiler/set/hall/lamp", R"({"value":"off"})").status,
                  200);
  CAF_CHECK_EQUAL(others.boiler.last_caller().name, "anna");
  CAF_CHECK_EQUAL(others.boiler.last_caller().via, "node attic");
  CAF_CHECK(others.boiler.last_caller().allowed == role::operator_);
  CAF_CHECK(house.last_body().is_null());
  // Queries go along, and the other node checks them.
  CAF_CHECK_EQUAL(ask(role::viewer, "GET", "/v1/nodes/boiler/log", "", {{"newest", "2"}}).status, 200);
  CAF_CHECK_EQUAL(ask(role::viewer, "GET", "/v1/nodes/boiler/log", "", {{"newst", "2"}}).status, 400);
  // Streams too.
  CAF_CHECK(ask(role::viewer, "GET", "/v1/nodes/boiler/streams/watch").stream != nullptr);
  CAF_CHECK_EQUAL(others.boiler.readers(), 1u);
  CAF_CHECK_EQUAL(house.readers(), 0u);
}

CAF_TEST(what cannot be asked elsewhere is refused with a reason) {
  CAF_CHECK_EQUAL(ask(role::operator_, "GET", "/v1/nodes/nope/status").status, 404);
  CAF_CHECK_EQUAL(ask(role::operator_, "GET", "/v1/nodes/garage/status").status, 503);
  // No chains: a loop of nodes would ask each other for ever.
  CAF_CHECK_EQUAL(ask(role::operator_, "GET", "/v1/nodes/boiler/nodes/attic/status").status, 404);
  CAF_CHECK_EQUAL(ask(role::operator_, "GET", "/v1/nodes/boiler/nope").status, 404);
  CAF_CHECK_EQUAL(ask(role::operator_, "DELETE", "/v1/nodes/boiler/status").status, 405);
  CAF_CHECK_EQUAL(ask(role::operator_, "POST", "/v1/nodes/boiler/enrol", "{}").status, 422);
  far_side alone;
  const auto got = dispatch(house, alone, somebody(role::operator_), "GET", "/v1/nodes/boiler/status", {}, "");
  CAF_CHECK_EQUAL(got.status, 404);
  CAF_CHECK(text(got).find("not in a cluster") != std::string::npos);
}

CAF_TEST(the journal tells who it was from where) {
  auto who = somebody(role::operator_);
  CAF_CHECK_EQUAL(told(who), "anna (operator, tls 10.0.0.7:51234)");
  who.via = "node attic";
  CAF_CHECK_EQUAL(told(who), "anna (operator, node attic)");
  CAF_CHECK_EQUAL(told({1000, 7, "anna", role::operator_, "unix socket"}), "anna");
}

CAF_TEST_FIXTURE_SCOPE_END()
