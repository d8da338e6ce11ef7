#undef CAF_SUITE
#define CAF_SUITE dispatch

#include "apps/control/far_side.hpp"
#include "apps/control/routes.hpp"
#include "tests/support/fake_node/fake_house.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::control;
using test::fake_house;

namespace {

struct dispatch_fixture {
  fake_house house;
  far_side others;
  const caller anna{1000, 7, "anna"};

  reply ask(const std::string& method, const std::string& path, const std::string& body = "",
            std::multimap<std::string, std::string> query = {}) {
    return dispatch(house, others, anna, method, path, query, body);
  }

  static std::string code(const reply& r) {
    const auto body = json::parse(r.body);
    return body["error"].value("code", "");
  }
};

/// A node that breaks its promise.
struct throwing_house : fake_house {
  json status() override { throw std::runtime_error("boom"); }
};

/// One that speaks for others, too.
struct whole_house : fake_house {
  node_api& by_itself() override { return here; }
  json ps() override { return "of all"; }
  json list(const std::string&) override { return "of all"; }

  struct one : fake_house {
    json ps() override { return "of one"; }
    json list(const std::string&) override { return "of one"; }
  } here;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(dispatch_tests, dispatch_fixture)

CAF_TEST(names with slashes are the rest of the path) {
  std::map<std::string, std::string> names;
  CAF_CHECK(match_path("/v1/act/{verb}/{name}", "/v1/act/kill/rule/hall/light", names));
  CAF_CHECK_EQUAL(names["verb"], "kill");
  CAF_CHECK_EQUAL(names["name"], "rule/hall/light");
  CAF_CHECK(!match_path("/v1/readings/{name}", "/v1/readings/", names));
  CAF_CHECK(!match_path("/v1/readings/{name}", "/v1/readings", names));
  CAF_CHECK(!match_path("/v1/status", "/v1/status/", names));
}

CAF_TEST(what is put together of all nodes is of one alone below its name) {
  whole_house all;
  const auto said = [&](const std::string& path) { return dispatch(all, others, anna, "GET", path, {}, "").body; };
  CAF_CHECK_EQUAL(said("/v1/ps"), "\"of all\"");
  CAF_CHECK_EQUAL(said("/v1/nodes/" + all.name() + "/ps"), "\"of one\"");
  CAF_CHECK_EQUAL(said("/v1/nodes/" + all.name() + "/readings"), "\"of all\""); // a table that it has itself
}

CAF_TEST(the node hears who calls and what) {
  const auto got = ask("POST", "/v1/set/hall/lamp", R"({"value":"off","priority":8,"for":"10m"})");
  CAF_CHECK_EQUAL(got.status, 200);
  CAF_CHECK_EQUAL(house.last_caller().name, "anna");
  CAF_CHECK_EQUAL(house.last_body().value("for", ""), "10m");
  CAF_CHECK_EQUAL(json::parse(got.body).value("text", ""), "operator/anna leads");
}

CAF_TEST(a pulse says how long and which one it is) {
  const auto got = ask("POST", "/v1/pulse/hall/lamp", R"({"for":"500ms","request":"a1","age_ms":1200})");
  CAF_CHECK_EQUAL(got.status, 200);
  CAF_CHECK_EQUAL(house.last_body().value("request", ""), "a1");
  CAF_CHECK_EQUAL(ask("POST", "/v1/pulse/hall/lamp", R"({"request":"a1"})").status, 400);
  CAF_CHECK_EQUAL(ask("POST", "/v1/pulse/hall/lamp", R"({"for":500})").status, 400);
  CAF_CHECK_EQUAL(ask("POST", "/v1/pulse/garden/valve", R"({"for":"500ms"})").status, 409);
}

CAF_TEST(bodies are read strictly and nothing reaches the node otherwise) {
  const std::vector<std::tuple<const char*, std::string>> table = {
    {"no body", ""},
    {"no JSON", "value=on"},
    {"half of it", R"({"value":)"},
    {"more than one", R"({"value":1} {"value":2})"},
    {"a list", "[1]"},
    {"a misspelt field", R"({"value":1,"priorty":3})"},
    {"a missing field", R"({"priority":3})"},
    {"text for a number", R"({"value":1,"priority":"8"})"},
    {"a fraction", R"({"value":1,"priority":8.5})"},
    {"a negative number", R"({"value":1,"priority":-1})"},
    {"null", R"({"value":null})"},
    {"an object for a value", R"({"value":{}})"},
    {"broken UTF-8", "{\"value\":\"\xff\"}"},
    {"too deep", std::string(100000, '[')},
  };
  for (auto& [what, body] : table) {
    CAF_MESSAGE(what);
    const auto got = ask("POST", "/v1/set/hall/lamp", body);
    CAF_CHECK_EQUAL(got.status, 400);
    CAF_CHECK_EQUAL(code(got), "invalid_argument");
  }
  CAF_CHECK(house.last_body().is_null());
}

CAF_TEST(a refused field is named together with those that there are) {
  const auto got = ask("POST", "/v1/set/hall/lamp", R"({"value":1,"priorty":3})");
  const auto answer = json::parse(got.body);
  CAF_CHECK_EQUAL(answer["error"].value("text", ""),
                  "POST /v1/set/{name} has no field 'priorty'; it takes: value, priority, for");
}

CAF_TEST(query parameters are read strictly) {
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"newest", "2"}}).status, 200);
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"newest", "two"}}).status, 400);
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"newest", ""}}).status, 400);
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"newest", "99999999999999999999"}}).status, 400);
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"newst", "2"}}).status, 400);
  CAF_CHECK_EQUAL(ask("GET", "/v1/log", "", {{"kind", "a"}, {"kind", "b"}}).status, 400);
}

