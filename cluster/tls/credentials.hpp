#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cluster {

/// What a certificate allows, from its OU. Only `node` speaks BASP freely;
/// `board` (a pre-shared key) may show readings under its own names and take
/// commands for them, nothing else. People have `viewer` or `operator`.
enum class role : std::uint8_t { none, viewer, operator_, board, node };

const char* to_string(role x) noexcept;           ///< "viewer", "operator", "board", "node"
role role_from(const std::string& text) noexcept; ///< `none`: no role of that name

/// Who is at the other end of a link, as proven by TLS.
struct peer_identity {
  std::string name; ///< CN, or the name of the pre-shared key
  role allowed = role::none;
  std::string fingerprint; ///< SHA-256 of the certificate, hex; empty with a key
  std::string serial;      ///< hex; empty with a key
  std::vector<std::string> issuers; ///< serials of the authorities above it, up to the root
  std::string address;     ///< "10.0.0.7:4710"
  std::string node_id;     ///< CAF's, "node:<name>/<incarnation>"; empty until BASP is up
  std::string cipher;
  wall_ms expires = 0; ///< 0: never
  bool psk = false;
  bool dialled = false;           ///< by us
  std::vector<std::string> names; ///< a board: prefixes of all names it may use; else empty
};

/// Where a node keeps what proves its name; written by `troupe join` and by
/// renewal, read by the transport and the control interface. PEM.
struct credential_files {
  std::string certificate; ///< chain, own certificate first: `node.crt`
  std::string key;         ///< `node.key`, mode 0600
  std::string authorities; ///< roots that are trusted, old and new: `ca.crt`
  std::string revoked;     ///< CRLs of all authorities: `revoked.crl`; may be absent
  std::string time_floor;  ///< `clock.floor`: newest time known; may be absent
  std::string psk;         ///< pre-shared keys; empty: none

  /// The usual names in a folder.
  [[nodiscard]] static credential_files in(const std::string& folder);
};

} // namespace troupe::cluster
