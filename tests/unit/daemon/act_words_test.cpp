#undef CAF_SUITE
#define CAF_SUITE act_words

#include "apps/daemon/act_words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::daemon;

CAF_TEST(what was done to whom and where and what follows) {
  const struct {
    const char *verb, *type;
    bool detached;
    const char *text, *next;
  } rows[] = {
    {"kill", "output", false, "killed on board, as a crash ends it; channels has started it again: incarnation 4 runs", "what was under way in it is lost"},
    {"restart", "bus", true, "stopped in order on board and started again by channels: incarnation 4 runs", ""},
    {"quarantine", "output", false, "out of service on board", "driven to the safe state, commands are refused and its reading is bad, until `troupe unquarantine x` or the next start of board"},
    {"quarantine", "input", false, "out of service on board", "its reading is bad, until"},
    {"quarantine", "counter", false, "out of service on board", "its reading is bad, until"},
    {"quarantine", "rule", false, "out of service on board", "what it held ends with its lease, until"},
    {"quarantine", "bus", true, "out of service on board", "its outputs go to their safe states, until"},
    {"quarantine", "store", true, "out of service on board", "it does nothing, until"},
    {"unquarantine", "rule", false, "in service again on board: incarnation 4 runs, its crashes are forgiven", "quarantined again"},
    {"hang", "bus", true, "hangs on board for 10 s", "channels finds that after some 5 s and starts another one in its place"},
    {"hang", "rule", false, "hangs on board for 10 s", "it answers again by itself"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.verb << " " << x.type);
    const auto said = act_words({x.verb, "x", x.type, "board", "channels", 4, x.detached, 10'000});
    CAF_CHECK_EQUAL(said.value("text", ""), x.text);
    CAF_CHECK(said.value("next", "?").find(x.next) != std::string::npos);
    CAF_CHECK_EQUAL(said.value("done", ""), x.verb);
    CAF_CHECK_EQUAL(said.value("node", ""), "board");
  }
}
