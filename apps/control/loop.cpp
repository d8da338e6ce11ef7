#include "apps/control/loop.hpp"

#include "apps/control/framing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::control {

namespace {

constexpr std::uint64_t listen_id = 0;
constexpr std::uint64_t mail_id = 1;

// Past max_connections so many more are let in to hear why they are refused;
// the others wait in the kernel's backlog.
constexpr std::size_t antechamber = 8;

constexpr mono_ns drain_for = 2'000'000'000;
constexpr mono_ns accept_pause = 100'000'000;
constexpr mono_ns goodbye_for = 500'000'000;

mono_ns ns(std::chrono::milliseconds x) {
  return std::chrono::nanoseconds{x}.count();
}

mono_ns mono() {
  return system_clocks().mono();
}

} // namespace

// --- the way in from other threads ---

server::loop::mailbox::~mailbox() {
  if (fd >= 0)
    close(fd);
}

void server::loop::mailbox::ring() {
  // With `mutex` held. One write however many come before the loop looks.
  if (std::exchange(rung, true))
    return;
  const std::uint64_t one = 1;
  [[maybe_unused]] auto n = write(fd, &one, sizeof(one));
}

void server::loop::mailbox::answered(id who, http::answer what) {
  std::lock_guard lock{mutex};
  answers.emplace_back(who, std::move(what));
  ring();
}

void server::loop::mailbox::has_events(id who) {
  std::lock_guard lock{mutex};
  if (std::find(ready.begin(), ready.end(), who) == ready.end())
    ready.push_back(who);
  ring();
}

// --- life ---

server::loop::loop(node_api& node, server_options options, listening_socket socket)
  : http_(node),
    options_(std::move(options)),
    socket_(std::move(socket)),
    workers_(options_.workers),
    mail_(std::make_shared<mailbox>()) {
}

status server::loop::start() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  mail_->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event listening{};
  listening.events = EPOLLIN;
  listening.data.u64 = listen_id;
  epoll_event mail{};
  mail.events = EPOLLIN;
  mail.data.u64 = mail_id;
  if (epoll_ < 0 || mail_->fd < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.fd(), &listening) != 0
      || epoll_ctl(epoll_, EPOLL_CTL_ADD, mail_->fd, &mail) != 0)
    return error{errc::io_error, fmt::format("control socket {}: no event loop: {}", options_.path,
                                             std::generic_category().message(errno))};
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "control");
  return {};
}

server::loop::~loop() {
  if (thread_.joinable()) {
    // Workers first: their answers still leave, "stopping" among them.
    workers_.stop();
    {
      std::lock_guard lock{mail_->mutex};
      mail_->stop = true;
      mail_->ring();
    }
    thread_.join();
  }
  if (epoll_ >= 0)
    close(epoll_);
}

void server::loop::run() {
  epoll_event events[32];
  mono_ns end = 0;
  while (!stopping_ || (connections_ > 0 && mono() < end)) {
    const int n = epoll_wait(epoll_, events, 32, wait_ms());
    for (int i = 0; i < n; ++i)
      handle(events[i].data.u64, events[i].events);
    on_time(mono());
    if (stopping_ && end == 0) {
      end = mono() + goodbye_for;
      finish();
    }
  }
  while (!all_.empty())
    close_connection(all_.begin()->first);
}

