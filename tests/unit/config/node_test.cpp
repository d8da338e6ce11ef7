#undef CAF_SUITE
#define CAF_SUITE node

#include "config/load/parse.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

CAF_TEST(an empty file is a node with safe defaults) {
  const auto it = parse_node("", "node.toml");
  CAF_CHECK(it.problems.empty());
  CAF_CHECK(it.node == node_config{});
}

CAF_TEST(every option of the machine is read) {
  const auto it = parse_node("name = \"boiler\"\n"
                             "data-dir = \"/srv/troupe\"\n"
                             "socket = \"/tmp/c.sock\"\n"
                             "socket-group = \"operators\"\n"
                             "drivers = [\"gpio\"]\n"
                             "worker-threads = 4\n"
                             "lock-memory = true\n"
                             "realtime-priority = 50\n"
                             "store-memory = \"16MiB\"\n"
                             "flash-per-day = \"1GiB\"\n"
                             "checkpoint-every = \"30s\"\n"
                             "journal-events = 500\n"
                             "journal-days = 7\n"
                             "log-level = \"debug\"\n",
                             "node.toml");
  CAF_CHECK(it.problems.empty());
  node_config wanted;
  wanted.name = "boiler";
  wanted.data_dir = "/srv/troupe";
  wanted.socket = "/tmp/c.sock";
  wanted.socket_group = "operators";
  wanted.drivers = {"gpio"};
  wanted.worker_threads = 4;
  wanted.lock_memory = true;
  wanted.realtime_priority = 50;
  wanted.store_memory_bytes = 16u << 20;
  wanted.flash_bytes_per_day = 1u << 30;
  wanted.checkpoint_every = milliseconds{30'000};
  wanted.journal_events = 500;
  wanted.journal_days = 7;
  wanted.log_level = "debug";
  CAF_CHECK(it.node == wanted);
}

CAF_TEST(all that is wrong with a node is told at once and the rest still counts) {
  const auto it = parse_node("nam = \"boiler\"\n"
                             "worker-threads = 0\n"
                             "store-memory = 8000000\n"
                             "checkpoint-every = 10s\n"
                             "log-level = \"warn\"\n"
                             "journal-days = 7\n",
                             "node.toml");
  const char* wanted[] = {
    "node.toml:1  there is no option 'nam'. Did you mean 'name'?",
    "node.toml:2  worker-threads is 0, but 1 is the least. Use 1 or more.",
    "node.toml:3  store-memory is 8000000, a number without a unit. Write \"8000000MiB\" or "
    "\"8000000B\".",
    "node.toml:4",
    "node.toml:5  log-level is \"warn\", but only trace, debug, info, warning, error are known. Did "
    "you mean \"warning\"?",
  };
  CAF_REQUIRE_EQUAL(it.problems.size(), std::size(wanted));
  for (std::size_t i = 0; i < it.problems.size(); ++i)
    if (it.problems[i].at.line == 4) // the text is the TOML library's
      CAF_CHECK_EQUAL(it.problems[i].way_out, "A text goes in quotes: checkpoint-every = \"10s\".");
    else
      CAF_CHECK_EQUAL(it.problems[i].to_string(0), wanted[i]);
  CAF_CHECK_EQUAL(it.node.journal_days, 7u);
  CAF_CHECK_EQUAL(it.node.worker_threads, 2u);
}

CAF_TEST(the name of a node is one word) {
  for (const auto* x : {"a/b", "Boiler", "a b", ""}) {
    CAF_MESSAGE("'" << x << "'");
    CAF_CHECK(any_fatal(parse_node(std::string{"name = \""} + x + "\"\n", "node.toml").problems));
  }
}

CAF_TEST(things of the house are sent to house.toml) {
  const auto it = parse_node("[bus.a]\ndriver = \"sim\"\n", "node.toml");
  CAF_REQUIRE_EQUAL(it.problems.size(), 1u);
  CAF_CHECK_EQUAL(it.problems[0].to_string(0),
                  "node.toml:1  'bus' is about the house. It belongs into house.toml.");
}
