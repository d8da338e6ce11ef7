#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>

using SSL = struct ssl_st;

namespace troupe::client {

/// The certificate that the server showed.
struct shown_certificate {
  std::string name; ///< CN
  wall_ms from = 0, until = 0;
};

/// Is this server below the root with this SHA-256 (hex)? Signatures, purpose
/// and the rest, but not the times: those depend on a clock that may be wrong.
/// @returns `untrusted`, in words for whoever stands before a new board.
[[nodiscard]] result<shown_certificate> check_pinned(SSL* ssl, const std::string& root);

} // namespace troupe::client
