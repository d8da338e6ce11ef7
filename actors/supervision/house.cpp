#include "actors/supervision/house.hpp"

#include <utility>

namespace troupe::supervision {

std::string cell::trouble() const {
  std::lock_guard guard{mutex_};
  return trouble_;
}

void cell::trouble(std::string why) {
  std::lock_guard guard{mutex_};
  trouble_ = std::move(why);
}

void roster::put(const std::string& id, row x) {
  row replaced; // destroyed after the lock is gone
  std::unique_lock guard{mutex_};
  auto& slot = rows_[id];
  replaced = std::exchange(slot, std::move(x));
  guard.unlock();
}

void roster::erase(const std::string& id) {
  std::unique_lock guard{mutex_};
  auto gone = rows_.extract(id);
  guard.unlock();
}

roster::row roster::find(const std::string& id) const {
  std::shared_lock guard{mutex_};
  auto i = rows_.find(id);
  return i != rows_.end() ? i->second : row{};
}

void roster::each(const std::function<void(const row&)>& f) const {
  std::shared_lock guard{mutex_};
  for (auto& [id, x] : rows_)
    f(x);
}

} // namespace troupe::supervision
