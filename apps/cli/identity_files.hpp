#pragma once

#include "cluster/tls/credentials.hpp"

#include <string>

namespace troupe::cli {

/// Where a node (node.crt) or a person (operator.crt, as `troupe` looks for it)
/// keeps a certificate.
[[nodiscard]] cluster::credential_files files_of(cluster::role x, const std::string& folder);

/// By what is there already; a node's if nothing is.
[[nodiscard]] cluster::credential_files files_in(const std::string& folder);

} // namespace troupe::cli
