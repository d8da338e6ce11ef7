#include "actors/supervision/stuck.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::supervision {

namespace {

mono_ns limit(const sight& x) noexcept {
  return std::chrono::nanoseconds{x.answer_within}.count();
}

} // namespace

const char* to_string(verdict x) noexcept {
  switch (x) {
    case verdict::fine: return "fine";
    case verdict::slow: return "slow";
    case verdict::hung: return "hung";
  }
  return "?";
}

verdict judge(const sight& x, mono_ns now) noexcept {
  if (x.handling_since != 0 && now - x.handling_since >= limit(x))
    return verdict::hung;
  if (x.pinged_at == 0 || now - x.pinged_at < limit(x))
    return verdict::fine;
  return x.handled == x.handled_at_ping ? verdict::hung : verdict::slow;
}

std::string why_hung(const sight& x, mono_ns now) {
  if (x.handling_since != 0 && now - x.handling_since >= limit(x))
    return fmt::format("handles one message since {} ms, limit {} ms",
                       (now - x.handling_since) / 1'000'000, x.answer_within.count());
  return fmt::format("no answer to a ping for {} ms, limit {} ms",
                     (now - x.pinged_at) / 1'000'000, x.answer_within.count());
}

std::optional<mono_ns> hung_at(const sight& x) noexcept {
  std::optional<mono_ns> result;
  if (x.handling_since != 0)
    result = x.handling_since + limit(x);
  if (x.pinged_at != 0 && x.handled == x.handled_at_ping) {
    auto at = x.pinged_at + limit(x);
    result = result ? std::min(*result, at) : at;
  }
  return result;
}

} // namespace troupe::supervision
