#include "apps/daemon/catalog.hpp"

namespace troupe::daemon {

void catalog::put(const std::string& name, item x) {
  std::lock_guard lock{mutex_};
  items_[name] = std::move(x);
}

void catalog::erase(const std::string& name) {
  std::lock_guard lock{mutex_};
  items_.erase(name);
}

void catalog::replace_of(const std::string& node, const std::map<std::string, item>& all) {
  std::lock_guard lock{mutex_};
  std::erase_if(items_, [&](const auto& x) { return x.second.node == node; });
  for (auto [name, x] : all) {
    x.node = node;
    items_.try_emplace(name, std::move(x));
  }
}

std::optional<catalog::item> catalog::find(const std::string& name) const {
  std::lock_guard lock{mutex_};
  const auto found = items_.find(name);
  if (found == items_.end())
    return {};
  return found->second;
}

std::map<std::string, catalog::item> catalog::all() const {
  std::lock_guard lock{mutex_};
  return items_;
}

} // namespace troupe::daemon