int server::loop::wait_ms() const {
  mono_ns next = listen_again_at_;
  for (auto& [who, c] : all_)
    if (c->deadline != 0)
      next = next == 0 ? c->deadline : std::min(next, c->deadline);
  if (stopping_)
    return 20;
  if (next == 0)
    return -1; // nothing to wait for: no wake-ups
  return static_cast<int>(std::max<mono_ns>(0, (next - mono() + 999'999) / 1'000'000));
}

void server::loop::handle(id who, std::uint32_t events) {
  if (who == mail_id)
    return take_mail();
  if (who == listen_id)
    return accept_all();
  auto i = all_.find(who);
  if (i == all_.end())
    return;
  auto& c = *i->second;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (events & EPOLLIN) == 0) {
    if (c.is != phase::working)
      return close_connection(who);
    // Cannot be told apart from level-triggered spinning otherwise.
    c.hung_up = true;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, c.fd, nullptr);
    return;
  }
  if ((events & EPOLLIN) != 0)
    on_input(who, c);
  else if ((events & EPOLLOUT) != 0)
    write_out(who, c);
}

void server::loop::take_mail() {
  std::vector<std::pair<id, http::answer>> answers;
  std::vector<id> ready;
  {
    std::lock_guard lock{mail_->mutex};
    std::uint64_t count = 0;
    [[maybe_unused]] auto n = read(mail_->fd, &count, sizeof(count));
    mail_->rung = false;
    answers.swap(mail_->answers);
    ready.swap(mail_->ready);
    stopping_ = stopping_ || mail_->stop;
  }
  for (auto& [who, what] : answers)
    on_answer(who, std::move(what));
  for (auto who : ready)
    if (auto i = all_.find(who); i != all_.end() && i->second->is == phase::streaming)
      write_out(who, *i->second);
}

// --- connections ---

void server::loop::accept_all() {
  while (!stopping_ && connections_ < options_.max_connections + options_.max_streams + antechamber) {
    const int fd = accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return;
      break; // out of descriptors: look again soon instead of spinning
    }
    const auto who = next_++;
    auto& c = *all_.emplace(who, std::make_unique<connection>(fd)).first->second;
    c.who = peer_of(fd);
    c.deadline = mono() + ns(options_.request_within);
    c.over_bound = connections_ - streams_ >= options_.max_connections;
    ++connections_;
    epoll_event e{};
    e.data.u64 = who;
    e.events = c.interest = EPOLLIN;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0)
      close_connection(who);
  }
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket_.fd(), nullptr);
  listen_again_at_ = mono() + accept_pause;
}

void server::loop::on_input(id who, connection& c) {
  if (c.is == phase::draining) {
    if (c.discard() != outcome::again)
      close_connection(who);
    return;
  }
  const framing_limits limits{options_.max_header_bytes, options_.max_body_bytes};
  const auto got = c.receive(limits.header_bytes + 4 + limits.body_bytes);
  if (got == outcome::failed)
    return close_connection(who);
  auto request = frame_request(c.in, limits);
  if (request.is == framing::state::refused)
    return refuse(who, c, request.status, "bad_request", request.text, got == outcome::again);
  if (request.is == framing::state::more) {
    if (got == outcome::done)
      refuse(who, c, 400, "bad_request", "the request ended before it was whole", false);
    return;
  }
  if (c.over_bound)
    return refuse(who, c, 503, "over_limit",
                  fmt::format("{} connections are open, and no more are taken; try again later",
                              options_.max_connections),
                  false);
  c.is = phase::working;
  c.deadline = 0;
  watch_for(who, c, 0);
  c.in.resize(request.header_bytes + request.body_bytes);
  const bool taken = workers_.run([this, who, mail = mail_, in = std::move(c.in), peer = c.who,
                                   header = request.header_bytes] {
    mail->answered(who, http_.respond(in, header, peer));
  });
  c.in = {};
  if (!taken)
    refuse(who, c, 503, "closed", "the node stops", false);
}

void server::loop::on_answer(id who, http::answer what) {
  auto i = all_.find(who);
  if (i == all_.end())
    return;
  auto& c = *i->second;
  if (c.hung_up || (stopping_ && what.stream)) {
    if (what.stream)
      what.stream->leave(mono());
    return close_connection(who);
  }
  c.out = std::move(what.bytes);
  c.is = phase::writing;
  c.last_progress = mono();
  c.deadline = c.last_progress + ns(options_.request_within);
  if (what.stream && streams_ >= options_.max_streams) {
    what.stream->leave(mono());
    return refuse(who, c, 503, "over_limit",
                  fmt::format("{} streams are open, and no more are taken; end a watch or tap",
                              options_.max_streams),
                  false);
  }
  if (what.stream)
    return begin_stream(who, c, std::move(what.stream));
  write_out(who, c);
}

