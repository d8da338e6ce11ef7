#undef CAF_SUITE
#define CAF_SUITE check

#include "tests/unit/config/told.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using test::sim;
using test::told;

CAF_TEST(contradictions are told with both sides and a way out) {
  const struct {
    const char* what;
    std::string toml;
    const char* told;
  } rows[] = {
    {"one name for a channel and a counter",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n"
           "[counter.a]\n"
           "bus = \"s\"\n"
           "line = \"z\"\n",
     "house.toml:7  counter 'a': the name is used twice; a channel (house.toml:3) has it "
     "already. Choose another name, or remove one of them."},
    {"an unknown bus",
     std::string{"[bus.house]\n"
                 "driver = \"sim\"\n"
                 "[channel.a]\n"
                 "bus = \"huose\"\n"
                 "line = \"x\"\n"},
     "house.toml:4  channel 'a': bus is \"huose\", which does not exist. Did you mean 'house'?"},
    {"two channels on one line",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n"
           "[channel.b]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:9  channel 'b': line \"x\" of bus 's' is taken by channel 'a' "
     "(house.toml:3). One line has one user: correct the line, or remove one of them."},
    {"the same line, written in two ways",
     std::string{"[bus.g]\n"
                 "driver = \"gpio\"\n"
                 "chip = \"c\"\n"
                 "[channel.a]\n"
                 "bus = \"g\"\n"
                 "line = 17\n"
                 "[channel.b]\n"
                 "bus = \"g\"\n"
                 "line = \"017\"\n"},
     "house.toml:9  channel 'b': line \"017\" of bus 'g' is taken by channel 'a' "
     "(house.toml:4). One line has one user: correct the line, or remove one of them."},
    {"two rules on one output at one priority",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "\n"
           "[rule.a]\n"
           "outputs = [\"o\"]\n"
           "lua = \"x\"\n"
           "[rule.b]\n"
           "outputs = [\"o\"]\n"
           "lua = \"x\"\n",
     "house.toml:12  rule 'b': it drives 'o' at priority 10, and so does rule 'a' "
     "(house.toml:8): the last to speak would win. Give the more important one a lower number."},
    {"a rule that drives an input, nothing, and one twice",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n"
           "[rule.a]\n"
           "outputs = [\"a\", \"nix\", \"a\"]\n"
           "lua = \"x\"\n",
     "house.toml:8  rule 'a': outputs names 'a', which is an input. Name an output channel, "
     "or set its direction.\n"
     "house.toml:8  rule 'a': outputs names 'nix', which does not exist. Add "
     "[channel.\"nix\"], or correct the name.\n"
     "house.toml:8  rule 'a': outputs names 'a' twice. Remove one."},
    {"a rule that drives a counter",
     sim + "[counter.c]\n"
           "bus = \"s\"\n"
           "line = \"z\"\n"
           "[rule.a]\n"
           "outputs = [\"c\"]\n"
           "lua = \"x\"\n",
     "house.toml:7  rule 'a': outputs names 'c', which is a counter. Name an output channel."},
    {"debounce of a recording",
     "[bus.r]\n"
     "driver = \"replay\"\n"
     "file = \"/x\"\n"
     "[channel.a]\n"
     "bus = \"r\"\n"
     "line = \"y\"\n"
     "debounce = \"20ms\"\n",
     "house.toml:7  note: channel 'a': debounce is 20ms, but bus 'r' replays a recording: its "
     "edges are told as they were recorded. Record behind the debouncing, or leave it out."},
    {"a lease shorter than the period",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "\n"
           "[rule.a]\n"
           "every = \"1m\"\n"
           "outputs = [\"o\"]\n"
           "lua = \"x\"\n",
     "house.toml:9  note: rule 'a': lease is 5s, but the rule runs every 1m: an output that "
     "it commands only then and does not keep would be safe in between. If it reads nothing "
     "that changes, use a lease of 1m or more."},
    {"stale before the second poll",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "stale-after = \"2s\"\n",
     "house.toml:7  channel 'a': stale-after is 2s, but with poll-every 1s a single late "
     "poll would make a healthy value stale. Use more than 2s, or poll more often."},
    {"debounce hides the highest rate",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "debounce = \"20ms\"\n"
           "max-rate = 100\n",
     "house.toml:6  channel 'a': debounce is 20ms, but at max-rate 100 Hz a level lasts "
     "only 5 ms and would be taken for bounce. Use 4ms or less, or state a lower max-rate."},
    {"polling overlooks the highest rate",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "edges = \"none\"\n"
           "poll-every = \"1s\"\n"
           "max-rate = 2\n",
     "house.toml:7  channel 'a': poll-every is 1s, but at max-rate 2 Hz a level lasts only "
     "250 ms and would be overlooked. Poll more often, state a lower max-rate, or use edges "
     "= \"both\"."},
    {"a buffer that fills within a stall",
     sim + "[counter.c]\n"
           "bus = \"s\"\n"
           "line = \"z\"\n"
           "buffer = 16\n"
           "max-rate = 1000\n",
     "house.toml:6  note: counter 'c': a buffer of 16 edges is full after 16 ms at max-rate "
     "1000 Hz; a stall of 50 ms loses edges (shown as a gap with its bound). Use a larger "
     "buffer, or state a lower max-rate."},
    {"interlocks with itself, an input and nothing",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "interlock = [\"o\", \"p\", \"q\"]\n"
           "[channel.p]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:7  channel 'o': interlock names the output itself. It could never be on; "
     "name the other one.\n"
     "house.toml:7  channel 'o': interlock names 'p', which is an input. Name an output "
     "channel, or set its direction.\n"
     "house.toml:7  channel 'o': interlock names 'q', which does not exist. Add "
     "[channel.\"q\"], or correct the name."},
    {"a read-back of another kind",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "read-back = \"p\"\n"
           "[channel.p]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n",
     "house.toml:7  channel 'o': read-back names 'p', which is analog while this output is "
     "digital. They can never agree; name an input of the same kind."},
    {"a read-back that is an output",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "read-back = \"q\"\n"
           "[channel.q]\n"
           "bus = \"s\"\n"
           "line = \"z\"\n"
           "direction = \"output\"\n"
           "\n",
     "house.toml:7  channel 'o': read-back names 'q', which is an output. Name an input "
     "channel, or set its direction."},
    {"limits the wrong way round",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "min = 5\n"
           "max = 1\n",
     "house.toml:7  channel 'a': min is 5, but max is 1: no value could be true. Exchange "
     "them, or correct one."},
    {"a safe value outside the limits",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "kind = \"analog\"\n"
           "min = 5\n"
           "max = 10\n"
           "safe = 1\n",
     "house.toml:10  channel 'o': safe is 1, but min is 5. Use 5 or more, or lower min."},
    {"no safe value, and 0 is outside the limits",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "kind = \"analog\"\n"
           "min = 5\n"
           "max = 10\n",
     "house.toml:3  channel 'o': safe is not written and would be 0, which is outside min "
     "and max. Add safe = ... with the value that harms nobody."},
    {"a safe value of another kind",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "safe = 5\n",
     "house.toml:7  channel 'o': safe is 5, but the channel is digital. Write \"on\" or "
     "\"off\", or set kind = \"analog\"."},
    {"a dead band wider than the range",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "min = 0\n"
           "max = 10\n"
           "dead-band = 11\n",
     "house.toml:9  channel 'a': dead-band is 11, but from min to max it is only 10: no "
     "change would ever be told. Use a smaller one."},
    {"a scale of nothing",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "scale = 0\n",
     "house.toml:7  channel 'a': scale is 0, which makes every value the same. Use the "
     "factor from the driver's raw unit to the channel's."},
    {"a table twice",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n"
           "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:7  channel 'a': the name is used twice; another channel (house.toml:3) has "
     "it already. Choose another name, or remove one of them."},
    {"debounce at a rate that allows none",
     sim + "[counter.water]\n"
           "bus = \"s\"\n"
           "line = \"z\"\n"
           "debounce = \"20ms\"\n"
           "max-rate = 1000\n",
     "house.toml:6  counter 'water': debounce is 20ms, but at max-rate 1000 Hz a level "
     "lasts only 0.5 ms and would be taken for bounce. Use none at such a rate, or state a "
     "lower max-rate."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(told(x.toml), x.told);
  }
}

CAF_TEST(what is allowed is not complained about) {
  const struct {
    const char* what;
    std::string toml;
  } rows[] = {
    {"two rules on one output at two priorities",
     sim + "[channel.o]\nbus = \"s\"\nline = \"y\"\ndirection = \"output\"\n"
           "[rule.a]\noutputs = [\"o\"]\npriority = 9\nlua = \"x\"\n"
           "[rule.b]\noutputs = [\"o\"]\nlua = \"x\"\n"},
    {"one line on two buses",
     sim + "[bus.t]\ndriver = \"sim\"\n"
           "[channel.a]\nbus = \"s\"\nline = \"y\"\n[channel.b]\nbus = \"t\"\nline = \"y\"\n"},
    {"a rule with the name of a channel",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\n[rule.a]\nlua = \"x\"\n"},
    {"debounce without a stated rate",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\ndebounce = \"50ms\"\n"},
    {"debounce just below half a period",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\ndebounce = \"49ms\"\nmax-rate = 10\n"},
    {"a button that was never pressed",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\nstale-after = \"1s\"\n"},
    {"stale just after two polls",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\nkind = \"analog\"\nstale-after = \"2001ms\"\n"},
    {"two outputs that exclude each other",
     sim + "[channel.a]\nbus = \"s\"\nline = \"y\"\ndirection = \"output\"\ninterlock = [\"b\"]\n"
           "[channel.b]\nbus = \"s\"\nline = \"z\"\ndirection = \"output\"\ninterlock = [\"a\"]\n"},
    {"a periodic rule with a lease of its period",
     sim + "[channel.o]\nbus = \"s\"\nline = \"y\"\ndirection = \"output\"\n"
           "[rule.a]\noutputs = [\"o\"]\nevery = \"1m\"\nlease = \"1m\"\nlua = \"x\"\n"},
    {"a rule that commands nothing", sim + "[rule.a]\nevery = \"1m\"\nlua = \"log(1)\"\n"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(told(x.toml), "");
  }
}

CAF_TEST(all problems come at once and in the order of the text) {
  CAF_CHECK_EQUAL(told("[channel.a]\n"
                       "bus = \"huose\"\n"
                       "line = \"x\"\n"
                       "poll-evry = \"1s\"\n"
                       "stale-after = 5\n"
                       "[bus.house]\n"
                       "driver = \"sim\"\n"
                       "speed = 0\n"),
                  "house.toml:2  channel 'a': bus is \"huose\", which does not exist. Did you mean "
                  "'house'?\n"
                  "house.toml:4  channel 'a': there is no option 'poll-evry'. Did you mean "
                  "'poll-every'?\n"
                  "house.toml:5  channel 'a': stale-after is 5, a number without a unit. Write "
                  "\"5s\" for seconds or \"5ms\" for milliseconds.\n"
                  "house.toml:8  bus 'house': speed is 0, but 0.001 is the least. Use 0.001 or more.");
}

CAF_TEST(scripts are compiled by who can and a broken one is told at its line) {
  const lua_check compiler = [](const std::string& lua) {
    return lua.find("then") == lua.npos ? std::optional<std::string>{"2: 'then' expected near 'x'"}
                                        : std::nullopt;
  };
  const std::string rule = sim + "[rule.a]\nlua = ";
  CAF_CHECK_EQUAL(told(rule + "\"if true then end\"", compiler), "");
  CAF_CHECK_EQUAL(told(rule + "\"if x\"", compiler),
                  "house.toml:4  rule 'a': the script does not compile: 2: 'then' expected near 'x'");
  CAF_CHECK_EQUAL(told(rule + "\"if x\""), "");
}

CAF_TEST(programs find the kind and the path of a problem) {
  const auto it = read_house({{"house.toml", sim + "[channel.\"hall/lamp\"]\nbus = \"t\"\n"
                                                   "line = \"x\"\nlease = \"5s\"\n"}});
  CAF_REQUIRE_EQUAL(it.problems.size(), 2u);
  CAF_CHECK(it.problems[0].code == errc::not_found);
  CAF_CHECK_EQUAL(it.problems[0].path, "channel.\"hall/lamp\".bus");
  CAF_CHECK(it.problems[1].code == errc::invalid_argument);
  CAF_CHECK_EQUAL(it.problems[1].path, "channel.\"hall/lamp\".lease");
}

CAF_TEST(documents without a file are told without a place) {
  const auto it = check({make_document("channel", "a", {{"bus", "s"}, {"line", "x"}})});
  CAF_REQUIRE_EQUAL(it.size(), 1u);
  CAF_CHECK_EQUAL(it[0].to_string(0), "channel 'a': bus is \"s\", which does not exist. Add "
                                      "[bus.\"s\"], or correct the name.");
}

CAF_TEST(a section that a house does not have is told) {
  const auto it = check({make_document("pump", "a", {})});
  CAF_REQUIRE_EQUAL(it.size(), 1u);
  CAF_CHECK_EQUAL(it[0].to_string(0), "pump 'a': a house has no such section. The sections are bus, "
                                      "channel, counter, rule and drill.");
}
