#undef CAF_SUITE
#define CAF_SUITE parse

#include "config/load/check.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using nlohmann::json;

namespace {

std::string names(const parsed_house& x) {
  std::string all;
  for (const auto& y : x.documents)
    all += (all.empty() ? "" : " ") + y.section + ":" + y.name;
  return all;
}

// "4 7": the lines of the problems.
std::string lines(const parsed_house& x) {
  std::string all;
  for (const auto& y : x.problems)
    all += (all.empty() ? "" : " ") + std::to_string(y.at.line);
  return all;
}

} // namespace

CAF_TEST(a document knows what was written and where) {
  const auto it = parse_house("[bus.sim]\n"
                              "driver = \"sim\"\n"
                              "\n"
                              "[channel.\"hall/lamp\"]\n"
                              "bus = \"sim\"\n"
                              "line = 17\n"
                              "lease = \"2000ms\"\n",
                              "house.toml");
  CAF_CHECK(it.problems.empty());
  CAF_REQUIRE_EQUAL(names(it), "bus:sim channel:hall/lamp");
  const auto& lamp = it.documents[1];
  CAF_CHECK_EQUAL(lamp.body, (json{{"bus", "sim"}, {"line", "17"}, {"lease", "2s"}}));
  CAF_CHECK(lamp.at == (place{"house.toml", 4, 1}));
  CAF_CHECK_EQUAL(lamp.lines.at("lease"), 7);
}

CAF_TEST(documents come in the order of sections and then of the text) {
  CAF_CHECK_EQUAL(names(parse_house("[rule.z]\n[channel.b]\n[counter.c]\n[channel.a]\n[bus.x]\n", "")),
                  "bus:x channel:b channel:a counter:c rule:z");
}

CAF_TEST(what nobody knows is kept as it was written) {
  const auto it = parse_house("[channel.a]\n"
                              "tomorrow = { depth = [1, 2.5, \"x\"], on = true }\n"
                              "lease = 5\n",
                              "");
  CAF_REQUIRE_EQUAL(it.documents.size(), 1u);
  CAF_CHECK_EQUAL(it.documents[0].body,
                  (json{{"tomorrow", {{"depth", {1, 2.5, "x"}}, {"on", true}}}, {"lease", 5}}));
}

CAF_TEST(an empty text is an empty house) {
  for (const auto* x : {"", "\n\n", "# nothing yet\n"}) {
    const auto it = read_house({{"house.toml", x}});
    CAF_CHECK(it.problems.empty());
    CAF_CHECK(it.documents.empty());
  }
}

CAF_TEST(a syntax error does not hide what stands around it) {
  const struct {
    const char* what;
    const char* toml;
    const char* names;
    const char* lines;
    bool torn;
  } rows[] = {
    {"a text without quotes", "[bus.a]\ndriver = sim\n[channel.b]\n", "bus:a channel:b", "2", false},
    {"several", "[bus.a]\nx = y\nz = \"1\"\nu = v\n[channel.b]\nw = \n", "bus:a channel:b", "2 4 6",
     false},
    {"a name without quotes", "[channel.hall/lamp]\nbus = \"s\"\n[channel.b]\n", "channel:b", "1",
     true},
    {"a bracket missing", "[bus.a\n[channel.b]\n", "channel:b", "1", true},
    {"a text that does not end", "[rule.r]\nlua = '''\nx\n\n[channel.b]\n", "channel:b rule:r", "2",
     false},
    {"the same, with double quotes", "[rule.r]\nlua = \"\"\"\nx\n[channel.b]\n", "channel:b rule:r",
     "2", false},
    {"an error above the first table", "x =\n[channel.b]\n", "channel:b", "1", false},
    {"an error in the last line, unended", "[channel.b]\nx = ", "channel:b", "2", false},
    {"a key twice", "[channel.b]\nx = 1\nx = 2\n", "channel:b", "3", false},
    {"no text at all", "\x01\x02\x03", "", "1", false},
    {"bytes that are no UTF-8", "[bus.a]\nx = \"\xFF\"\n[channel.b]\n", "bus:a channel:b", "2",
     false},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    const auto it = parse_house(x.toml, "house.toml");
    CAF_CHECK_EQUAL(names(it), x.names);
    CAF_CHECK_EQUAL(lines(it), x.lines);
    CAF_CHECK_EQUAL(it.torn, x.torn);
    CAF_CHECK(any_fatal(it.problems));
  }
}

