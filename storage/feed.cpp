#include "storage/feed.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

/// The living ones; forgets the ended, so that the list stays bounded.
template <class T>
std::vector<std::shared_ptr<T>> living(std::vector<std::weak_ptr<T>>& all) {
  std::vector<std::shared_ptr<T>> out;
  std::erase_if(all, [&](const std::weak_ptr<T>& x) {
    auto strong = x.lock();
    if (!strong)
      return true;
    out.push_back(std::move(strong));
    return false;
  });
  return out;
}

} // namespace

std::shared_ptr<void> feed::add(slot_kind kind, std::string prefix, on_entry what) {
  auto out = std::make_shared<entry_listener>(
    entry_listener{kind, std::move(prefix), std::move(what)});
  std::lock_guard lock{mutex_};
  entries_.push_back(out);
  return out;
}

std::shared_ptr<void> feed::add(on_journal what) {
  auto out = std::make_shared<journal_listener>(journal_listener{std::move(what)});
  std::lock_guard lock{mutex_};
  events_.push_back(out);
  return out;
}

void feed::tell(const entry& x, bool erased) const {
  std::vector<std::shared_ptr<entry_listener>> whom;
  {
    std::lock_guard lock{mutex_};
    if (entries_.empty())
      return;
    whom = living(entries_);
  }
  for (const auto& who : whom)
    if (who->kind == x.kind && x.key.starts_with(who->prefix))
      who->what(x, erased);
}

void feed::tell(const journal_event& x) const {
  std::vector<std::shared_ptr<journal_listener>> whom;
  {
    std::lock_guard lock{mutex_};
    if (events_.empty())
      return;
    whom = living(events_);
  }
  for (const auto& who : whom)
    who->what(x);
}

} // namespace troupe::storage
