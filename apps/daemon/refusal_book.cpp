#include "apps/daemon/refusal_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::daemon {

namespace {

constexpr mono_ns minute = 60'000'000'000;
constexpr std::array<mono_ns, 5> distances{minute, 10 * minute, 60 * minute, 360 * minute, 1440 * minute};

std::string host_in(const std::string& where) { return where.substr(0, where.rfind(':')); }

/// Bytes queued, times of day, ports: of one cause they differ each time.
std::string without_numbers(std::string x) {
  for (auto& c : x)
    if (std::isdigit(static_cast<unsigned char>(c)) != 0)
      c = '#';
  x.erase(std::unique(x.begin(), x.end(), [](char a, char b) { return a == '#' && b == '#'; }), x.end());
  return x;
}

std::string length(mono_ns x) {
  const auto minutes = std::max<mono_ns>(1, x / minute);
  return minutes < 120 ? fmt::format("{} min", minutes) : fmt::format("{} h", minutes / 60);
}

} // namespace

refusal_book::lines refusal_book::note(const std::string& subject, const std::string& where, const std::string& how,
                                       const std::string& why, mono_ns now) {
  const auto host = host_in(where);
  const std::lock_guard lock{mutex_};
  const auto key = subject + '\n' + host + '\n' + how + '\n' + without_numbers(why);
  if (!rows_.contains(key) && rows_.size() >= most)
    rows_.erase(std::min_element(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  auto [at, fresh] = rows_.try_emplace(key);
  auto& x = at->second;
  x.last = now;
  ++x.in_all;
  if (fresh) {
    x.subject = subject;
    x.host = host;
    x.how = how;
    x.first = x.told = now;
  }
  x.why = why;
  if (fresh)
    return {{subject, fmt::format("{} at {}: {}", how, where, why), false}};
  ++x.unsaid;
  if (now - x.told < distances[x.step])
    return {};
  line out{subject, fmt::format("{} at {} {} times more within {}: {}", how, host, x.unsaid, length(now - x.told), why), false};
  x.told = now;
  x.unsaid = 0;
  x.step = std::min(x.step + 1, distances.size() - 1);
  return {std::move(out)};
}

refusal_book::lines refusal_book::let_in(const std::string& subject) {
  const std::lock_guard lock{mutex_};
  lines out;
  std::erase_if(rows_, [&](const auto& at) {
    const auto& x = at.second;
    if (x.subject != subject)
      return false;
    if (x.in_all > 1)
      out.push_back({subject, fmt::format("is linked now; it was {} at {} {} times: {}", x.how, x.host, x.in_all, x.why), true});
    return true;
  });
  return out;
}

refusal_book::lines refusal_book::look(mono_ns now) {
  const std::lock_guard lock{mutex_};
  lines out;
  std::erase_if(rows_, [&](const auto& at) {
    const auto& x = at.second;
    if (now - x.last < std::chrono::nanoseconds{over_after}.count())
      return false;
    if (x.in_all > 1)
      out.push_back({x.subject, fmt::format("was not {} any more for {}, after {} times at {}: {}", x.how, length(now - x.last), x.in_all,
                                            x.host, x.why), true});
    return true;
  });
  return out;
}

} // namespace troupe::daemon
