#include "apps/daemon/trust_inbox.hpp"

#include <algorithm>
#include <utility>

namespace troupe::daemon {

trust_inbox::answer trust_inbox::put(const std::string& from, cluster::trust_offer what, mono_ns now) {
  const std::lock_guard lock{mutex_};
  // Who was quiet for long is as new as who never spoke.
  std::erase_if(of_, [&](const auto& x) {
    const auto& [newest, looked_at, told_at, replaced] = x.second;
    return !newest && replaced == 0 && now - looked_at.value_or(now) > to_ns(told_every) && now - told_at.value_or(0) > to_ns(told_every);
  });
  auto& x = of_[from];
  if (x.newest)
    ++x.replaced;
  x.newest = std::move(what);
  answer out;
  if (x.looked_at)
    out.look_in = milliseconds{std::max<mono_ns>(0, *x.looked_at + to_ns(pause) - now) / 1'000'000};
  if (x.replaced >= told_after && (!x.told_at || now - *x.told_at >= to_ns(told_every))) {
    out.unread = std::exchange(x.replaced, 0u);
    x.told_at = now;
  }
  return out;
}

std::optional<cluster::trust_offer> trust_inbox::take(const std::string& from, mono_ns now) {
  const std::lock_guard lock{mutex_};
  const auto found = of_.find(from);
  if (found == of_.end() || !found->second.newest)
    return {};
  found->second.looked_at = now;
  return std::exchange(found->second.newest, std::nullopt);
}

} // namespace troupe::daemon
