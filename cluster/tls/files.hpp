#pragma once

#include "cluster/tls/openssl.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>
#include <vector>

namespace troupe::cluster {

/// The files of `credential_files`, each read with an error that names the
/// file, what is wrong and what to do. Blocking: reads small files.
result<std::string> read_credential(const std::string& path, const char* what);
result<std::vector<owned_x509>> read_certificates(const std::string& path,
                                                  const char* what);
result<owned_key> read_key(const std::string& path);
/// An absent file is an empty list.
result<std::vector<owned_crl>> read_revoked(const std::string& path);
/// The newest time that this node knew for certain; absent or empty: 0.
result<wall_ms> read_time_floor(const std::string& path);

} // namespace troupe::cluster
