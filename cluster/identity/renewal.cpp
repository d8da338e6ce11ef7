#include "cluster/identity/renewal.hpp"

#include "cluster/identity/calendar.hpp"

#include <fmt/format.h>

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

status believe_own_clock(const own_clock& x) {
  const auto may_differ = clocks_may_differ.count();
  bool agrees = false;
  for (const auto& [node, clock] : x.said) {
    if (clock <= x.from)
      continue;
    if (clock < x.clock - may_differ)
      return error{errc::untrusted, fmt::format("the clock of {} says {} and this one's {}: set the one that is wrong", node,
                                                utc_text(clock), utc_text(x.clock))};
    agrees = agrees || clock <= x.clock + may_differ;
  }
  if (agrees)
    return {};
  if (!x.alone && x.until - x.clock > off_at_most.count())
    return error{errc::unreachable, "no other node is linked, to compare clocks with before this node renews its own certificate"};
  if (!x.alone && x.asked_for < clocks_asked_for)
    return error{errc::unreachable, fmt::format("no other node is linked, to compare clocks with; if none comes within {} minutes, this node goes by "
                                                "what it knows itself", clocks_asked_for.count() / 60'000)};
  if (x.clock - x.floor > off_at_most.count())
    return error{errc::unreachable, fmt::format("this machine's clock says {}, and the last time that it knows for certain is {} (clock.floor): after "
                                                "more than {} days it believes only another node's clock, and none is linked", utc_text(x.clock),
                                                utc_text(x.floor), off_at_most.count() / one_day)};
  return {};
}

bool needs_renewal(const certificate& x, wall_ms now) {
  return now >= renew_at(x.from(), x.until(), x.serial());
}

} // namespace troupe::identity
