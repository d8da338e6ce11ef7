#pragma once

#include "tests/support/test_pki.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::bench {

/// CLOCK_MONOTONIC, which all processes of a machine share.
[[nodiscard]] std::int64_t now_ns();
void sleep_until_ns(std::int64_t at);
void pause(std::chrono::milliseconds time);

/// Real nodes that know each other: each a process of its own on loopback or in
/// a network namespace, with certificates of one authority, in a folder that
/// goes with the farm. Whoever the farm started ends with it, by its own id,
/// also when the bench dies.
///
/// Threads: one. Errors: std::runtime_error, with the end of the node's log.
class farm {
public:
  struct plan {
    std::string name;
    std::vector<std::string> peers{};  ///< names of nodes added before or later
    std::string house{};               ///< house.toml
    std::string net_namespace{};       ///< an existing one; empty: this process's
    std::string address = "127.0.0.1"; ///< where it listens, at a free port
    std::vector<std::string> program{};     ///< instead of `trouped`: words before --config
    std::vector<std::string> environment{}; ///< "NAME=value"
    std::string more{};                     ///< of node.toml
  };

  farm();
  ~farm();
  farm(const farm&) = delete;
  farm& operator=(const farm&) = delete;

  void add(plan x);
  /// Writes the files of all nodes; once, after the last `add`.
  void write();
  void start(const std::string& name);
  void signal(const std::string& name, int what) const;
  /// SIGKILL, and waits for the process to be gone.
  void kill(const std::string& name);
  void kill_all();

  [[nodiscard]] std::string folder(const std::string& name) const { return dir_ + "/" + name; }
  [[nodiscard]] std::string config_file(const std::string& name) const { return folder(name) + "/node.toml"; }
  [[nodiscard]] std::string house_file(const std::string& name) const { return folder(name) + "/house.toml"; }
  [[nodiscard]] std::string socket(const std::string& name) const { return folder(name) + "/s"; }
  [[nodiscard]] const std::string& dir() const noexcept { return dir_; }
  [[nodiscard]] pid_t pid(const std::string& name) const { return pids_.at(name); }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] int port(const std::string& name) const { return ports_.at(name); }
  [[nodiscard]] std::string log(const std::string& name) const;

  /// GET from a node's control interface; null while it does not answer.
  [[nodiscard]] nlohmann::json get(const std::string& name, const std::string& path) const;
  /// How many nodes `name` shows alive, itself included.
  [[nodiscard]] std::size_t alive_at(const std::string& name) const;
  /// Waits until each of `who` shows `count` alive.
  /// @returns the seconds it took, or less than 0 if `limit` passed.
  double await_alive(const std::vector<std::string>& who, std::size_t count,
                     std::chrono::milliseconds limit, std::chrono::milliseconds look_every) const;

private:
  std::string dir_;
  std::map<std::string, plan> plans_;
  std::map<std::string, int> ports_;
  std::map<std::string, pid_t> pids_;
  test::test_authority authority_{"bench"};
};

/// What a process has used since it began.
struct usage {
  double cpu_s = 0;
  double rss_mib = 0;
  double wakeups = 0;
};
[[nodiscard]] usage usage_of(pid_t pid);

} // namespace troupe::bench
