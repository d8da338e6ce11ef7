#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe::test {

/// How far a long run is, for the person at the terminal.
struct run_count {
  std::uint64_t done = 0;
  std::uint64_t of = 0;
  std::uint64_t violations = 0;

  friend bool operator==(const run_count&, const run_count&) = default;
};

/// "1200 of 5000 lives, 40/s, no violation, 95 s left"
[[nodiscard]] std::string to_text(const run_count& x, std::chrono::duration<double> since_begin);

/// Tells on stderr every 10 s how far a run of lives is, and lets it be interrupted: after SIGINT or
/// SIGTERM no life should begin, and the program tells what came of those until then. A second
/// signal ends the process at once. One for a process.
///
/// Threads: `life` under the caller's lock; `signal` by any.
class progress {
public:
  static constexpr std::chrono::seconds tell_every{10};

  progress(std::string program, std::uint64_t of);

  void life(bool well);
  /// @returns 0 if none has come
  [[nodiscard]] static int signal();

private:
  using clock = std::chrono::steady_clock;

  const std::string program_;
  const clock::time_point begun_ = clock::now();
  clock::time_point told_ = begun_;
  run_count so_far_;
};

} // namespace troupe::test