void server::loop::refuse(id who, connection& c, int status, std::string_view code,
                          std::string_view text, bool still_sending) {
  c.out = http::refuse(status, code, text);
  c.in = {};
  c.is = phase::writing;
  c.drain_after = still_sending;
  c.deadline = mono() + ns(options_.request_within);
  write_out(who, c);
}

void server::loop::begin_stream(id who, connection& c, std::shared_ptr<event_queue> queue) {
  ++streams_;
  c.is = phase::streaming;
  c.stream = std::move(queue);
  c.stream->set_wake([mail = mail_, who] { mail->has_events(who); });
  write_out(who, c);
}

void server::loop::write_out(id who, connection& c) {
  if (c.is == phase::streaming)
    return write_events(who, c);
  const auto sent = c.send(mono());
  if (sent == outcome::again)
    return watch_for(who, c, EPOLLOUT);
  if (sent == outcome::failed || !c.drain_after)
    return close_connection(who);
  shutdown(c.fd, SHUT_WR);
  c.is = phase::draining;
  c.deadline = mono() + drain_for;
  watch_for(who, c, EPOLLIN);
}

void server::loop::write_events(id who, connection& c) {
  const auto now = mono();
  // Four buffers in a row, then the others have their turn.
  for (int i = 0;; ++i) {
    const bool waited = !c.out.empty();
    c.fill();
    if (c.out.empty())
      break;
    if (i == 4)
      return watch_for(who, c, EPOLLOUT);
    if (!waited)
      c.last_progress = now; // a stall is counted from the first byte that waits
    const auto sent = c.send(now);
    if (sent == outcome::failed)
      return close_connection(who);
    c.deadline = now + ns(options_.heartbeat);
    if (sent == outcome::again)
      return watch_for(who, c, EPOLLOUT);
  }
  if (c.stream->finished())
    return close_connection(who);
  // The queue is empty, so whatever comes next rings.
  watch_for(who, c, 0);
}

// --- time ---

void server::loop::on_time(mono_ns now) {
  if (listen_again_at_ != 0 && now >= listen_again_at_ && !stopping_) {
    listen_again_at_ = 0;
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = listen_id;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.fd(), &e);
  }
  std::vector<id> due;
  for (auto& [who, c] : all_)
    if (c->deadline != 0 && now >= c->deadline)
      due.push_back(who);
  for (auto who : due) {
    auto& c = *all_.at(who);
    if (c.is == phase::streaming)
      on_stream_time(who, c, now);
    else if (c.is == phase::reading)
      refuse(who, c, 408, "timed_out",
             fmt::format("the request did not arrive whole within {} s",
                         options_.request_within.count() / 1000),
             true);
    else
      close_connection(who);
  }
}

void server::loop::on_stream_time(id who, connection& c, mono_ns now) {
  if (!c.out.empty() && now - c.last_progress >= ns(options_.stalled_after))
    return close_connection(who);
  if (c.out.empty())
    c.out = ": still here\n\n";
  c.deadline = now + ns(options_.heartbeat);
  write_out(who, c);
}

void server::loop::watch_for(id who, connection& c, std::uint32_t events) {
  if (c.interest == events)
    return;
  epoll_event e{};
  e.data.u64 = who;
  e.events = c.interest = events;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &e);
}

void server::loop::close_connection(id who) {
  auto i = all_.find(who);
  if (i == all_.end())
    return;
  if (auto& queue = i->second->stream) {
    --streams_;
    queue->leave(mono());
  }
  --connections_;
  all_.erase(i);
  if (listen_again_at_ != 0)
    listen_again_at_ = 1; // at once: there is room again
}

void server::loop::finish() {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket_.fd(), nullptr);
  listen_again_at_ = 0;
  std::vector<id> idle;
  for (auto& [who, c] : all_) {
    if (c->is == phase::streaming)
      c->stream->end("the node stops");
    if (c->is == phase::streaming || c->is == phase::reading || c->is == phase::draining)
      idle.push_back(who);
  }
  for (auto who : idle) {
    auto& c = *all_.at(who);
    if (c.is == phase::streaming)
      write_out(who, c);
    else
      close_connection(who);
  }
}

} // namespace troupe::control
