#include "tests/bench/cluster/echo.hpp"

#include "tests/bench/cluster/chain.hpp"
#include "tests/support/test_pki.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>

namespace troupe::bench {

namespace {

void answer_each(tls_side& me) {
  for (;;) {
    head x;
    if (!me.read_all(sizeof x))
      return;
    std::memcpy(&x, me.buffer.data(), sizeof x);
    if (!me.read_all(x.size, sizeof x) || !me.write_all(x.answer))
      return;
  }
}

void answer_by_a_worker(tls_side& me) {
  io_thread* io = nullptr;
  stage_thread worker{[&](head x) { io->write({x.answer, 0}); }};
  io_thread loop{me, [&](head x) { worker.hand(x); }};
  io = &loop;
  loop.wait();
}

[[noreturn]] void serve(int listener, course_kind kind, const std::string& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  tls_side me;
  me.fd = ::accept(listener, nullptr, nullptr);
  try {
    me.secure(true, folder);
    kind == course_kind::echo ? answer_each(me) : answer_by_a_worker(me);
  } catch (const std::exception&) {
    // The first process says that there is no handshake.
  }
  _exit(0);
}

} // namespace

struct echo::parts {
  tls_side me;
  pid_t other = 0;
  // Of a chain, in the order of an event.
  std::mutex mutex;
  std::condition_variable arrived;
  std::int64_t at = 0; ///< when the bus thread had the answer
  std::unique_ptr<stage_thread> bus, worker;
  std::unique_ptr<io_thread> io;

  void start_threads() {
    bus = std::make_unique<stage_thread>([this](head) {
      const auto now = now_ns();
      {
        std::lock_guard lock{mutex};
        at = now;
      }
      arrived.notify_one();
    });
    worker = std::make_unique<stage_thread>([this](head x) { x.answer > 0 ? io->write(x) : bus->hand(x); });
    io = std::make_unique<io_thread>(me, [this](head x) { worker->hand(x); });
  }
};

echo::echo(course_kind kind, const std::string& folder) : kind_(kind), parts_(std::make_unique<parts>()) {
  std::filesystem::create_directories(folder);
  const test::test_authority authority{"echo"};
  (void)test::write_credentials(folder, authority.issue("echo"), authority.certificate());
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 1) != 0
      || ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("echo: cannot listen");
  parts_->other = ::fork();
  if (parts_->other == 0)
    serve(listener, kind, folder);
  parts_->me.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(parts_->me.fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("echo: cannot connect");
  ::close(listener);
  parts_->me.secure(false, folder);
}

echo::~echo() {
  parts_->io.reset();
  parts_->worker.reset();
  parts_->bus.reset();
  ::kill(parts_->other, SIGKILL);
  ::waitpid(parts_->other, nullptr, 0);
}

void echo::kill() { ::kill(parts_->other, SIGKILL); }

bool echo::wait_for_end(std::chrono::milliseconds limit) {
  std::size_t none = 0;
  pollfd p{parts_->me.fd, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(limit.count())) > 0 && parts_->me.read_some(1, none) == tls_side::got::end;
}

double echo::round_trip_ns(std::size_t out, std::size_t in) {
  const head x{static_cast<std::uint32_t>(out), static_cast<std::uint32_t>(in)};
  auto& p = *parts_;
  if (kind_ == course_kind::echo) {
    std::memcpy(p.me.buffer.data(), &x, sizeof x);
    const auto t0 = now_ns();
    if (!p.me.write_all(out) || !p.me.read_all(in))
      throw std::runtime_error("echo: the second process is gone");
    return static_cast<double>(now_ns() - t0);
  }
  if (!p.io)
    p.start_threads();
  p.at = 0;
  const auto t0 = now_ns();
  p.worker->hand(x);
  std::unique_lock lock{p.mutex};
  if (!p.arrived.wait_for(lock, std::chrono::seconds{5}, [&] { return p.at != 0; }))
    throw std::runtime_error("chain: the second process is gone");
  return static_cast<double>(p.at - t0);
}

} // namespace troupe::bench
