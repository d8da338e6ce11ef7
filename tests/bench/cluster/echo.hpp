#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace troupe::bench {

/// What Troupe's path is held against. Two bare processes, mutual TLS 1.3 on
/// loopback, TCP_NODELAY, nothing done with the bytes.
enum class course_kind {
  /// Each side sleeps in poll until bytes come: what any program that crosses
  /// this machine's network with TLS pays at least. Two threads are woken.
  echo,
  /// The same bytes through as many threads as an event of Troupe: driver,
  /// worker | I/O, worker | I/O, worker, bus. Six are woken. What
  /// drivers, actors and links with threads of their own pay at least.
  chain,
};

class echo {
public:
  /// Forks the second process: before this one has threads.
  /// @param folder for certificates
  echo(course_kind kind, const std::string& folder);
  ~echo();

  /// Sends `out` bytes and waits for `in` bytes, each at least 8.
  /// @returns nanoseconds; of a chain until its last thread has the answer
  [[nodiscard]] double round_trip_ns(std::size_t out, std::size_t in);

  void kill(); ///< the second process, without waiting for its end
  /// Sleeps until the connection says that it is gone. @returns false: not within `limit`
  [[nodiscard]] bool wait_for_end(std::chrono::milliseconds limit);

private:
  struct parts;
  course_kind kind_;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::bench
