#include "actors/supervision/fence.hpp"

#include <mutex>

namespace troupe::supervision {

namespace {

thread_local const std::atomic<bool>* speaker = nullptr;

} // namespace

void fence::raise(caf::actor_id who, const std::string& name) {
  std::unique_lock guard{mutex_};
  // Thousands of calls that never return: the process is past saving, and its
  // supervisors have said so. Start over rather than grow.
  if (ids_.size() >= most)
    ids_.clear();
  ids_[who] = 0;
  behind_.emplace(who, name);
  standing_ = true;
}

void fence::ended(caf::actor_id who, mono_ns now) {
  std::unique_lock guard{mutex_};
  behind_.erase(who);
  if (auto i = ids_.find(who); i != ids_.end())
    i->second = now;
}

void fence::clean(mono_ns now) {
  if (!stands())
    return;
  std::unique_lock guard{mutex_};
  std::erase_if(ids_, [&](auto& x) {
    return x.second != 0 && now - x.second >= std::chrono::nanoseconds{remembered}.count();
  });
  standing_ = !ids_.empty();
}

std::vector<std::string> fence::behind() const {
  std::vector<std::string> result;
  std::shared_lock guard{mutex_};
  for (auto& [who, name] : behind_)
    result.push_back(name);
  return result;
}

bool fence::knows(caf::actor_id who) const {
  std::shared_lock guard{mutex_};
  return ids_.contains(who);
}

bool speaker_is_fenced() noexcept {
  return speaker && speaker->load(std::memory_order_relaxed);
}

speaking::speaking(const std::atomic<bool>& fenced) noexcept : before_(speaker) {
  speaker = &fenced;
}

speaking::~speaking() {
  speaker = before_;
}

} // namespace troupe::supervision
