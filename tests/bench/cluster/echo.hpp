#pragma once

#include "tests/support/test_pki.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <sys/types.h>

namespace troupe::bench {

/// Two bare processes and OpenSSL between them: mutual TLS 1.3 on loopback,
/// TCP_NODELAY, each side sleeps in poll until bytes come. What any program
/// that crosses this machine's network with TLS pays at least.
class echo {
public:
  /// Forks the second process: before this one has threads.
  /// @param folder for certificates
  explicit echo(const std::string& folder);
  ~echo();

  /// Sends `out` bytes and waits for `in` bytes. @returns nanoseconds
  [[nodiscard]] double round_trip_ns(std::size_t out, std::size_t in);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::bench
