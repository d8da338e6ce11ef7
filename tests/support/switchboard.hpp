#pragma once

#include <chrono>
#include <memory>
#include <string>

// A network of the test's own: machines are network namespaces, each with one
// interface "t0", and the switch between them is this process. It loses and
// delays frames as told, which the kernels of many build machines cannot (tc
// netem), cuts any direction between any two, and needs no cleaning: namespaces
// and interfaces end with the process that holds them, however it ends.

namespace troupe::test {

/// Why there can be no such network here; empty: there can. Looked at before
/// main, where the process has one thread and may get a user namespace.
const std::string& no_networks();

class switchboard {
public:
  switchboard();
  ~switchboard();
  switchboard(const switchboard&) = delete;
  switchboard& operator=(const switchboard&) = delete;

  /// A new machine with "lo" and "t0" up and no address but the link's own.
  /// @returns its port, from 0 on
  int plug_in();

  /// The namespace of a machine, for `setns`. Open as long as this object.
  [[nodiscard]] int network(int port) const;

  /// Each frame is lost with this probability, each that is not comes so much later.
  void quality(double loss, std::chrono::milliseconds delay);
  /// Frames from one machine to another vanish without a word, or come again.
  void cut(int from, int to, bool is_cut = true);
  /// Takes the machine's cable out, or puts it in: it sees that (`ip link set t0 down`).
  void cable(int port, bool is_in);
  /// `ip ARGS` inside a machine. Throws with what it said if it fails.
  void ip(int port, const std::string& args) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::test
