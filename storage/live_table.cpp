#include "storage/live_table.hpp"

#include <algorithm>

namespace troupe::storage {

void live_table::publish(const std::string& name, const reading& now, story why) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    auto& cell = cells_[name];
    cell.content.name = name;
    cell.content.node.clear(); // what is measured here is ours, whoever showed it before
    whom = show(cell, now, std::move(why));
  }
  wake(whom, name);
}

bool live_table::publish_from(row x) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    auto& cell = cells_[x.name];
    const bool is_lost = !cell.content.node.empty() && cell.content.now.why == reason::node_lost;
    if (cell.present && cell.content.node != x.node && !is_lost)
      return false;
    cell.content.name = x.name;
    cell.content.node = std::move(x.node);
    cell.content.unit = std::move(x.unit);
    cell.content.incarnation = x.incarnation;
    whom = show(cell, x.now, std::move(x.why));
  }
  wake(whom, x.name);
  return true;
}

std::vector<std::shared_ptr<watcher>> live_table::show(cell& in, const reading& now, story why) {
  const bool news = !in.present || now.told_as != origin::refresh || now.grade != in.content.now.grade
                    || now.why != in.content.now.why;
  in.present = true;
  in.content.now = now;
  if (why)
    in.content.why = std::move(why);
  std::vector<std::shared_ptr<watcher>> whom;
  if (news)
    whom = living(in.watchers);
  if (!of_all_.empty()) {
    auto all = living(of_all_);
    whom.insert(whom.end(), all.begin(), all.end());
  }
  return whom;
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
    whom = forget(found);
  }
  wake(whom, name);
}

void live_table::remove_from(const std::string& node, const std::string& name) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    const auto found = cells_.find(name);
    if (found == cells_.end() || !found->second.present || found->second.content.node != node)
      return;
    whom = forget(found);
  }
  wake(whom, name);
}

std::vector<std::shared_ptr<watcher>>
live_table::forget(std::unordered_map<std::string, cell>::iterator at) {
  auto whom = living(at->second.watchers);
  auto all = living(of_all_);
  whom.insert(whom.end(), all.begin(), all.end());
  if (at->second.watchers.empty())
    cells_.erase(at);
  else {
    at->second.present = false;
    at->second.content = {};
  }
  return whom;
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
