#include "cluster/membership/ring.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace troupe::cluster {

namespace {

/// FNV-1a with a final mix: the same on every machine and in every version,
/// which std::hash does not promise.
std::uint64_t place_of(const std::string& name) {
  std::uint64_t x = 0xcbf29ce484222325u;
  for (const unsigned char c : name)
    x = (x ^ c) * 0x100000001b3u;
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  return x ^ (x >> 33);
}

} // namespace

ring::ring(const std::vector<std::string>& names, unsigned watched) : watched_(watched) {
  for (const auto& name : names)
    order_.emplace_back(place_of(name), name);
  std::sort(order_.begin(), order_.end());
}

std::vector<std::string> ring::watchers_of(const std::string& name) const {
  const std::pair<std::uint64_t, std::string> me{place_of(name), name};
  const auto here = std::lower_bound(order_.begin(), order_.end(), me);
  const bool stands = here != order_.end() && *here == me;
  const auto others = order_.size() - (stands ? 1 : 0);
  const auto n = order_.size();
  const auto at = static_cast<std::size_t>(here - order_.begin());
  const auto after = at + (stands ? 1 : 0);
  std::vector<std::string> out;
  if (others <= watched_) {
    for (std::size_t i = 0; i < others; ++i)
      out.push_back(order_[(after + i) % n].second);
    return out;
  }
  for (std::size_t i = 0; i < std::max(1u, watched_ / 2); ++i) {
    out.push_back(order_[(after + i) % n].second);
    out.push_back(order_[(at + n - 1 - i) % n].second);
  }
  return out;
}

} // namespace troupe::cluster
