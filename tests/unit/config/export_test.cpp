#undef CAF_SUITE
#define CAF_SUITE export_toml

#include "config/load/export.hpp"

#include "config/load/check.hpp"
#include "config/load/typed.hpp"

#include <caf/test/dsl.hpp>

#include <fstream>
#include <rapidcheck.h>
#include <sstream>

using namespace troupe;
using nlohmann::json;

CAF_TEST(an export reads like something a person wrote) {
  const std::vector<document> docs = {
    make_document("rule", "hall-light", {{"lua", "set(\"a\", true)\nset(\"b\", 'x')\n"},
                                         {"outputs", {"a", "b"}}, {"priority", 9}}),
    make_document("channel", "hall/lamp",
                  {{"zz-new", {{"a b", 1}, {"c", nullptr}}}, {"line", 17}, {"bus", "s"},
                   {"direction", "output"}, {"lease", "10s"}, {"safe", true}}),
    make_document("bus", "s", {{"driver", "sim"}, {"speed", 60}}),
  };
  CAF_CHECK_EQUAL(to_toml(docs), "[bus.\"s\"]\n"
                                 "driver = \"sim\"\n"
                                 "speed = 60\n"
                                 "\n"
                                 "[channel.\"hall/lamp\"]\n"
                                 "bus = \"s\"\n"
                                 "line = \"17\"\n"
                                 "direction = \"output\"\n"
                                 "safe = \"on\"\n"
                                 "lease = \"10s\"\n"
                                 "zz-new = { \"a b\" = 1 }\n"
                                 "\n"
                                 "[rule.\"hall-light\"]\n"
                                 "outputs = [\"a\", \"b\"]\n"
                                 "priority = 9\n"
                                 "lua = '''\n"
                                 "set(\"a\", true)\n"
                                 "set(\"b\", 'x')\n"
                                 "'''\n");
}

CAF_TEST(the example house survives TOML to documents to settings and all the way back) {
  std::ifstream in{TROUPE_SOURCE_DIR "/config/examples/house.toml"};
  std::ostringstream text;
  text << in.rdbuf();
  const auto first = parse_house(text.str(), "house.toml");
  CAF_REQUIRE(first.problems.empty() && !first.documents.empty());
  const auto again = parse_house(to_toml(first.documents), "export");
  CAF_CHECK(again.problems.empty());
  CAF_CHECK(again.documents == first.documents);

  const auto house = to_house(first.documents);
  CAF_REQUIRE(house);
  const auto from_settings = parse_house(to_toml(to_documents(*house)), "settings");
  CAF_CHECK(from_settings.problems.empty());
  const auto same = to_house(from_settings.documents);
  CAF_REQUIRE(same);
  CAF_CHECK(*same == *house);
}

CAF_TEST(every text survives whatever is in it) {
  const char* rows[] = {"",
                        "plain",
                        "two\nlines\n",
                        "no break at the end\nhere",
                        "\n\nstarts with breaks",
                        "ends in a quote\n'",
                        "three ''' inside\n",
                        "\"\"\" and \\ and \"\n",
                        "carriage\r\nreturn\r\n",
                        "tab\there\n",
                        "\x01\x1F\x7F control\n",
                        "\xC2\xB0\xE2\x82\xAC\xF0\x9F\x8F\xA0\n",
                        "# no comment\n[no.table]\n"};
  for (const auto* x : rows) {
    CAF_MESSAGE(json(x).dump());
    const auto doc = make_document("rule", "r", {{"lua", x}, {"label", x}, {"other", {x, x}}});
    const auto it = parse_house(to_toml({doc}), "");
    for (const auto& y : it.problems)
      CAF_ERROR(y.to_string());
    CAF_REQUIRE_EQUAL(it.documents.size(), 1u);
    CAF_CHECK_EQUAL(it.documents[0].body, doc.body);
  }
}

CAF_TEST(every number survives) {
  const json rows[] = {0, -1, 21.5, 1e-9, 0.1, 1e22, -1e300, 5e-324, INT64_MAX, INT64_MIN, true};
  for (const auto& x : rows) {
    CAF_MESSAGE(x.dump());
    const auto doc = make_document("rule", "r", {{"other", x}});
    const auto it = parse_house(to_toml({doc}), "");
    CAF_REQUIRE_EQUAL(it.documents.size(), 1u);
    CAF_CHECK_EQUAL(it.documents[0].body, doc.body);
  }
  // TOML has no unsigned numbers: the nearest that it has.
  CAF_CHECK_EQUAL(toml_value(UINT64_MAX), "18446744073709551615.0");
}

CAF_TEST(any text of printable and control characters survives) {
  CAF_CHECK(rc::check("texts", [] {
    const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"ab'\"\\\n\r\t\x01\x7F#[]= "}));
    const auto doc = make_document("rule", "r", {{"lua", text}});
    const auto it = parse_house(to_toml({doc}), "");
    RC_ASSERT(it.documents.size() == 1u);
    RC_ASSERT(it.documents[0].body == doc.body);
  }));
}
