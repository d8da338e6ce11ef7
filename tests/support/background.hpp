#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::test {

/// A program that runs beside the test and ends with it, or with the thread
/// that started it. What it prints goes to a file.
class background {
public:
  background() = default;
  /// @param network  a network namespace to run it in; -1: this one
  background(const std::vector<std::string>& command, std::string output, int network = -1);
  background(background&& x) noexcept;
  background& operator=(background&& x) noexcept;
  ~background() { kill(); }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running(); ///< takes its status when it has ended
  [[nodiscard]] std::string said() const;
  /// What it printed as JSON, one object per line; lines that are none are left out.
  [[nodiscard]] std::vector<nlohmann::json> lines() const;
  void send(int signal) const;
  /// Waits for its end. @returns its exit status, 128 + signal; 137 if it had to be killed
  int wait(std::chrono::milliseconds limit);
  void kill();

private:
  pid_t pid_ = 0;
  int status_ = -1;
  std::string output_;
};

/// Looks every 10 ms until it holds. @returns whether it did within the time
bool within(std::chrono::milliseconds time, const std::function<bool()>& holds);

} // namespace troupe::test
