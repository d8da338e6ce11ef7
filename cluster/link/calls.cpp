#include "cluster/link/calls.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cluster {

result<std::uint64_t> calls::begin(const std::string& peer) {
  std::lock_guard lock{mutex_};
  const auto waiting = std::count_if(open_.begin(), open_.end(), [&](const auto& x) { return x.second.peer == peer; });
  if (static_cast<std::size_t>(waiting) >= most_of_one_peer)
    return error{errc::over_limit, fmt::format("{} questions wait for node {} already; try again when it answers",
                                               most_of_one_peer, peer)};
  const auto id = next_++;
  open_[id].peer = peer;
  return id;
}

result<far_answer> calls::wait(std::uint64_t id, milliseconds limit) {
  std::unique_lock lock{mutex_};
  const auto is_over = [&] {
    const auto& x = open_.at(id);
    return x.answer || x.failed;
  };
  changed_.wait_for(lock, limit, is_over);
  auto it = open_.extract(id);
  auto& x = it.mapped();
  if (x.answer)
    return std::move(*x.answer);
  if (x.failed)
    return *x.failed;
  return error{errc::timed_out, fmt::format("node {} did not answer within {} ms; whether it did what was asked is "
                                            "not known. `troupe members` shows how it stands", x.peer, limit.count())};
}

bool calls::answered(const std::string& from, far_answer x) {
  std::lock_guard lock{mutex_};
  const auto found = open_.find(x.id);
  if (found == open_.end() || found->second.peer != from)
    return false; // came after its limit
  found->second.answer = std::move(x);
  changed_.notify_all();
  return true;
}

void calls::fail(question& x, const std::string& why) {
  if (!x.answer)
    x.failed = error{errc::unreachable, fmt::format("the link to node {} ended before it answered ({}); whether it "
                                                    "did what was asked is not known", x.peer, why)};
}

void calls::lost(const std::string& peer, const std::string& why) {
  std::lock_guard lock{mutex_};
  for (auto& [id, x] : open_)
    if (x.peer == peer)
      fail(x, why);
  changed_.notify_all();
}

void calls::lost(std::uint64_t id, const std::string& why) {
  std::lock_guard lock{mutex_};
  if (const auto found = open_.find(id); found != open_.end())
    fail(found->second, why);
  changed_.notify_all();
}

} // namespace troupe::cluster
