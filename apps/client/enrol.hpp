#pragma once

#include "apps/client/problem.hpp"
#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace troupe::client {

/// Whom to ask for a certificate, and what to believe of it before we hold one.
struct enrol_server {
  std::string host; ///< a name or an address, without brackets
  std::string port = "4711";
  std::string root; ///< SHA-256 of its root, hex: from the token
  wall_ms minted = 0; ///< it is not before this, whatever the clock says
};

/// Asks a server for a certificate: TLS 1.3 without a certificate of ours. The
/// server must show a chain that ends in the root with this SHA-256, made for a
/// server, and valid at this machine's time or at `minted`, whichever is later;
/// until that is checked, nothing is sent.
///
/// Blocking: `patience` at most.
/// @returns the server's answer, or why not: `untrusted` as the code for a
///          server that is not who the token says, "clock" for a time at which
///          its certificate is not valid.
[[nodiscard]] answer<nlohmann::json> enrol(const enrol_server& at, const nlohmann::json& body,
                                           const clock_source& clocks = system_clocks(),
                                           std::chrono::seconds patience = std::chrono::seconds{20});

} // namespace troupe::client
