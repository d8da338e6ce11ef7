#include "actors/supervision/house.hpp"

#include <mutex>
#include <utility>

namespace troupe::supervision {

namespace {

std::mutex& troubles() {
  static std::mutex one;
  return one;
}

} // namespace

std::string cell::trouble() const {
  std::lock_guard guard{troubles()};
  return trouble_;
}

void cell::trouble(std::string why) {
  std::lock_guard guard{troubles()};
  trouble_ = std::move(why);
}

void roster::put(const std::string& id, row x) {
  // What is replaced is destroyed after the lock is gone; and its name with
  // it, so the new row brings its own.
  std::unique_lock guard{mutex_};
  auto replaced = rows_.extract(id);
  rows_.emplace(x.who->spec->id, std::move(x));
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
