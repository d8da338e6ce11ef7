#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>

namespace troupe::identity {

/// What an operator carries from a server to a new board: who the board will
/// be, which root to believe, and a secret that is good once.
/// docs/formats/token.md has the bytes.
struct token {
  std::string name;
  cluster::role allowed = cluster::role::node;
  std::string root;    ///< SHA-256 of the root certificate, hex
  wall_ms minted = 0;  ///< whole seconds; the board's clock is never before this
  wall_ms expires = 0; ///< whole seconds
  std::string secret;  ///< 16 raw bytes

  friend bool operator==(const token&, const token&) = default;
};

/// With a new secret. `minted` and `expires` are cut to seconds.
[[nodiscard]] result<token> make_token(const std::string& name, cluster::role allowed,
                                       const std::string& root, wall_ms now, milliseconds ttl);

[[nodiscard]] std::string to_text(const token& x); ///< "troupe1-..."
/// @returns `invalid_argument`: mistyped or cut (a check sum tells), or of
///          another version.
[[nodiscard]] result<token> token_from(const std::string& text);

/// Public: names the token in files and journals, tells nothing of the secret.
[[nodiscard]] std::string id_of(const token& x);
/// What a server keeps instead of the secret.
[[nodiscard]] std::string secret_hash(const token& x);

inline constexpr milliseconds least_ttl{60'000};
inline constexpr milliseconds longest_ttl{7 * 24 * 3'600'000LL};

} // namespace troupe::identity