CAF_TEST(the usual slips of TOML come with the way out) {
  const struct {
    const char* toml;
    const char* way_out;
  } rows[] = {
    {"[bus.a]\ndriver = sim\n", "A text goes in quotes: driver = \"sim\"."},
    {"[bus.a]\ncall-timeout = 5s # slow\n", "A text goes in quotes: call-timeout = \"5s\"."},
    {"[channel.hall/lamp]\n", "Put the name in quotes: [channel.\"hall/lamp\"]."},
    {"[channel.hall lamp]\n", "Put the name in quotes: [channel.\"hall lamp\"]."},
    {"[channel.\"a\"\nbus = \"x\"\n", "Close the brackets."},
    {"[rule.r]\nlua = '''\nset()\n", "Write ''' below its last line."},
    {"[bus.a]\nx = 1\nx = 2\n", "Remove one of them."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.toml);
    const auto it = parse_house(x.toml, "house.toml");
    CAF_REQUIRE(!it.problems.empty());
    CAF_CHECK_EQUAL(it.problems[0].way_out, x.way_out);
  }
}

CAF_TEST(a script may hold what looks like a table) {
  const auto it = parse_house("[rule.r]\n"
                              "lua = '''\n"
                              "local t = {\n"
                              "[1] = 2,\n"
                              "[\"a\"] = 3,\n"
                              "}\n"
                              "'''\n"
                              "[bus.b]\n"
                              "driver = sim\n",
                              "");
  CAF_CHECK_EQUAL(names(it), "bus:b rule:r");
  CAF_CHECK_EQUAL(lines(it), "9");
}

CAF_TEST(a thing that is half unreadable is not scolded for what is missing) {
  // The broken line is the bus; "bus is missing" would be the same mistake twice.
  const auto it = read_house({{"house.toml", "[bus.s]\n"
                                             "driver = \"sim\"\n"
                                             "[channel.a]\n"
                                             "bus = s\n"
                                             "line = \"x\"\n"}});
  CAF_CHECK_EQUAL(lines(it), "4");
}

CAF_TEST(a reference is not called wrong while a part could not be read) {
  const auto it = read_house({{"house.toml", "[bus.s\n"
                                             "driver = \"sim\"\n"
                                             "[channel.a]\n"
                                             "bus = \"s\"\n"
                                             "line = \"x\"\n"}});
  CAF_CHECK_EQUAL(lines(it), "1");
}

CAF_TEST(a text over the limit is refused unread) {
  const std::string long_text(max_config_bytes + 1, '#');
  const auto house = parse_house(long_text, "house.toml");
  CAF_REQUIRE_EQUAL(house.problems.size(), 1u);
  CAF_CHECK(house.problems[0].code == errc::over_limit);
  CAF_CHECK(any_fatal(parse_node(long_text, "node.toml").problems));
}

CAF_TEST(endless mistakes are told up to a bound) {
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += "[chanel." + std::to_string(i) + "]\nx = \n";
  CAF_CHECK_EQUAL(parse_house(text, "house.toml").problems.size(), max_problems + 1);
}

CAF_TEST(several files are one house) {
  const auto it = read_house({{"a.toml", "[bus.s]\ndriver = \"sim\"\n"},
                              {"b.toml", "[channel.x]\nbus = \"s\"\nline = \"l\"\n"},
                              {"c.toml", "[channel.x]\nbus = \"s\"\nline = \"m\"\n"}});
  CAF_REQUIRE_EQUAL(it.problems.size(), 1u);
  CAF_CHECK_EQUAL(it.problems[0].to_string(0),
                  "c.toml:1  channel 'x': the name is used twice; another channel (b.toml:1) has it "
                  "already. Choose another name, or remove one of them.");
}

CAF_TEST(a document from a request becomes canonical and a null is no key) {
  const auto it = make_document("channel", "a",
                                {{"lease", "2000ms"}, {"label", nullptr}, {"new", {1, 2}}});
  CAF_CHECK_EQUAL(it.body, (json{{"lease", "2s"}, {"new", {1, 2}}}));
  CAF_CHECK_EQUAL(make_document("channel", "a", "no table").body, json::object());
}
