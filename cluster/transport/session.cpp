#include "cluster/transport/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace troupe::cluster {

using caf::io::network::rw_state;

namespace {

// One peer may not keep the I/O thread busy for longer with one write.
constexpr std::size_t most_at_once = 64 * 1024;
// Reads in a row that yield nothing: parts of a record, or records of TLS itself.
// An honest peer changes its keys once in millions of records.
constexpr unsigned most_empty_reads = 4096;

std::chrono::nanoseconds used_by_this_thread() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

/// The peer closed or vanished and gave no reason, as opposed to a reason of TLS.
/// Before `explain`, which empties the queue.
bool ended_without_a_word(SSL* ssl, int ret) {
  const int kind = SSL_get_error(ssl, ret);
  return kind == SSL_ERROR_SYSCALL || kind == SSL_ERROR_ZERO_RETURN
         || (kind == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

} // namespace

link_session::link_session(std::shared_ptr<hub> shared, int fd, owned_ssl ssl,
                           std::shared_ptr<const psk_context> psk, std::string host)
  : hub_(std::move(shared)), ssl_(std::move(ssl)), psk_(std::move(psk)),
    record_(std::make_shared<link_record>()), address_(to_string(peer_of(fd))),
    host_(std::move(host)), dialled_(false) {}

link_session::link_session(std::shared_ptr<hub> shared, int, owned_ssl ssl,
                           std::shared_ptr<const psk_context> psk, std::string address,
                           std::string wanted)
  : hub_(std::move(shared)), ssl_(std::move(ssl)), psk_(std::move(psk)),
    record_(std::make_shared<link_record>()), address_(std::move(address)),
    wanted_(std::move(wanted)), dialled_(true) {}

link_session::~link_session() {
  release_place();
  if (admitted_)
    hub_->forget(record_);
}

void link_session::release_place() {
  if (!host_.empty())
    hub_->half_open.release(std::exchange(host_, std::string{}));
}

void link_session::end() noexcept {
  const std::lock_guard guard{mutex_};
  end_now();
}

/// Under `mutex_`.
void link_session::end_now() noexcept {
  ended_ = record_->ended = true;
  waiting_.clear();
}

link_session::step link_session::refused(const std::string& claimed, const error& why) {
  hub_->note_why(*record_, why.context, why.code);
  // Nobody was turned away where nobody answered: who dialled is told by the dial.
  const bool silence = dialled_ && why.code == errc::unreachable;
  if (!std::exchange(refused_told_, true) && !silence)
    hub_->refuse(address_, claimed, why);
  end();
  return step::failed;
}

link_session::step link_session::handshake() {
  if (established_)
    return step::done;
  if (ended_)
    return step::failed;
  ERR_clear_error();
  const auto begun = dialled_ ? std::chrono::nanoseconds{0} : used_by_this_thread();
  const int ret = SSL_do_handshake(ssl_.get());
  if (!dialled_)
    hub_->handshakes_of_callers.spend(used_by_this_thread() - begun, hub_->now());
  if (ret == 1)
    return authorise();
  switch (SSL_get_error(ssl_.get(), ret)) {
  case SSL_ERROR_WANT_READ: return step::want_read;
  case SSL_ERROR_WANT_WRITE: return step::want_write;
  default: {
    const bool silent = ended_without_a_word(ssl_.get(), ret);
    auto what = explain(ssl_.get(), ret);
    return refused(what.claimed, {silent ? errc::unreachable : errc::untrusted, what.why});
  }
  }
}

link_session::step link_session::authorise() {
  auto who = psk_ ? psk_->identity_of(ssl_.get()) : identity_of(ssl_.get());
  if (!who)
    return refused("", who.why());
  who->address = address_;
  who->dialled = dialled_;
  record_->who = *who;
  record_->keys = psk_;
  record_->last_heard = hub_->now();
  if (auto ok = hub_->admit(record_, wanted_); !ok)
    return refused(who->name, ok.why());
  admitted_ = true;
  established_ = true;
  release_place();
  return step::done;
}

/// Under `mutex_`.
rw_state link_session::lost(int ret) {
  if (!ended_) {
    // A peer that was let in and leaves before it speaks has another link.
    const bool left = ended_without_a_word(ssl_.get(), ret);
    const auto what = explain(ssl_.get(), ret);
    const auto code = left && record_->up_since == 0 ? errc::conflict : left ? errc::unreachable : errc::untrusted;
    hub_->note_why(*record_, what.why, code);
    end_now();
  }
  return rw_state::failure;
}

late_bytes::time link_session::when_it_comes() {
  if (held_)
    return late_bytes::when_told;
  const bool lost = std::uniform_real_distribution{0.0, 1.0}(chance_) < late_->loss;
  return std::chrono::steady_clock::now() + late_->delay + (lost ? lateness::again_after : milliseconds{0});
}

/// Read on, so that the socket does not wake the thread without end.
rw_state link_session::keep() {
  std::array<char, 16 * 1024> piece;
  int ret = 0;
  {
    const std::lock_guard guard{mutex_};
    ERR_clear_error();
    ret = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (ret <= 0) {
      const int kind = SSL_get_error(ssl_.get(), ret);
      return kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE ? rw_state::success : lost(ret);
    }
  }
  kept_.add(piece.data(), static_cast<std::size_t>(ret), when_it_comes());
  if (kept_.last_due() != late_bytes::when_told)
    hub_->wake.at(kept_.last_due());
  if (kept_.size() <= hub_->how.bounds.max_backlog_bytes)
    return rw_state::success;
  hub_->note_why(*record_, fmt::format("a drill holds up what it says, and it said more than {} bytes meanwhile", hub_->how.bounds.max_backlog_bytes));
  end();
  return rw_state::failure;
}

rw_state link_session::read_some(std::size_t& got, void* buffer, std::size_t size) {
  got = 0;
  if (ended_)
    return rw_state::failure;
  if (!established_) {
    switch (handshake()) {
    case step::want_read: return rw_state::success;
    case step::want_write:
      if (on_want_write)
        on_want_write();
      return rw_state::success;
    case step::failed: return rw_state::failure;
    case step::done:
      if (on_established)
        on_established(); // sends what BASP queued meanwhile
    }
  }
  if (is_late())
    if (const auto now = keep(); now != rw_state::success)
      return now;
  if (is_late() || kept_.size() > 0) {
    got = kept_.take(buffer, size, std::chrono::steady_clock::now());
    if (got > 0)
      record_->last_heard = hub_->now();
    record_->bytes_in += got;
    return rw_state::success;
  }
  int kind = SSL_ERROR_NONE;
  {
    const std::lock_guard guard{mutex_};
    ERR_clear_error();
    const int ret = SSL_read(ssl_.get(), buffer, static_cast<int>(std::min<std::size_t>(size, 1 << 20)));
    if (ret > 0) {
      got = static_cast<std::size_t>(ret);
      record_->last_heard = hub_->now();
      record_->bytes_in += got;
      empty_reads_ = 0;
      return rw_state::success;
    }
    kind = SSL_get_error(ssl_.get(), ret);
    if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE)
      return lost(ret);
  }
  if (kind == SSL_ERROR_WANT_WRITE && on_want_write)
    on_want_write();
  if (++empty_reads_ <= most_empty_reads)
    return rw_state::success;
  hub_->note_why(*record_, fmt::format("{} reads of it in a row held no data: it sends TLS records without content", most_empty_reads),
                 errc::untrusted);
  end();
  return rw_state::failure;
}

bool link_session::pending() const {
  {
    const std::lock_guard guard{mutex_};
    if (SSL_pending(ssl_.get()) > 0)
      return true;
  }
  return has_come(std::chrono::steady_clock::now());
}

void link_session::open(bool on) {
  const std::lock_guard guard{mutex_};
  open_ = on;
}

void link_session::hold_out(bool on) {
  const std::lock_guard guard{mutex_};
  held_out_ = on;
}

bool link_session::send(const std::vector<char>& frame) {
  const std::lock_guard guard{mutex_};
  if (!open_ || ended_ || over_)
    return false;
  const bool at_once = owed_ == 0 && waiting_.empty() && !held_out_;
  const auto taken = at_once ? put(frame.data(), frame.size()) : 0;
  if (taken == frame.size())
    return false;
  // Begun even if nothing was taken: TLS wants the same bytes again, before any others.
  rest_ = rest_ || at_once;
  try {
    waiting_.insert(waiting_.end(), frame.begin() + static_cast<std::ptrdiff_t>(taken), frame.end());
    over_ = owed_ + waiting_.size() > hub_->how.bounds.max_backlog_bytes;
  } catch (const std::bad_alloc&) {
    over_ = true; // half a frame, or none, must not be followed by another
  }
  note_backlog();
  return at_once || over_;
}

/// Under `mutex_`.
void link_session::note_backlog() { record_->backlog = owed_ + waiting_.size(); }

bool link_session::over() const {
  const std::lock_guard guard{mutex_};
  return over_;
}

std::size_t link_session::waiting() const {
  const std::lock_guard guard{mutex_};
  return waiting_.size();
}

/// Under `mutex_`. @returns how many bytes the socket took
std::size_t link_session::put(const void* buffer, std::size_t size) {
  size = std::min(size, most_at_once);
  std::size_t done = 0;
  while (done < size) { // a record each time
    ERR_clear_error();
    const int ret = SSL_write(ssl_.get(), static_cast<const char*>(buffer) + done, static_cast<int>(size - done));
    if (ret <= 0)
      break;
    done += static_cast<std::size_t>(ret);
  }
  record_->bytes_out += done;
  return done;
}

/// Under `mutex_`.
void link_session::take_up(std::vector<char>& out) {
  out.insert(rest_ ? out.begin() : out.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  rest_ = false;
  owed_ = in_flight_ + out.size();
}

void link_session::collect(std::vector<char>& out) {
  const std::lock_guard guard{mutex_};
  take_up(out);
}

void link_session::write_out(std::vector<char>& out) {
  const std::lock_guard guard{mutex_};
  take_up(out);
  // Straight to TLS while CAF has nothing under way: its own path goes through
  // another turn of the loop (about 10 µs).
  if (ended_ || in_flight_ > 0 || out.empty())
    return;
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(put(out.data(), out.size())));
  owed_ = out.size();
}

/// CAF has written all it had, and takes up what there is by now. Under `mutex_`.
void link_session::take_next() {
  in_flight_ = owed_ = 0;
  if (!next_batch)
    return;
  take_up(next_batch());
  in_flight_ = owed_;
}

rw_state link_session::write_some(std::size_t& put, const void* buffer, std::size_t size) {
  put = 0;
  if (ended_)
    return rw_state::failure;
  if (!established_) {
    const auto now = handshake();
    if (now == step::done && on_established)
      on_established();
    if (now == step::failed)
      return rw_state::failure;
  }
  const std::lock_guard guard{mutex_};
  if (size == 0) { // for which alone CAF understands "indeterminate"
    take_next();
    return rw_state::indeterminate;
  }
  if (!established_) {
    in_flight_ = size;
    return rw_state::success;
  }
  ERR_clear_error();
  const int ret = SSL_write(ssl_.get(), buffer, static_cast<int>(std::min(size, most_at_once)));
  if (ret > 0) {
    put = static_cast<std::size_t>(ret);
    record_->bytes_out += put;
    if (put == size) {
      take_next();
    } else {
      in_flight_ = size - put;
      owed_ = std::max(in_flight_, owed_ - std::min(owed_, put));
    }
    note_backlog();
    return rw_state::success;
  }
  in_flight_ = size;
  const int kind = SSL_get_error(ssl_.get(), ret);
  return kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE ? rw_state::success : lost(ret);
}

} // namespace troupe::cluster
