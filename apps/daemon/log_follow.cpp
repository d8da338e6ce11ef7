#include "apps/daemon/log_follow.hpp"

#include "apps/daemon/json.hpp"
#include "apps/daemon/log_merge.hpp"

namespace troupe::daemon {

namespace {

std::uint64_t hash(const json& row) { return std::hash<std::string>{}(mark_of(row)); }

} // namespace

void log_follow::show(const std::string& writer, std::uint64_t mark) {
  ++shown_[mark];
  auto& order = order_[order_.size() < most_writers || order_.contains(writer) ? writer : ""];
  order.push_back(mark);
  if (order.size() <= remembered)
    return;
  const auto oldest = order.front();
  order.pop_front();
  const auto found = shown_.find(oldest);
  if (found == shown_.end() || --found->second > 0)
    return;
  shown_.erase(found);
  for (auto& [teller, said] : said_)
    said.erase(oldest);
}

void log_follow::knows(const json& row) { show(text_in(row, "node"), hash(row)); }

bool log_follow::is_news(const std::string& teller, const json& row) {
  const auto mark = hash(row);
  const auto n = said_[teller][mark]++;
  const auto found = shown_.find(mark);
  if (found != shown_.end() && n < found->second)
    return false;
  show(text_in(row, "node"), mark);
  return true;
}

} // namespace troupe::daemon