CAF_TEST(unknown paths and wrong methods are told apart) {
  CAF_CHECK_EQUAL(ask("GET", "/v1/nope").status, 404);
  CAF_CHECK_EQUAL(code(ask("GET", "/v1/nope")), "unknown_path");
  CAF_CHECK_EQUAL(ask("POST", "/v1/status").status, 405);
  CAF_CHECK_EQUAL(ask("HEAD", "/v1/streams/watch").status, 405);
  CAF_CHECK_EQUAL(house.readers(), 0u);
}

CAF_TEST(errors of the node become fitting statuses) {
  CAF_CHECK_EQUAL(ask("GET", "/v1/readings/nope").status, 404);
  CAF_CHECK_EQUAL(ask("POST", "/v1/set/garden/valve", R"({"value":"on"})").status, 409);
  CAF_CHECK_EQUAL(ask("POST", "/v1/act/tickle/hall/lamp").status, 400);
  for (int i = 1; i <= 19; ++i)
    CAF_CHECK(http_status(static_cast<errc>(i)) >= 400);
}

CAF_TEST(a node that throws costs one answer) {
  throwing_house broken;
  const auto got = dispatch(broken, others, anna, "GET", "/v1/status", {}, "");
  CAF_CHECK_EQUAL(got.status, 500);
  CAF_CHECK_EQUAL(code(got), "internal");
}

CAF_TEST(every route is answered by the fake house) {
  const std::map<std::string, std::string> bodies = {
    {"set", R"({"value":"on"})"}, {"pulse", R"({"for":"500ms"})"}, {"force", R"({"off":true})"}, {"count", R"({"total":1})"},
    {"setFault", R"({"fault":"leak","active":true})"},
    {"add", R"({"section":"channel","name":"a","document":{}})"}, {"apply", R"({"toml":""})"},
    {"move", R"({"to":"boiler"})"}, {"startDrill", R"({"kind":"kill-node","target":"boiler"})"},
    {"drillFault", R"({"drill":"1","what":"kill-node"})"}, {"rollback", R"({"revision":6})"}, {"makeToken", R"({"name":"garden"})"},
    {"enrol", R"({"token":"fake-token","request":"-----BEGIN"})"}};
  for (auto& r : routes()) {
    CAF_MESSAGE(r.operation);
    auto path = r.path;
    auto put = [&](const std::string& key, const std::string& text) {
      if (auto at = path.find(key); at != std::string::npos)
        path.replace(at, key.size(), text);
    };
    const bool member = r.operation == "actOnMember";
    put("{verb}", member ? "drain" : "restart");
    put("{section}", "channel");
    put("{kind}", "map");
    put("{id}", "1");
    put("{name}", r.operation == "setFault" ? "sim" : member ? "boiler" : "hall/lamp");
    auto body = bodies.find(r.operation);
    CAF_CHECK_EQUAL(ask(r.method, path, body == bodies.end() ? "" : body->second).status, 200);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
