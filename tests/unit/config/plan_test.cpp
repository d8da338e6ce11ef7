#undef CAF_SUITE
#define CAF_SUITE plan

#include "config/load/plan.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using nlohmann::json;

namespace {

const json lamp = {{"bus", "s"}, {"line", "1"}, {"direction", "output"}};

std::vector<document> house(std::initializer_list<document> x) { return x; }

document with(json body, const char* key, json x) {
  body[key] = std::move(x);
  return make_document("channel", "hall/lamp", std::move(body));
}

} // namespace

CAF_TEST(the same house needs nothing done) {
  const auto x = house({make_document("bus", "s", {{"driver", "sim"}}), with(lamp, "lease", "5s")});
  CAF_CHECK(plan(x, x, true).empty());
  CAF_CHECK_EQUAL(to_string(plan(x, x, true)), "Nothing to do.\n");
}

CAF_TEST(what means the same is no change) {
  const struct {
    const char* what;
    document from, to;
  } rows[] = {
    {"another unit", with(lamp, "lease", "60s"), with(lamp, "lease", "1m")},
    {"the default written out", with(lamp, "lease", "5s"), make_document("channel", "hall/lamp", lamp)},
    {"a whole float", with(lamp, "buffer", 64), with(lamp, "buffer", 64.0)},
    {"on and true", with(lamp, "safe", true), with(lamp, "safe", "on")},
    {"an offset as number and text", with(lamp, "line", 1), with(lamp, "line", "1")},
    {"null and not there", with(lamp, "label", nullptr), make_document("channel", "hall/lamp", lamp)},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(plan({x.from}, {x.to}, true).empty());
    CAF_CHECK(plan({x.to}, {x.from}, true).empty());
  }
}

CAF_TEST(a change names each key with before and after and what it costs) {
  const struct {
    document from, to;
    const char* text;
  } rows[] = {
    {with(lamp, "lease", "5s"), with(lamp, "lease", "10s"),
     "~ channel hall/lamp  lease 5s -> 10s (restarts)"},
    {make_document("channel", "hall/lamp", lamp), with(lamp, "lease", "10s"),
     "~ channel hall/lamp  lease 5s -> 10s (restarts)"},
    {with(lamp, "max", 60), make_document("channel", "hall/lamp", lamp),
     "~ channel hall/lamp  max 60 -> unset (restarts)"},
    {make_document("channel", "hall/lamp", lamp), with(lamp, "label", "Lamp"),
     "~ channel hall/lamp  label \"\" -> \"Lamp\""},
    {with(lamp, "interlock", {"a"}), with(lamp, "interlock", {"a", "b"}),
     "~ channel hall/lamp  interlock [\"a\"] -> [\"a\", \"b\"] (restarts)"},
    {with(lamp, "line", "1"), with(lamp, "future", 1),
     "~ channel hall/lamp  future unset -> 1 (restarts)"},
    {make_document("rule", "r", {{"lua", "a"}, {"priority", 9}}),
     make_document("rule", "r", {{"lua", "b"}}), "~ rule r  priority 9 -> 10, lua changed (restarts)"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.text);
    const auto steps = plan({x.from}, {x.to}, false);
    CAF_REQUIRE_EQUAL(steps.size(), 1u);
    CAF_CHECK(steps[0].what == plan_step::kind::change);
    CAF_CHECK_EQUAL(steps[0].to_string(), x.text);
    CAF_CHECK(steps[0].wanted == x.to);
  }
}

CAF_TEST(buses come first at building and last at removal) {
  const auto all = house({make_document("rule", "r", {{"lua", "x"}}),
                          make_document("counter", "c", {{"bus", "s"}, {"line", "2"}}),
                          make_document("channel", "a", {{"bus", "s"}, {"line", "1"}}),
                          make_document("bus", "s", {{"driver", "sim"}})});
  CAF_CHECK_EQUAL(to_string(plan({}, all, false)), "+ bus s\n"
                                                   "+ channel a\n"
                                                   "+ counter c\n"
                                                   "+ rule r\n");
  CAF_CHECK_EQUAL(to_string(plan(all, {}, true)), "- rule r\n"
                                                  "- counter c\n"
                                                  "- channel a\n"
                                                  "- bus s\n");
}

CAF_TEST(without prune nothing is removed) {
  const auto x = house({make_document("bus", "s", {{"driver", "sim"}})});
  CAF_CHECK(plan(x, {}, false).empty());
}

CAF_TEST(a line is free before its new user comes) {
  const auto from = house({make_document("channel", "old", {{"bus", "s"}, {"line", "1"}})});
  const auto to = house({make_document("channel", "new", {{"bus", "s"}, {"line", "1"}})});
  CAF_CHECK_EQUAL(to_string(plan(from, to, true)), "- channel old\n+ channel new\n");
}

CAF_TEST(a rule and a channel of one name are two things) {
  const auto from = house({make_document("channel", "x", {{"bus", "s"}, {"line", "1"}})});
  const auto to = house({make_document("rule", "x", {{"lua", "y"}})});
  CAF_CHECK_EQUAL(to_string(plan(from, to, true)), "- channel x\n+ rule x\n");
}

CAF_TEST(the plan of a revision undone is the way back) {
  const auto a = house({make_document("bus", "s", {{"driver", "sim"}}), with(lamp, "lease", "5s")});
  const auto b = house({make_document("bus", "s", {{"driver", "sim"}}), with(lamp, "lease", "9s"),
                        make_document("rule", "r", {{"lua", "x"}})});
  CAF_CHECK_EQUAL(to_string(plan(a, b, true)),
                  "~ channel hall/lamp  lease 5s -> 9s (restarts)\n+ rule r\n");
  CAF_CHECK_EQUAL(to_string(plan(b, a, true)),
                  "- rule r\n~ channel hall/lamp  lease 9s -> 5s (restarts)\n");
}

CAF_TEST(programs get the plan as JSON) {
  const auto steps = plan({with(lamp, "lease", "5s")}, {with(lamp, "lease", "9s")}, false);
  CAF_REQUIRE_EQUAL(steps.size(), 1u);
  CAF_CHECK_EQUAL(to_json(steps[0]),
                  (json{{"action", "change"},
                        {"section", "channel"},
                        {"name", "hall/lamp"},
                        {"restarts", true},
                        {"keys", json::array({{{"key", "lease"}, {"from", "5s"}, {"to", "9s"}}})},
                        {"text", "~ channel hall/lamp  lease 5s -> 9s (restarts)"}}));
}
