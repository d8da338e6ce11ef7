#include "tests/bench/cluster/chain.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>

namespace troupe::bench {

stage_thread::stage_thread(std::function<void(head)> work) : thread_([this, work = std::move(work)] {
  std::unique_lock lock{mutex_};
  for (;;) {
    came_.wait(lock, [this] { return over_ || !due_.empty(); });
    if (over_)
      return;
    const auto x = due_.front();
    due_.pop_front();
    lock.unlock();
    work(x);
    lock.lock();
  }
}) {}

stage_thread::~stage_thread() {
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  came_.notify_one();
  thread_.join();
}

void stage_thread::hand(head x) {
  {
    std::lock_guard lock{mutex_};
    due_.push_back(x);
  }
  came_.notify_one();
}

io_thread::io_thread(tls_side& side, std::function<void(head)> came)
  : side_(side), came_(std::move(came)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), out_(1 << 16, 'x'), thread_([this] { run(); }) {}

io_thread::~io_thread() {
  over_ = true;
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  if (thread_.joinable())
    thread_.join();
  ::close(wake_);
}

void io_thread::wait() { thread_.join(); }

void io_thread::write(head x) {
  std::lock_guard lock{mutex_};
  std::memcpy(out_.data(), &x, sizeof x);
  (void)SSL_write(side_.ssl, out_.data(), static_cast<int>(x.size));
}

void io_thread::run() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : {wake_, side_.fd}) {
    epoll_event want{};
    want.events = EPOLLIN;
    want.data.fd = fd;
    ::epoll_ctl(set, EPOLL_CTL_ADD, fd, &want);
  }
  std::size_t have = 0;
  while (!over_) {
    epoll_event now{};
    if (::epoll_wait(set, &now, 1, 60000) <= 0)
      continue;
    if (now.data.fd == wake_)
      continue;
    for (;;) {
      head x;
      auto is = tls_side::got::end;
      {
        std::lock_guard lock{mutex_};
        is = side_.read_some(sizeof x, have);
        if (is == tls_side::got::all) {
          std::memcpy(&x, side_.buffer.data(), sizeof x);
          is = side_.read_some(x.size, have);
        }
      }
      if (is == tls_side::got::end)
        over_ = true;
      if (is != tls_side::got::all)
        break;
      have = 0;
      came_(x);
    }
  }
  ::close(set);
}

} // namespace troupe::bench
