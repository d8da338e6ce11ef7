#include "actors/supervision/directory.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace troupe {

directory::row directory::row_of(const entry_map::value_type& x) {
  const auto& [name, who] = x;
  const auto& of = who.of->first;
  return {name, of.type, of.parent, who.handle, who.life, of.detached};
}

void directory::let_go(kin_map::iterator of) {
  if (--of->second == 0)
    kins_.erase(of);
}

void directory::put(row x) {
  // What is replaced is destroyed outside the lock: it may hold the last
  // handle of an actor, and ending an actor runs foreign code.
  std::unique_lock guard{mutex_};
  const auto of = kins_.try_emplace({std::move(x.type), std::move(x.parent), x.detached}).first;
  ++of->second;
  entry fresh{std::move(x.handle), std::move(x.life), of};
  const auto [known, is_new] = rows_.try_emplace(std::move(x.name), fresh);
  if (!is_new) {
    let_go(known->second.of);
    std::swap(known->second, fresh);
  }
  guard.unlock();
}

void directory::erase(const std::string& name) {
  std::unique_lock guard{mutex_};
  auto gone = rows_.extract(name);
  followers_.erase(name);
  if (gone)
    let_go(gone.mapped().of);
  guard.unlock();
}

caf::actor directory::find(const std::string& name) const {
  std::shared_lock guard{mutex_};
  auto i = rows_.find(name);
  return i != rows_.end() ? i->second.handle : caf::actor{};
}

std::optional<directory::row> directory::lookup(const std::string& name) const {
  std::shared_lock guard{mutex_};
  auto i = rows_.find(name);
  if (i == rows_.end())
    return std::nullopt;
  return row_of(*i);
}

void directory::follow_nodes(const std::string& name) {
  std::unique_lock guard{mutex_};
  followers_.insert(name);
}

std::vector<caf::actor> directory::followers() const {
  std::vector<caf::actor> all;
  std::shared_lock guard{mutex_};
  for (const auto& name : followers_)
    if (const auto i = rows_.find(name); i != rows_.end() && i->second.handle)
      all.push_back(i->second.handle);
  return all;
}

std::vector<directory::row> directory::list() const {
  std::vector<row> result;
  {
    std::shared_lock guard{mutex_};
    result.reserve(rows_.size());
    for (const auto& x : rows_)
      result.push_back(row_of(x));
  }
  std::sort(result.begin(), result.end(),
            [](const row& a, const row& b) { return a.name < b.name; });
  return result;
}

} // namespace troupe
