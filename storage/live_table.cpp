#include "storage/live_table.hpp"

#include <algorithm>

namespace troupe::storage {

void live_table::publish(const std::string& name, const reading& now, story why) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    auto& cell = cells_[name];
    const bool news = !cell.present || now.told_as != origin::refresh
                      || now.grade != cell.content.now.grade
                      || now.why != cell.content.now.why;
    cell.present = true;
    cell.content.name = name;
    cell.content.now = now;
    if (why)
      cell.content.why = std::move(why);
    if (news)
      whom = living(cell.watchers);
    if (!of_all_.empty()) {
      auto all = living(of_all_);
      whom.insert(whom.end(), all.begin(), all.end());
    }
  }
  wake(whom, name);
}

void live_table::describe(const std::string& name, std::string unit) {
  std::lock_guard lock{mutex_};
  cells_[name].content.unit = std::move(unit);
}

void live_table::remove(const std::string& name) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    const auto found = cells_.find(name);
    if (found == cells_.end() || !found->second.present)
      return;
    whom = living(found->second.watchers);
    auto all = living(of_all_);
    whom.insert(whom.end(), all.begin(), all.end());
    if (found->second.watchers.empty())
      cells_.erase(found);
    else {
      found->second.present = false;
      found->second.content = {};
    }
  }
  wake(whom, name);
}

std::optional<reading> live_table::get(const std::string& name) const {
  std::lock_guard lock{mutex_};
  const auto found = cells_.find(name);
  if (found == cells_.end() || !found->second.present)
    return {};
  return found->second.content.now;
}

std::optional<live_table::row> live_table::find(const std::string& name) const {
  std::lock_guard lock{mutex_};
  const auto found = cells_.find(name);
  if (found == cells_.end() || !found->second.present)
    return {};
  return found->second.content;
}

std::vector<live_table::row> live_table::list(const std::string& prefix) const {
  std::vector<row> rows;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [name, cell] : cells_)
      if (cell.present && name.starts_with(prefix))
        rows.push_back(cell.content);
  }
  std::sort(rows.begin(), rows.end(),
            [](const row& a, const row& b) { return a.name < b.name; });
  return rows;
}

void live_table::watch(const std::string& name, const std::shared_ptr<watcher>& who) {
  std::lock_guard lock{mutex_};
  auto& list = name.empty() ? of_all_ : cells_[name].watchers;
  living(list); // forgets the ended ones, so that the list stays bounded
  for (const auto& x : list)
    if (x.lock() == who)
      return;
  list.push_back(who);
}

void live_table::unwatch(const std::string& name, const std::shared_ptr<watcher>& who) {
  std::lock_guard lock{mutex_};
  auto drop = [&](std::vector<std::weak_ptr<watcher>>& list) {
    std::erase_if(list, [&](const auto& x) {
      const auto living = x.lock();
      return !living || living == who;
    });
  };
  if (name.empty()) {
    drop(of_all_);
    return;
  }
  const auto found = cells_.find(name);
  if (found == cells_.end())
    return;
  drop(found->second.watchers);
  if (!found->second.present && found->second.watchers.empty())
    cells_.erase(found);
}

void live_table::wake(std::vector<std::shared_ptr<watcher>>& whom,
                      const std::string& name) {
  for (const auto& who : whom)
    who->on_change(name);
}

std::vector<std::shared_ptr<watcher>>
live_table::living(std::vector<std::weak_ptr<watcher>>& all) {
  std::vector<std::shared_ptr<watcher>> out;
  out.reserve(all.size());
  std::erase_if(all, [&](const auto& x) {
    auto strong = x.lock();
    if (!strong)
      return true;
    out.push_back(std::move(strong));
    return false;
  });
  return out;
}

} // namespace troupe::storage
