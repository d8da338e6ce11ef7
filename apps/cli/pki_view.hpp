#pragma once

#include "apps/cli/session.hpp"
#include "cluster/identity/index.hpp"
#include "config/model/result.hpp"

#include <string>

/// Certificates as people read them. Pure.
namespace troupe::cli {

[[nodiscard]] json index_json(const identity::certificate_index& all, wall_ms now);
[[nodiscard]] std::string show_index(const identity::certificate_index& all, bool with_ended,
                                     const style& how, wall_ms now);

/// What a PEM file holds: certificates, revocation lists, a request, keys.
/// @returns `invalid_argument` for a file with nothing of that
[[nodiscard]] result<json> describe_pem(const std::string& text, const std::string& path, wall_ms now);
[[nodiscard]] std::string show_pem(const json& x);

} // namespace troupe::cli
