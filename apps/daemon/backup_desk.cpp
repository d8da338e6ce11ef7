#include "apps/daemon/backup_desk.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

backup_desk::~backup_desk() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (watch_.joinable())
    watch_.join();
}

void backup_desk::forget_idle() {
  std::unique_lock lock{mutex_};
  const auto pause = std::max<milliseconds>(idle_ / 4, milliseconds{1});
  while (!stopping_) {
    if (all_.empty())
      changed_.wait(lock, [this] { return stopping_ || !all_.empty(); }); // no wake-ups while nobody asks
    else
      changed_.wait_for(lock, pause, [this] { return stopping_; });
    const auto oldest = clocks_.mono() - std::chrono::nanoseconds{idle_}.count();
    std::erase_if(all_, [&](const auto& x) { return x.second.asked_at < oldest; });
  }
}

result<backup_desk::begun> backup_desk::begin(const std::string& by, const std::function<storage::snapshot()>& take,
                                              const std::string& program) {
  const auto refused = [&]() -> status {
    if (stopping_)
      return error{errc::closed, "this node stops; ask again when it is back"};
    if (all_.size() >= most)
      return error{errc::over_limit, fmt::format("{} backups are being taken of this node, no more at the same time; try again when one is done, "
                                                 "or in {} s if one was given up", all_.size(),
                                                 std::chrono::ceil<std::chrono::seconds>(idle_).count())};
    return {};
  };
  std::lock_guard lock{mutex_};
  if (auto ok = refused(); !ok)
    return ok.why();
  storage::backup::writer from{take(), program};
  begun out{fmt::format("{:08x}{:08x}", storage::fresh_nonce(), storage::fresh_nonce()), from.slots(), from.events()};
  all_.emplace(out.id, fetched{by, std::move(from), 0, {}, clocks_.mono()});
  if (!watch_.joinable())
    watch_ = std::thread{[this] { forget_idle(); }};
  changed_.notify_all();
  return out;
}

result<std::string> backup_desk::block(const std::string& by, const std::string& id, std::uint64_t number) {
  std::lock_guard lock{mutex_};
  const auto found = all_.find(id);
  if (found == all_.end() || found->second.by != by)
    return error{errc::not_found, fmt::format("no backup {} is being taken here: it is done, or nobody asked for {} s; begin again", id.substr(0, 40),
                                              std::chrono::ceil<std::chrono::seconds>(idle_).count())};
  auto& x = found->second;
  x.asked_at = clocks_.mono();
  if (number + 1 == x.next)
    return x.last;
  if (number != x.next)
    return error{errc::invalid_argument, fmt::format("block {} of backup {} was asked for; the next is {}", number, id, x.next)};
  x.last = x.from.next();
  ++x.next;
  if (!x.last.empty())
    return x.last;
  all_.erase(found);
  return std::string{};
}

std::size_t backup_desk::open() const {
  std::lock_guard lock{mutex_};
  return all_.size();
}

} // namespace troupe::daemon
