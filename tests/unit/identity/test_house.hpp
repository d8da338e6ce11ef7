#pragma once

#include "cluster/identity/authority.hpp"
#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/house.hpp"
#include "cluster/identity/request.hpp"
#include "tests/support/set_clock.hpp"
#include "tests/support/suite.hpp"
#include "tests/support/temp_folder.hpp"

namespace troupe::test {

using namespace identity;
using cluster::role;

/// The value, or the test ends with the reason.
template <class T>
T must(result<T> x) {
  if (!x)
    CAF_FAIL(to_string(x.why()));
  return std::move(*x);
}

inline void must(const status& x) {
  if (!x)
    CAF_FAIL(to_string(x.why()));
}

/// Is there an error of this kind whose text has this in it?
template <class T>
bool refused(const result<T>& x, errc code, const std::string& part) {
  if (x) {
    CAF_MESSAGE("was not refused");
    return false;
  }
  CAF_MESSAGE(to_string(x.why()));
  return x.why().code == code && x.why().context.find(part) != std::string::npos;
}

/// A house founded on a day in 2026.
struct house_fixture {
  temp_folder folder;
  set_clock clock{autumn_2026};
  std::string dir = folder / "pki";

  explicit house_fixture(const std::string& name = "elm", key_algorithm kind = key_algorithm::p256) {
    must(found_house(dir, {name, kind, "correct horse", false}, clock));
  }

  authority open() { return must(authority::open(dir, clock)); }

  std::string request_for(const std::string& name, private_key* key_out = nullptr) {
    auto key = must(private_key::make(key_algorithm::p256));
    if (key_out)
      *key_out = key;
    return must(make_request(key, name));
  }

  issued issue(const std::string& name, role allowed = role::node) {
    return must(open().issue(request_for(name), {name, allowed}));
  }

  std::string file(const std::string& name) { return must(read_text(dir + "/" + name)); }

  void rotate() { must(rotate_house(dir, {"correct horse", "correct horse"}, clock)); }
};

} // namespace troupe::test
