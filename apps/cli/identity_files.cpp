#include "apps/cli/identity_files.hpp"

#include "cluster/identity/files.hpp"

namespace troupe::cli {

cluster::credential_files files_of(cluster::role x, const std::string& folder) {
  auto result = cluster::credential_files::in(folder);
  if (x != cluster::role::node) {
    result.certificate = folder + "/operator.crt";
    result.key = folder + "/operator.key";
  }
  return result;
}

cluster::credential_files files_in(const std::string& folder) {
  auto result = files_of(cluster::role::operator_, folder);
  return identity::is_there(result.certificate) ? result : files_of(cluster::role::node, folder);
}

} // namespace troupe::cli
