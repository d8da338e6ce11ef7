#include "storage/check_points.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace troupe::storage {

namespace {

constexpr mono_ns never = std::numeric_limits<mono_ns>::max();
/// So many moments of the window are told apart.
constexpr mono_ns grains = 16;

} // namespace

power_supply read_power(std::string_view document) {
  power_supply out;
  const auto x = nlohmann::json::parse(document, nullptr, false);
  if (!x.is_object())
    return out;
  if (const auto domain = x.find("power_domain"); domain != x.end() && domain->is_string())
    out.domain = domain->get<std::string>();
  if (const auto server = x.find("server"); server != x.end() && server->is_boolean())
    out.server = server->get<bool>();
  return out;
}

bool covers(const power_supply& peer, const power_supply& counting) { return peer.server && peer.domain != counting.domain; }

milliseconds check_point_period(bool covered, milliseconds usual, milliseconds longer) {
  return covered ? std::max(usual, longer) : usual;
}

cover_watch::cover_watch(milliseconds within)
  : within_(std::chrono::duration_cast<std::chrono::nanoseconds>(within).count()) {}

void cover_watch::new_stream() {
  moments_.clear();
  older_ = 0;
  for (auto& [peer, durable] : linked_)
    durable = 0;
}

void cover_watch::wrote(std::uint64_t head, mono_ns now) {
  for (; !moments_.empty() && moments_.front().at <= now - within_; moments_.pop_front())
    older_ = moments_.front().head;
  if (!moments_.empty() && now - moments_.back().at < within_ / grains)
    moments_.back().head = head; // asked for a little earlier than it need be
  else
    moments_.push_back({now, head});
}

void cover_watch::acknowledged(const std::string& peer, std::uint64_t durable) { linked_[peer] = durable; }

void cover_watch::unreachable(const std::string& peer) { linked_.erase(peer); }

void cover_watch::supplies(const std::string& self, std::map<std::string, power_supply> all) {
  const auto own = all.extract(self);
  self_ = own ? own.mapped() : power_supply{};
  supplies_ = std::move(all);
}

bool cover_watch::may_cover(const std::string& peer) const {
  const auto x = supplies_.find(peer);
  return x != supplies_.end() && covers(x->second, self_);
}

/// When a word that reaches up to `durable` is too old; it may be so already.
mono_ns cover_watch::expires(std::uint64_t durable) const {
  if (durable == 0 || durable < older_)
    return 0;
  for (const auto& x : moments_)
    if (durable < x.head)
      return x.at + within_;
  return never;
}

std::string cover_watch::by(mono_ns now) const {
  for (const auto& [peer, durable] : linked_)
    if (may_cover(peer) && expires(durable) > now)
      return peer;
  return {};
}

mono_ns cover_watch::until(mono_ns now) const {
  mono_ns out = 0;
  for (const auto& [peer, durable] : linked_)
    if (may_cover(peer))
      out = std::max(out, expires(durable));
  return out > now ? out : never;
}

std::string cover_watch::why_not(mono_ns now) const {
  if (!by(now).empty())
    return {};
  std::string linked, away;
  for (const auto& [name, x] : supplies_)
    if (may_cover(name)) {
      auto& to = linked_.contains(name) ? linked : away;
      to += (to.empty() ? "" : ", ") + name;
    }
  if (!linked.empty())
    return fmt::format("{} has not confirmed within {:g} s what is counted here", linked, static_cast<double>(within_) / 1e9);
  if (!away.empty())
    return fmt::format("no link to {}", away);
  return "no server in another power domain";
}

} // namespace troupe::storage
