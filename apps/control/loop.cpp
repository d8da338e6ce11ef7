#include "apps/control/loop.hpp"

#include "apps/control/framing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::control {

namespace {

constexpr mono_ns goodbye_for = 500'000'000;

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

server::loop::loop(node_api& node, far_side& others, server_options options,
                   listening_socket socket, std::vector<tcp_listener> doors)
  : http_(node, others),
    options_(std::move(options)),
    socket_(std::move(socket)),
    doors_(std::move(doors)),
    open_again_at_(1 + doors_.size(), 0),
    workers_(options_.workers),
    mail_(std::make_shared<mailbox>()),
    next_(first_door + 1 + doors_.size()),
    strangers_(options_.max_strangers, options_.max_strangers_per_address),
    refusals_(options_.refusals_per_second) {
}

status server::loop::start() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  mail_->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event mail{};
  mail.events = EPOLLIN;
  mail.data.u64 = mail_id;
  if (epoll_ < 0 || mail_->fd < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, mail_->fd, &mail) != 0)
    return error{errc::io_error, fmt::format("control socket {}: no event loop: {}", options_.path,
                                             std::generic_category().message(errno))};
  watch_doors();
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
  // A peer that left is an error of a write, not the end of the program.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  epoll_event events[32];
  mono_ns end = 0;
  while (!stopping_ || (!all_.empty() && mono() < end)) {
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
  mono_ns next = 0;
  for (auto at : open_again_at_)
    if (at != 0)
      next = next == 0 ? at : std::min(next, at);
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
  if (who == first_door)
    return accept_near();
  if (who <= first_door + doors_.size())
    return accept_far(who - first_door - 1);
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
  if (c.is == phase::greeting)
    on_greeting(who, c);
  else if (c.is == phase::streaming && (events & EPOLLRDHUP) != 0)
    close_connection(who);
  else if ((events & EPOLLIN) != 0 || c.is == phase::reading)
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
      return refuse(who, c, 400, "bad_request", "the request ended before it was whole", false);
    return watch_for(who, c, c.must_write() ? EPOLLOUT : EPOLLIN);
  }
  if (c.over_bound)
    return refuse(who, c, 503, "over_limit",
                  fmt::format("{} connections are open, and no more are taken; try again later",
                              options_.max_connections),
                  false);
  if (!c.denied.empty())
    return refuse(who, c, 403, to_string(errc::untrusted), c.denied, false);
  if (auto why = distrust(c, mono()); !why.empty()) {
    turned_away(c, c.who.name, why);
    return refuse(who, c, 401, to_string(errc::untrusted), why, false);
  }
  if (c.far && !c.of) {
    if (enrolling_ >= options_.max_enrolling)
      return refuse(who, c, 503, "over_limit",
                    "others without a certificate are being served; try again", false);
    ++enrolling_;
    c.enrolling = true;
    strangers_.at_work(who, c.place);
  }
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
  if (std::exchange(c.enrolling, false))
    --enrolling_;
  if (c.hung_up || (stopping_ && what.stream)) {
    if (what.stream)
      what.stream->leave(mono());
    return close_connection(who);
  }
  c.out = std::move(what.bytes);
  c.is = phase::writing;
  c.last_progress = mono();
  c.deadline = c.last_progress + to_ns(options_.request_within);
  // Strangers get no streams: dispatch sees to it.
  if (what.stream && (!c.of || c.of->streams >= options_.max_streams)) {
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
  c.deadline = mono() + to_ns(options_.request_within);
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
  if (c.tls)
    c.tls->goodbye();
  shutdown(c.fd, SHUT_WR);
  c.is = phase::draining;
  c.deadline = mono() + drain_for;
  watch_for(who, c, EPOLLIN);
}

// --- time ---

void server::loop::on_time(mono_ns now) {
  reopen_doors(now);
  std::vector<id> due;
  for (auto& [who, c] : all_)
    if (c->deadline != 0 && now >= c->deadline)
      due.push_back(who);
  for (auto who : due) {
    auto& c = *all_.at(who);
    if (c.is == phase::streaming)
      on_stream_time(who, c, now);
    else if (c.is == phase::greeting)
      on_failed_greeting(who, c, "",
                         fmt::format("did not finish the TLS handshake within {} ms",
                                     options_.handshake_within.count()));
    else if (c.is == phase::reading)
      refuse(who, c, 408, "timed_out",
             fmt::format("the request did not arrive whole within {} s",
                         options_.request_within.count() / 1000),
             true);
    else
      close_connection(who);
  }
}

void server::loop::watch_for(id who, connection& c, std::uint32_t events) {
  // A unix socket says by itself that its peer has left; TCP is asked for it.
  if (c.far && c.is == phase::streaming)
    events |= EPOLLRDHUP;
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
  auto& c = *i->second;
  if (auto& queue = c.stream) {
    --c.of->streams;
    queue->leave(mono());
  }
  if (c.of)
    --c.of->connections;
  else
    strangers_.leave(who, c.place);
  if (c.enrolling)
    --enrolling_;
  all_.erase(i);
  recount();
  for (auto& at : open_again_at_)
    if (at != 0)
      at = 1; // at once: there is room again
}

void server::loop::recount() {
  connections_ = near_.connections + far_.connections;
  streams_ = near_.streams + far_.streams;
  strangers_now_ = strangers_.size();
}

void server::loop::finish() {
  for (std::size_t i = 0; i <= doors_.size(); ++i) {
    pause_door(i);
    open_again_at_[i] = 0;
  }
  std::vector<id> idle;
  for (auto& [who, c] : all_) {
    if (c->is == phase::streaming)
      c->stream->end("the node stops");
    if (c->is == phase::streaming || c->is == phase::reading || c->is == phase::draining
        || c->is == phase::greeting)
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
