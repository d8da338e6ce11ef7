#include "cluster/identity/renewal.hpp"

#include <algorithm>

namespace troupe::identity {

wall_ms renew_at(wall_ms from, wall_ms until, const std::string& serial) noexcept {
  const auto life = until - from;
  // FNV-1a: spreads, and is the same on every machine and after every restart.
  std::uint32_t hash = 2166136261u;
  for (unsigned char c : serial)
    hash = (hash ^ c) * 16777619u;
  return from + life / 3 * 2 + life / 12 / 1024 * (hash % 1024);
}

renewal_need judge_renewal(wall_ms clock, wall_ms floor, wall_ms until, wall_ms renew_at) noexcept {
  const auto now = std::max(clock, floor);
  return now > until ? renewal_need::ended : now >= renew_at ? renewal_need::due : renewal_need::none;
}

bool needs_renewal(const certificate& x, wall_ms now) {
  return now >= renew_at(x.from(), x.until(), x.serial());
}

} // namespace troupe::identity
