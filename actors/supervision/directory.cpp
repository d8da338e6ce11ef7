#include "actors/supervision/directory.hpp"

#include <algorithm>
#include <mutex>

namespace troupe {

void directory::put(row entry) {
  // The replaced row is destroyed outside the lock: it may hold the last
  // handle of an actor, and ending an actor runs foreign code.
  std::optional<row> replaced;
  std::unique_lock guard{mutex_};
  auto& slot = rows_[entry.name];
  if (slot.handle)
    replaced = std::move(slot);
  slot = std::move(entry);
  guard.unlock();
}

void directory::erase(const std::string& name) {
  std::unique_lock guard{mutex_};
  auto gone = rows_.extract(name);
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
  return i->second;
}

std::vector<directory::row> directory::list() const {
  std::vector<row> result;
  {
    std::shared_lock guard{mutex_};
    result.reserve(rows_.size());
    for (auto& [name, entry] : rows_)
      result.push_back(entry);
  }
  std::sort(result.begin(), result.end(),
            [](const row& a, const row& b) { return a.name < b.name; });
  return result;
}

} // namespace troupe
