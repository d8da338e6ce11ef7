#undef CAF_SUITE
#define CAF_SUITE explain

#include "config/schema/explain.hpp"

#include "config/schema/schema.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using schema::explain;

namespace {

bool holds(const result<std::string>& x, std::string_view part) {
  return x && x->find(part) != std::string::npos;
}

} // namespace

CAF_TEST(an option is explained whole) {
  const auto it = explain("channel.lease");
  CAF_REQUIRE(it);
  CAF_CHECK_EQUAL(
    *it, "channel.lease\n"
         "  How long a command is obeyed without being renewed, where the command states\n"
         "  no lease of its own. Shorter is safe sooner when a rule or its node dies;\n"
         "  longer rides over longer pauses.\n"
         "\n"
         "  type      duration\n"
         "  default   5s\n"
         "  limits    300ms to 1d: renewals come every 100ms, and one lost renewal must\n"
         "            not switch an output\n"
         "  only for  direction = \"output\"\n"
         "  a change  restarts the channel\n"
         "  example   lease = \"5s\"\n");
}

CAF_TEST(a key without its section is explained for each that has it) {
  const auto it = explain("stale-after");
  CAF_CHECK(holds(it, "channel.stale-after\n"));
  CAF_CHECK(holds(it, "\ncounter.stale-after\n"));
}

CAF_TEST(a section lists its options and nothing the sections) {
  for (const auto* of : schema::house_sections())
    for (const auto& x : of->options)
      CAF_CHECK(holds(explain(of->name), "\n  " + x.key + " "));
  CAF_CHECK(holds(explain("channel."), "poll-every"));
  for (const auto* x : {"bus (", "channel (", "counter (", "rule (", "node ("})
    CAF_CHECK(holds(explain(""), x));
}

CAF_TEST(everything that can be completed can be explained within the terminal) {
  for (const auto& x : schema::explainable()) {
    CAF_MESSAGE(x);
    const auto it = explain(x);
    CAF_REQUIRE(it);
    std::size_t from = 0;
    while (from < it->size()) {
      const auto to = it->find('\n', from);
      CAF_REQUIRE(to != std::string::npos);
      CAF_CHECK(to - from <= 79);
      from = to + 1;
    }
  }
}

CAF_TEST(an unknown key gets what was meant) {
  const struct {
    const char* key;
    const char* text;
  } rows[] = {
    {"channel.leese", "there is no option 'channel.leese'. Did you mean 'channel.lease'?"},
    {"leese", "there is no option 'leese'. Did you mean 'lease'?"},
    {"chanel", "there is no option 'chanel'. Did you mean 'channel'?"},
    {"poll_every", "there is no option 'poll_every'. Did you mean 'poll-every'?"},
    {"xyzzy", "there is no option 'xyzzy'. The sections are bus, channel, counter, rule, drill and node."},
  };
  for (const auto& x : rows) {
    const auto it = explain(x.key);
    CAF_REQUIRE(!it);
    CAF_CHECK(it.why().code == errc::not_found);
    CAF_CHECK_EQUAL(it.why().context, x.text);
  }
}
