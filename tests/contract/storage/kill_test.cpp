#undef CAF_SUITE
#define CAF_SUITE kill
#include <caf/test/dsl.hpp>

#include "storage/rocks/rocks_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/temp_folder.hpp"

#include <csignal>
#include <random>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::storage;

extern char** environ;

namespace {

struct life {
  std::uint64_t acknowledged = 0; ///< highest number that was told
  std::uint64_t told = 0;
  int exit = -1; ///< 0 if it was still alive when killed
};

/// Starts a writer, lets it work, kills it.
life live_and_die(const std::string& folder, unsigned first_ack_then_us) {
  int ends[2];
  CAF_REQUIRE_EQUAL(::pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  std::string program = STORE_WRITER;
  std::string argument = folder;
  char* words[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  CAF_REQUIRE_EQUAL(::posix_spawn(&child, program.c_str(), &actions, nullptr, words, environ),
                    0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  life out;
  std::uint64_t number = 0;
  if (::read(ends[0], &number, sizeof number) == sizeof number) {
    out.acknowledged = number;
    out.told = 1;
  }
  ::usleep(first_ack_then_us);
  ::kill(child, SIGKILL);
  int how = 0;
  ::waitpid(child, &how, 0);
  out.exit = WIFSIGNALED(how) ? 0 : WEXITSTATUS(how);
  while (::read(ends[0], &number, sizeof number) == sizeof number) {
    out.acknowledged = std::max(out.acknowledged, number);
    ++out.told;
  }
  ::close(ends[0]);
  return out;
}

} // namespace

CAF_TEST(I1 I3 after each of 100 kills every acknowledged write is there and the total holds) {
  test::temp_folder folder;
  std::mt19937 chance{7};
  std::uint64_t total = 0;
  std::uint64_t told = 0;
  for (int i = 0; i < 100; ++i) {
    const auto x = live_and_die(folder.path(), chance() % 20'000);
    CAF_REQUIRE_EQUAL(x.exit, 0);
    CAF_REQUIRE(x.told > 0);
    told += x.told;
    auto disk = open_rocks(folder / "db");
    CAF_REQUIRE(disk);
    store_options options;
    options.node = "attic";
    options.ring_path = folder / "pulse.ring";
    auto opened = replicated_store::open(std::move(*disk), options, system_clocks());
    CAF_REQUIRE(opened);
    auto& it = **opened;
    // The writer goes round 50 keys: the last 50 acknowledged numbers must be
    // what is there, or overtaken by a later write of the same key.
    for (auto n = x.acknowledged < 49 ? 0 : x.acknowledged - 49; n <= x.acknowledged; ++n) {
      const auto entry = it.get(slot_kind::map, "n/" + std::to_string(n % 50));
      CAF_REQUIRE(entry);
      if (std::stoull(entry->payload) < n)
        CAF_FAIL("lost " << n << ", found " << entry->payload);
    }
    CAF_CHECK(it.counter("water").total >= total);
    // At most the pulses since the last of its check points, every fourth.
    CAF_CHECK(it.counter("water").total + 5 * static_cast<std::uint64_t>(i + 1) > told);
    total = it.counter("water").total;
    CAF_REQUIRE(it.close());
  }
  CAF_MESSAGE(told << " acknowledged writes, total " << total);
  CAF_CHECK(total <= told + 100); // one unacknowledged pulse per life at most
}
