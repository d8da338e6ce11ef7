#undef CAF_SUITE
#define CAF_SUITE membership_ring

#include "cluster/membership/ring.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>

using namespace troupe::cluster;

namespace {

std::vector<std::string> names(unsigned n) {
  std::vector<std::string> out;
  for (unsigned i = 0; i < n; ++i)
    out.push_back("node-" + std::to_string(i));
  return out;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::count(all.begin(), all.end(), one) == 1;
}

} // namespace

CAF_TEST(watching is mutual and costs each node the same) {
  for (unsigned n : {1u, 2u, 5u, 9u, 10u, 33u, 64u}) {
    const auto all = names(n);
    const ring r{all, 8};
    for (const auto& a : all) {
      const auto watched = r.watchers_of(a);
      CAF_CHECK_EQUAL(watched.size(), std::min(n - 1, 8u));
      CAF_CHECK(!has(watched, a));
      for (const auto& b : watched) {
        CAF_CHECK(has(watched, b)); // once
        CAF_CHECK(has(r.watchers_of(b), a));
      }
    }
  }
}

CAF_TEST(who is gone keeps its watchers) {
  const auto all = names(20);
  const ring with{all, 8};
  const ring without{{all.begin() + 1, all.end()}, 8};
  CAF_CHECK(with.watchers_of(all[0]) == without.watchers_of(all[0]));
  CAF_CHECK(ring{}.watchers_of("x").empty());
}
