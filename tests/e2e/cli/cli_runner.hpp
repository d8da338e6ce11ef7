#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::test {

using json = nlohmann::json;

/// A fake node in a process of its own, and `troupe` to talk to it.
class cli_runner {
public:
  struct outcome {
    int exit = -1;
    std::string out;
    std::string err;
  };

  cli_runner();
  ~cli_runner();
  cli_runner(const cli_runner&) = delete;
  cli_runner& operator=(const cli_runner&) = delete;

  /// @param more arguments after the socket. @returns what it says when it is
  ///        ready, or nothing.
  std::string start_node(const std::vector<std::string>& more);
  void stop_node();

  /// `troupe --socket ... args`
  outcome troupe(std::vector<std::string> args, const std::string& input = "");
  /// `troupe args`
  outcome plain_troupe(std::vector<std::string> args, const std::string& input = "");

  [[nodiscard]] std::string socket() const { return dir + "/control.sock"; }
  /// What the node has written to standard error.
  [[nodiscard]] std::string node_log() const;

  std::string dir;

private:
  pid_t start(std::vector<std::string> words, const std::string& name);

  pid_t node_ = -1;
};

[[nodiscard]] inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace troupe::test
