#include "storage/live_table.hpp"

#include "storage/chance.hpp"

#include <algorithm>

namespace troupe::storage {

live_table::live_table(const clock_source& clocks) : clocks_(clocks), last_run_(fresh_number()) {}

void live_table::publish(const std::string& name, const reading& now, story why) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    auto& cell = cells_[name];
    auto& row = cell.content;
    const bool is_new = !cell.present || !row.node.empty();
    // A count that went back counts anew.
    if (is_new || row.run == 0 || now.changes < row.now.changes) {
      drop_edges(cell);
      last_run_ += last_run_ == UINT64_MAX ? 2 : 1;
      row.run = last_run_;
    }
    row.name = name;
    row.node.clear(); // what is measured here is ours, whoever showed it before
    const bool is_edge = now.told_as == origin::change && now.val.kind == value_kind::digital && now.grade != quality::bad
                         && !is_new && now.changes > row.now.changes;
    whom = show(cell, now, std::move(why));
    if (is_edge)
      note_edge(cell, {now.changes, clocks_.mono(), now.changed_wall, now.val.is_on(), now.grade, now.why});
  }
  wake(whom, name);
}

bool live_table::publish_from(row x, std::span<const edge> edges) {
  std::vector<std::shared_ptr<watcher>> whom;
  {
    std::lock_guard lock{mutex_};
    auto& cell = cells_[x.name];
    const bool is_lost = !cell.content.node.empty() && cell.content.now.why == reason::node_lost;
    // A rule moves from node to node, and only where it acts it is shown: of two
    // other nodes the one that spoke last is right, also while the link to the
    // first is silent and not yet known to be.
    const bool moves = !cell.content.node.empty() && x.name.starts_with("rule/");
    if (cell.present && cell.content.node != x.node && !is_lost && !moves)
      return false;
    cell.content.name = x.name;
    cell.content.node = std::move(x.node);
    cell.content.unit = std::move(x.unit);
    cell.content.incarnation = x.incarnation;
    if (cell.content.run != x.run)
      drop_edges(cell);
    cell.content.run = x.run;
    whom = show(cell, x.now, std::move(x.why));
    for (const auto& one : edges)
      note_edge(cell, one);
  }
  wake(whom, x.name);
  return true;
}

void live_table::note_edge(cell& in, const edge& x) {
  edges_ -= in.edges.size();
  in.edges.expire(x.at);
  if (edges_ + in.edges.size() >= most_edges) {
    edges_ += in.edges.size();
    expire_all(clocks_.mono());
    edges_ -= in.edges.size();
  }
  if (edges_ + in.edges.size() >= most_edges)
    in.edges.clear(); // its own, never another one's
  if (edges_ < most_edges)
    in.edges.note(x);
  edges_ += in.edges.size();
}

void live_table::drop_edges(cell& in) {
  edges_ -= in.edges.size();
  in.edges.clear();
}

/// An input at rest keeps its last edges until somebody needs the room. Looks at
/// every cell, so at most once a second.
void live_table::expire_all(mono_ns now) {
  if (expired_at_ != 0 && now - expired_at_ < one_second)
    return;
  expired_at_ = now;
  for (auto& [name, cell] : cells_) {
    edges_ -= cell.edges.size();
    cell.edges.expire(now);
    edges_ += cell.edges.size();
  }
}

std::vector<edge> live_table::edges_since(const std::string& name, const edge_position& after) const {
  std::lock_guard lock{mutex_};
  const auto found = cells_.find(name);
  if (found == cells_.end() || !found->second.present)
    return {};
  const auto& cell = found->second;
  const auto edges = cell.edges.since(cell.content.run == after.run ? after.changes : 0);
  return {edges.begin(), edges.end()};
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
  drop_edges(at->second);
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
