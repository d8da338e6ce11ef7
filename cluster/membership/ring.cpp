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
  auto others = order_;
  const std::pair<std::uint64_t, std::string> me{place_of(name), name};
  others.erase(std::remove(others.begin(), others.end(), me), others.end());
  const auto n = others.size();
  std::vector<std::string> out;
  if (n <= watched_) {
    for (auto& [place, other] : others)
      out.push_back(std::move(other));
    return out;
  }
  const auto above = static_cast<std::size_t>(
    std::lower_bound(others.begin(), others.end(), me) - others.begin());
  for (std::size_t i = 0; i < std::max(1u, watched_ / 2); ++i) {
    out.push_back(others[(above + i) % n].second);
    out.push_back(others[(above + n - 1 - i) % n].second);
  }
  return out;
}

} // namespace troupe::cluster
