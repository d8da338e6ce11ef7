#pragma once

#include "apps/client/problem.hpp"
#include "cluster/tls/credentials.hpp"

#include <string>

namespace troupe::client {

/// Which node to ask, and the way to it.
struct target {
  std::string socket{};   ///< a unix socket; used when there is no `host`
  std::string host{};     ///< "attic@10.0.0.7:4711"; over TLS
  std::string identity{}; ///< folder with the certificate to show there
  std::string node{};     ///< ask this one through it; empty: the one that answers
};

/// Fills what is not given: $TROUPE_SOCKET, else /run/troupe/control.sock;
/// $TROUPE_HOST, unless a socket is given; $TROUPE_IDENTITY, else
/// ~/.config/troupe.
[[nodiscard]] target resolve(target given);

/// "10.0.0.7", "attic.local:4711", "[fd00::7]:4711", "fd00::7"; with the name
/// that the node's certificate must have in front: "attic@10.0.0.7".
struct host_address {
  std::string node; ///< empty: any node of the cluster
  std::string host;
  std::string port = "4711";
};
[[nodiscard]] answer<host_address> parse_host(const std::string& text);

/// operator.crt, operator.key, ca.crt and, if it is there, revoked.crl.
[[nodiscard]] cluster::credential_files identity_files(const std::string& folder);

} // namespace troupe::client
