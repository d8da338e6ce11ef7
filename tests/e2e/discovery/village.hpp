#pragma once

#include "tests/support/temp_folder.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Machines for discovery: each a network and mount namespace with a message bus
// and an avahi-daemon of its own, two of them joined by a cable.

namespace troupe::test {

/// Why there can be no machines here; empty: there can. The first call, from
/// before main where the process has one thread, moves the process into
/// namespaces of its own.
const std::string& no_village();

/// Says so and why, in the words that CTest looks for.
bool skipped();

/// A child that ends with this object, or with the test.
class process {
public:
  process(const std::vector<std::string>& command, const std::string& output);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() { kill(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string said() const; ///< all that it printed
  [[nodiscard]] bool says(const std::string& what, int within_s = 30) const;
  void send(int signal) const;
  void kill();
  /// Ends its input. @returns whether it ended by itself in that time.
  bool end(int within_s);

private:
  pid_t pid_ = -1;
  int input_ = -1;
  std::string output_;
};

class machine {
public:
  explicit machine(const std::string& name);

  void start_bus();
  void start_avahi();
  void stop_bus() { bus_.reset(); }
  void stop_avahi() { avahi_.reset(); }
  [[nodiscard]] const process& avahi() const { return *avahi_; }
  /// The program of discover.cpp, on this machine.
  std::unique_ptr<process> discover(const std::string& name, int port, const std::string& house);
  /// A program that goes on.
  std::unique_ptr<process> start(const std::vector<std::string>& command, const std::string& output) const {
    return std::make_unique<process>(inside(command), output);
  }
  /// Runs a command to its end. @returns whether it was content.
  bool run(const std::vector<std::string>& command);
  [[nodiscard]] pid_t pid() const { return held_->pid(); }

private:
  std::vector<std::string> inside(const std::vector<std::string>& command) const;

  std::string name_;
  temp_folder folder_;
  int started_ = 0;
  std::unique_ptr<process> held_;
  std::unique_ptr<process> bus_;
  std::unique_ptr<process> avahi_;
};

/// Joins the two by a cable, "v0" at both ends; 10.77.0.1 and .2 if `ipv4`.
bool join(machine& one, machine& other, bool ipv4);

bool within(int seconds, const std::function<bool()>& holds);

} // namespace troupe::test
