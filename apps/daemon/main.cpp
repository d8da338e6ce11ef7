#include "apps/daemon/drill_waker.hpp"
#include "apps/daemon/dying_gasp.hpp"
#include "apps/daemon/log.hpp"
#include "apps/daemon/node.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/restore.hpp"
#include "config/load/parse.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace troupe;
using namespace troupe::daemon;

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file{path};
  if (!file)
    return {};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The signals that end a node. Blocked in every thread; main waits for them.
sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

std::atomic<int> wanted_exit{stopped};

/// How long ago the root may have looked after everybody, once a second, for
/// the node to count as alive.
constexpr std::chrono::seconds alive_within{5};

/// Waits for a signal and feeds systemd's watchdog, if it wants to be fed
/// (WATCHDOG_USEC), as long as the scheduler and the clock work: a timer of our
/// own would feed it while nothing else moves any more.
int wait_for_end(const sigset_t& signals, const node& here) {
  std::uint64_t limit_us = 0;
  const bool watched = sd_watchdog_enabled(0, &limit_us) > 0;
  const auto pause_us = limit_us / 3;
  const timespec pause{static_cast<time_t>(pause_us / 1'000'000),
                       static_cast<long>(pause_us % 1'000'000) * 1000};
  for (bool fed = true;;) {
    const int received = watched ? sigtimedwait(&signals, nullptr, &pause) : sigwaitinfo(&signals, nullptr);
    if (received > 0)
      return received;
    if (!watched || errno != EAGAIN)
      continue;
    const bool alive = here.alive(alive_within);
    if (alive)
      sd_notify(0, "WATCHDOG=1");
    else if (fed)
      spdlog::error("nobody has been looked after for {} s: systemd's watchdog is not fed any more",
                    alive_within.count());
    fed = alive;
  }
}

/// For `troupe restore`, which tells people.
int restore(const node_config& config, const std::string& file, bool replace, bool as_json) {
  const auto done = restore_store(config, file, replace);
  if (!done) {
    fmt::print(stderr, "troupe: {}\n", done.why().context);
    return done.why().code == errc::corrupt || done.why().code == errc::unsupported ? bad_backup : failed_to_start;
  }
  const auto& of = *done->what.begins;
  if (as_json)
    fmt::print("{}\n", nlohmann::json{{"node", config.name}, {"store", done->store}, {"aside", done->aside}, {"of", of.node}, {"at", of.at},
                                      {"slots", done->what.slots}, {"events", done->what.events}}
                         .dump());
  else
    fmt::print("restored {} from the backup of {}: {} slots, {} events\n{}start the node; what other members know that is newer comes "
               "from them\n", done->store, of.node, done->what.slots, done->what.events,
               done->aside.empty() ? "" : fmt::format("the store that was there is now {}; remove it when all is well\n", done->aside));
  return stopped;
}

int run(node_config config, std::string first_house, std::string first_house_name) {
  const auto signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (config.lock_memory && mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
    spdlog::warn("lock-memory: the system refused ({}); under load, memory may be paged out. Give trouped "
                 "CAP_IPC_LOCK, or set lock-memory = false.", std::strerror(errno));
  const auto name = config.name;
  node here{{.config = std::move(config),
             .first_house = std::move(first_house),
             .first_house_name = std::move(first_house_name),
             .on_end = [](exit_code why) {
               wanted_exit = why;
               ::kill(::getpid(), SIGTERM);
             }}};
  if (auto started = here.start(); !started) {
    spdlog::error("{} does not start: {}", name, started.why().context);
    return failed_to_start;
  }
  sd_notify(0, "READY=1");
  const int received = wait_for_end(signals, here);
  sd_notify(0, "STOPPING=1");
  spdlog::info("{} stops ({})", name, wanted_exit == stopped ? strsignal(received) : "supervision gave up");
  if (auto ended = here.stop(); !ended) {
    // Threads that hang in a driver cannot be joined.
    spdlog::error("{} stopped incompletely: {}", name, ended.why().context);
    finish_log();
    _exit(wanted_exit == stopped ? stop_incomplete : wanted_exit.load());
  }
  spdlog::info("{} has stopped", name);
  return wanted_exit;
}

} // namespace

int main(int argc, char** argv) {
  if (is_waker(argc, argv))
    return run_waker(argv);
  CLI::App app{"A node of Troupe: supervised channels, counters and rules on this machine.", "trouped"};
  app.footer("Examples:\n"
             "  trouped --config /etc/troupe/node.toml\n"
             "  trouped --config node.toml --house house.toml   a new node begins with this house\n"
             "  trouped --config node.toml --check              only say what is wrong with it\n"
             "  trouped --config node.toml --restore FILE       what `troupe restore` does\n\n"
             "Ends with 0 after SIGTERM or SIGINT, 1 if it cannot start, 2 for a bad configuration,\n"
             "70 when supervision gave up, 71 when something hung at the stop.");
  std::string config_path = "/etc/troupe/node.toml", house_path;
  std::string backup;
  bool only_check = false, replace = false, as_json = false;
  app.add_option("-c,--config", config_path, "node.toml of this machine")->capture_default_str();
  app.add_option("--house", house_path, "house.toml for a node that has no house yet");
  app.add_flag("--check", only_check, "check the configuration and stop");
  auto* from = app.add_option("--restore", backup, "make the store from a backup and stop; the node must not run");
  app.add_flag("--replace", replace, "with --restore: move a store that is there aside")->needs(from);
  app.add_flag("--json", as_json, "with --restore: tell what was done as JSON")->needs(from);
  app.set_version_flag("--version", "trouped " TROUPE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& why) {
    return app.exit(why) == 0 ? stopped : bad_configuration;
  }

  const auto text = read_file(config_path);
  if (!text) {
    fmt::print(stderr, "trouped: cannot read {}: {}. Name another with --config; `troupe config explain node` "
                       "lists what it may hold.\n", config_path, std::strerror(errno));
    return bad_configuration;
  }
  auto parsed = parse_node(*text, config_path);
  for (const auto& x : parsed.problems)
    fmt::print(stderr, "{}\n", x.to_string());
  if (any_fatal(parsed.problems))
    return bad_configuration;
  std::string house;
  if (!backup.empty())
    return restore(parsed.node, backup, replace, as_json);
  if (!house_path.empty()) {
    auto found = read_file(house_path);
    if (!found) {
      fmt::print(stderr, "trouped: cannot read {}: {}\n", house_path, std::strerror(errno));
      return bad_configuration;
    }
    house = std::move(*found);
  }
  if (only_check) {
    fmt::print("{}: nothing wrong\n", config_path);
    return stopped;
  }
  if (auto logging = set_up_log(parsed.node.log_level); !logging) {
    fmt::print(stderr, "trouped: {}\n", logging.why().context);
    return bad_configuration;
  }
  if (parsed.node.run_first)
    if (const auto first = run_before_others(); !first) {
      spdlog::info("run-first: {}", first.why().context);
      parsed.node.run_first = first.why().code != errc::conflict;
    }
  if (auto gasp = start_dying_gasp(); !gasp)
    spdlog::warn("{}; they notice some ms later", gasp.why().context);
  const int ended = run(std::move(parsed.node), std::move(house), house_path);
  finish_log();
  return ended;
}
