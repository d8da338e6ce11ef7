#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/time.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::test {

/// A certificate with its key, as PEM.
struct test_leaf {
  std::string chain; ///< own certificate first, then issuing CAs below the root
  std::string key;
  std::string serial; ///< lower-case hex, as `peer_identity::serial`
};

/// How a leaf shall be; times in seconds from now.
struct leaf_options {
  long from = -3600;
  long until = 30L * 24 * 3600;
  std::vector<std::string> more_cns;
};

/// A certificate authority for tests, made in memory: P-256, through OpenSSL's
/// API. Aborts the test program when OpenSSL refuses.
class test_authority {
public:
  /// A root.
  explicit test_authority(const std::string& name);
  test_authority(test_authority&&) noexcept;
  ~test_authority();

  /// An issuing CA below this one.
  [[nodiscard]] test_authority below(const std::string& name) const;

  [[nodiscard]] test_leaf issue(const std::string& cn, const std::string& ou = "node",
                                const leaf_options& how = {}) const;

  /// @param serials as in `test_leaf::serial`
  [[nodiscard]] std::string crl(const std::vector<std::string>& serials) const;

  [[nodiscard]] std::string certificate() const; ///< PEM
  [[nodiscard]] std::string serial() const;      ///< of this authority's certificate

private:
  struct parts;
  explicit test_authority(std::unique_ptr<parts> x);
  std::unique_ptr<parts> parts_;
};

void write_file(const std::string& path, const std::string& text);

/// Writes what a node needs into a folder that exists. An empty `crl`: no file.
cluster::credential_files write_credentials(const std::string& folder,
                                            const test_leaf& leaf,
                                            const std::string& authorities,
                                            const std::string& crl = "");

} // namespace troupe::test
