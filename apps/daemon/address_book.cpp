#include "apps/daemon/address_book.hpp"

#include <algorithm>

namespace troupe::daemon {

namespace {

/// The latest first; of one day as they were.
void sort(address_book::lines& all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.day > b.day; });
}

std::int64_t last_day(const address_book::lines& all) {
  std::int64_t out = 0;
  for (const auto& x : all)
    out = std::max(out, x.day);
  return out;
}

} // namespace

void address_book::load(const std::string& peer, lines kept) {
  sort(kept);
  if (kept.size() > most)
    kept.resize(most);
  newest_ = std::max(newest_, last_day(kept));
  of_[peer] = std::move(kept);
}

void address_book::note(const std::string& peer, const std::vector<std::string>& known, const std::vector<std::string>& good,
                        std::int64_t today) {
  today = newest_ = std::max(newest_, today);
  auto& all = of_[peer];
  const auto before = last_day(all);
  lines out;
  for (const auto& at : good)
    if (std::none_of(out.begin(), out.end(), [&](const auto& x) { return x.at == at; }))
      out.push_back({at, today});
  const auto add = [&](line x) {
    if (std::none_of(out.begin(), out.end(), [&](const auto& y) { return y.at == x.at; }))
      out.push_back(std::move(x));
  };
  for (auto& x : all)
    add(std::move(x));
  for (const auto& at : known)
    add({at, before != 0 ? before : today});
  sort(out);
  if (out.size() > 2 * most)
    out.resize(2 * most);
  all = std::move(out);
}

address_book::lines address_book::kept(const std::string& peer) const {
  const auto found = of_.find(peer);
  if (found == of_.end())
    return {};
  auto out = found->second;
  std::erase_if(out, [last = last_day(out)](const line& x) { return x.day < last - forgotten_after; });
  if (out.size() > most)
    out.resize(most);
  return out;
}

} // namespace troupe::daemon
