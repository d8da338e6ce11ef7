#undef CAF_SUITE
#define CAF_SUITE mistakes

#include "tests/unit/config/told.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using test::sim;
using test::told;

CAF_TEST(every mistake is told with its place and value and limit and way out) {
  const struct {
    const char* what;
    std::string toml;
    const char* told;
  } rows[] = {
    {"a number without a unit",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "poll-every = 5\n",
     "house.toml:6  channel 'a': poll-every is 5, a number without a unit. Write \"5s\" for "
     "seconds or \"5ms\" for milliseconds."},
    {"no duration",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "poll-every = \"soon\"\n",
     "house.toml:6  channel 'a': poll-every is \"soon\", which is no duration. Write a number "
     "and one of ms, s, m, h, d, like \"200ms\" or \"5s\"."},
    {"below the least",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "lease = \"100ms\"\n",
     "house.toml:7  channel 'o': lease is 100ms, but 300ms is the least: renewals come "
     "every 100ms, and one lost renewal must not switch an output. Use 300ms or more."},
    {"above the most",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "poll-every = \"2d\"\n",
     "house.toml:6  channel 'a': poll-every is 2d, but 1d is the most. Use 1d or less."},
    {"neither true nor false",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "active-low = \"yes\"\n",
     "house.toml:6  channel 'a': active-low is \"yes\", but only true and false are known. "
     "Write active-low = true or active-low = false, without quotes."},
    {"a slip in a word",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "edges = \"risng\"\n",
     "house.toml:6  channel 'a': edges is \"risng\", but only none, rising, falling, both are "
     "known. Did you mean \"rising\"?"},
    {"an unknown word",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "edges = \"up\"\n",
     "house.toml:6  channel 'a': edges is \"up\", but only none, rising, falling, both are "
     "known. Write one of them."},
    {"a number in quotes",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "scale = \"2\"\n",
     "house.toml:7  channel 'a': scale is \"2\", which is no number. Write a finite number, "
     "without quotes."},
    {"no whole number",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "buffer = 100.5\n",
     "house.toml:6  channel 'a': buffer is 100.5, which is no whole number. Write a whole "
     "number."},
    {"a text for a list",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "interlock = \"x\"\n",
     "house.toml:7  channel 'o': interlock is \"x\", but a list is wanted. Write interlock = "
     "[\"x\"]."},
    {"a number in a list of texts",
     sim + "[channel.o]\n"
           "bus = \"s\"\n"
           "line = \"y\"\n"
           "direction = \"output\"\n"
           "interlock = [1]\n",
     "house.toml:7  channel 'o': interlock is [1], but 1 in it is no text. Put each item in "
     "quotes."},
    {"a number for a text",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "label = 5\n",
     "house.toml:6  channel 'a': label is 5, but a text is wanted. Put it in quotes: label "
     "= \"...\"."},
    {"a line break in a label",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "label = \"a\\nb\"\n",
     "house.toml:6  channel 'a': label is \"a\\nb\", with a line break or control character in "
     "it. Remove it."},
    {"a slip in a key",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "stale-aftr = \"5s\"\n",
     "house.toml:6  channel 'a': there is no option 'stale-aftr'. Did you mean 'stale-after'?"},
    {"an underscore",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "stale_after = \"5s\"\n",
     "house.toml:6  channel 'a': there is no option 'stale_after'. Did you mean 'stale-after'?"},
    {"an option of another section",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "pulses-per-unit = 5\n",
     "house.toml:6  channel 'a': there is no option 'pulses-per-unit'; counters have it. "
     "`troupe config explain channel` lists what there is."},
    {"an option that nobody knows",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "zzzzzz = 5\n",
     "house.toml:6  channel 'a': there is no option 'zzzzzz'. `troupe config explain "
     "channel` lists what there is."},
    {"an output option of an input",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "safe = \"on\"\n",
     "house.toml:6  channel 'a': safe is only for direction = \"output\", and this one has "
     "\"input\". Remove one of them."},
    {"a digital option of an analog channel",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "debounce = \"5ms\"\n",
     "house.toml:7  channel 'a': debounce is only for kind = \"digital\", and this one has "
     "\"analog\". Remove one of them."},
    {"no driver",
     std::string{"[bus.s]\n"},
     "house.toml:1  bus 's': driver is missing. Add driver = \"gpio\", for example."},
    {"no chip",
     std::string{"[bus.g]\n"
                 "driver = \"gpio\"\n"},
     "house.toml:1  bus 'g': chip is missing. Add chip = \"pinctrl-bcm2711\", for example."},
    {"no script",
     sim + "[rule.r]\n",
     "house.toml:3  rule 'r': lua is missing. Add lua = ''' ... ''', for example."},
    {"a dot in a name without quotes",
     sim + "[channel.hall.lamp]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n",
     "house.toml:3  channel 'hall': 'lamp' is a table inside it, and no option. If it is "
     "part of the name, put the whole name in quotes: [channel.\"hall/lamp\"]."},
    {"a name that is no address",
     sim + "[channel.\"Hall Lamp\"]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:3  channel 'Hall Lamp': the name may have only a-z 0-9 - _ . and parts "
     "joined by /, and each part begins with a letter or digit. \"hall-lamp\" would do."},
    {"a name in the space of rules",
     sim + "[channel.\"rule/x\"]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:3  channel 'rule/x': names that begin with rule/ are the addresses of "
     "rules. Choose another first part."},
    {"a name that the node needs itself",
     sim + "[channel.store]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "\n",
     "house.toml:3  channel 'store': 'store' is the address of a part of the node itself. "
     "\"house/store\" would do."},
    {"a size without a unit",
     sim + "[rule.r]\n"
           "memory = 1000\n"
           "lua = \"x\"\n",
     "house.toml:4  rule 'r': memory is 1000, a number without a unit. Write \"1000MiB\" or "
     "\"1000B\"."},
    {"a size below the least",
     sim + "[rule.r]\n"
           "memory = \"1KiB\"\n"
           "lua = \"x\"\n",
     "house.toml:4  rule 'r': memory is 1KiB, but 64KiB is the least. Use 64KiB or more."},
    {"a priority below the least",
     sim + "[rule.r]\n"
           "priority = 0\n"
           "lua = \"x\"\n",
     "house.toml:4  rule 'r': priority is 0, but 1 is the least. Use 1 or more."},
    {"an empty script",
     sim + "[rule.r]\n"
           "lua = \" \"\n",
     "house.toml:4  rule 'r': lua is \" \", which is empty. Write lua = \"...\"."},
    {"a slip in a section",
     std::string{"[chanel.a]\n"
                 "bus = \"s\"\n"},
     "house.toml:1  There is no section 'chanel'. Did you mean 'channel'?"},
    {"an option of node.toml",
     std::string{"data-dir = \"/x\"\n"},
     "house.toml:1  'data-dir' is about the machine. It belongs into node.toml."},
    {"an option without a thing",
     std::string{"[channel]\n"
                 "bus = \"s\"\n"},
     "house.toml:2  'bus' belongs to a channel, but none is named here. Write "
     "[channel.\"hall/lamp\"] and its options below."},
    {"an array of tables",
     std::string{"[[channel]]\n"
                 "bus = \"s\"\n"},
     "house.toml:1  'channel' is no table. Write [channel.\"hall/lamp\"] and its options below."},
    {"a date",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "label = 1979-05-27\n",
     "house.toml:6  1979-05-27 is a date or time, which no option takes. If it is meant as "
     "a text, put it in quotes."},
    {"no finite number",
     sim + "[channel.a]\n"
           "bus = \"s\"\n"
           "line = \"x\"\n"
           "kind = \"analog\"\n"
           "scale = inf\n",
     "house.toml:7  channel 'a': scale is \"inf\", which is no number. Write a finite number, "
     "without quotes."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(told(x.toml), x.told);
  }
}
