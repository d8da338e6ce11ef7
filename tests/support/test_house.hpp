#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::test {

/// What a finished program said.
struct finished {
  int exit = -1; ///< exit status; 128 + signal if one ended it
  std::string out;
  std::string err;
};

/// Runs a program to its end, at most `limit` long; then it is killed, by its
/// own process id, and `exit` is 137.
/// @param network  a network namespace to run it in; -1: this one
finished run_program(const std::vector<std::string>& args, const std::string& input = {},
                     std::chrono::seconds limit = std::chrono::seconds{30}, int network = -1);

/// A real node: `trouped` in a folder of its own under the temporary folder,
/// and `troupe` to talk to it, as a user would. Everything that it started
/// ends and everything that it wrote goes with it, also when a test fails. The
/// thread that starts the node keeps it: when that thread ends, so does the node.
class test_house {
public:
  /// @param house_toml what the node starts with; may be empty
  explicit test_house(std::string house_toml, std::string more_node_toml = {});
  ~test_house();
  test_house(const test_house&) = delete;
  test_house& operator=(const test_house&) = delete;

  /// Starts `trouped` and waits until it answers. Throws std::runtime_error
  /// with the log's end if it does not within 10 s.
  void start();

  /// For the node's process, from its next start on.
  void environment(const std::string& name, const std::string& value);

  /// Sets the node's wall clock, and nobody else's, so far from the true one;
  /// as often as wanted, also while it runs. The first call must come before
  /// `start`.
  /// @param synchronised does the network keep that clock right?
  void shift_clock(std::chrono::seconds by, bool synchronised = false);

  /// SIGKILL, and waits for the process to be gone.
  void kill();

  /// SIGTERM. @returns the exit status, 137 if it had to be killed after 10 s.
  int stop();

  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const std::string& dir() const noexcept { return dir_; }
  [[nodiscard]] std::string data_dir() const { return dir_ + "/data"; }
  [[nodiscard]] std::string socket() const { return dir_ + "/s"; }
  [[nodiscard]] std::string log() const;

  /// `troupe ARGS...`
  finished troupe(std::vector<std::string> args, const std::string& input = {}) const;

  /// `troupe --json ARGS...`, parsed. Throws if it fails or is no JSON.
  nlohmann::json ask(std::vector<std::string> args) const;

  /// Asks until `good` says so, at most `limit` long.
  /// @returns the last answer, good or not.
  template <class Predicate>
  nlohmann::json wait_for(std::vector<std::string> args, Predicate good,
                          std::chrono::milliseconds limit = std::chrono::seconds{10}) const {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
      nlohmann::json answer;
      try {
        answer = ask(args);
        if (good(answer))
          return answer;
      } catch (const std::exception&) {
        // Not there yet: asked again until the limit.
      }
      if (std::chrono::steady_clock::now() > until)
        return answer;
      pause(std::chrono::milliseconds{20});
    }
  }

  static void pause(std::chrono::milliseconds time);

private:
  std::string dir_;
  std::string house_;
  std::map<std::string, std::string> environment_;
  pid_t pid_ = 0;
};

} // namespace troupe::test
