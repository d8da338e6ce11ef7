#pragma once

#include "cluster/tls/context.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <filesystem>
#include <string>

namespace troupe::test {

/// A clock that tests set.
class set_clock final : public clock_source {
public:
  explicit set_clock(wall_ms at = system_clocks().wall()) : at_(at) {}
  mono_ns mono() const override { return system_clocks().mono(); }
  wall_ms wall() const override { return at_; }
  void set(wall_ms at) { at_ = at; }

private:
  wall_ms at_;
};

/// A root, an issuing CA below it, and folders of credentials.
struct pki_fixture {
  temp_folder folder;
  test_authority root{"house root"};
  test_authority issuing{root.below("house issuing")};
  test_authority foreign{"foreign root"};

  std::string at(const std::string& name) const {
    std::filesystem::create_directories(folder / name);
    return folder / name;
  }
  cluster::credential_files give(const std::string& name, const test_leaf& leaf,
                                 const std::string& crl = "") {
    return write_credentials(at(name), leaf, root.certificate(), crl);
  }
  cluster::credential_files give(const std::string& name) {
    return give(name, issuing.issue(name));
  }
};

constexpr wall_ms day_ms = 24LL * 3600 * 1000;
constexpr wall_ms year_2099 = 4'070'908'800'000;

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace troupe::test
