#pragma once

#include "cluster/tls/openssl.hpp"
#include "cluster/transport/hub.hpp"
#include "cluster/transport/late_bytes.hpp"
#include "config/model/lending_mutex.hpp"

#include <caf/io/network/rw_state.hpp>

#include <random>

namespace troupe::cluster {

/// TLS of one connection, and what waits to be written. Used by the dialling thread until the handshake is
/// done, from then on (or from the beginning, when accepted) by the I/O thread; once it is open, any
/// thread may `send`.
///
/// What is sent leaves at once, on the thread that sends it, while nothing else is under way. Otherwise, and when the
/// socket takes only a part, the I/O thread writes it, through CAF's stream, so that frames stay whole and in order:
///
///     busy   CAF's buffers hold something: whole frames, and perhaps a rest at their front
///     rest   a frame of `send` has been begun: what waits goes before all that CAF has
///
/// Never both: a frame is begun only while CAF has nothing.
class link_session {
public:
  /// An accepted connection; `host` holds one place of the half-open table.
  link_session(std::shared_ptr<hub> shared, int fd, owned_ssl ssl, std::shared_ptr<const psk_context> psk,
               std::string host);
  /// A dialled one.
  link_session(std::shared_ptr<hub> shared, int fd, owned_ssl ssl, std::shared_ptr<const psk_context> psk,
               std::string address, std::string wanted);
  ~link_session();

  enum class step { done, want_read, want_write, failed };
  step handshake();

  caf::io::network::rw_state read_some(std::size_t& got, void* buffer, std::size_t size);
  caf::io::network::rw_state write_some(std::size_t& put, const void* buffer, std::size_t size);
  [[nodiscard]] bool pending() const;
  /// What the peer says from now on is kept, and counts as not yet come until `in_time`.
  void hold() { late_ = std::nullopt; held_ = true; }
  /// What the peer says from now on comes late.
  void delay(const lateness& how) {
    late_ = how;
    held_ = false;
    chance_.seed(static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count()));
  }
  /// All that is kept has come, and what follows comes at once.
  void in_time() { late_ = std::nullopt; held_ = false; kept_.release(); }
  [[nodiscard]] bool is_late() const noexcept { return held_ || late_.has_value(); }
  [[nodiscard]] bool has_come(std::chrono::steady_clock::time_point now) const { return kept_.due(now); }
  [[nodiscard]] bool established() const noexcept { return established_; }
  /// Bytes that CAF gave us and the socket has not taken.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// Too much waits, or a frame could not be kept: what is sent is lost from then on, and the I/O thread must end
  /// the link, for after a gap nothing may follow.
  [[nodiscard]] bool over() const;
  /// Bytes that were sent and CAF has not got.
  [[nodiscard]] std::size_t waiting() const;

  /// From now on threads may `send`, or no more.
  void open(bool on);
  /// From now on what is sent waits for the I/O thread, which holds it back; or no more.
  void hold_out(bool on);
  /// One whole frame. Any thread; waits for no peer. Lost where the link is not open or has ended.
  /// @returns whether the I/O thread must `flush` its scribe
  [[nodiscard]] bool send(const std::vector<char>& frame);

  /// Takes what waits to where it belongs in `out`, which CAF has not begun to write.
  void collect(std::vector<char>& out);
  /// As `collect`, then writes what the socket takes, at most 64 KiB, unless CAF has something in flight. What
  /// failed for good fails again when CAF writes. @pre established
  void write_out(std::vector<char>& out);
  void takes(std::size_t batch) noexcept { in_flight_ = batch; }

  void end() noexcept; ///< all further reads and writes fail; no thread writes any more when it returns
  /// One connection is refused at most once.
  void told_refused() noexcept { refused_told_ = true; }
  [[nodiscard]] bool refusal_was_told() const noexcept { return refused_told_; }

  [[nodiscard]] const std::shared_ptr<hub>& shared() const { return hub_; }
  [[nodiscard]] const std::shared_ptr<link_record>& record() const { return record_; }
  [[nodiscard]] const std::string& address() const { return address_; }

  std::function<void()> on_established, on_want_write;
  std::function<std::vector<char>&()> next_batch; ///< what CAF takes up when it has written all it had

private:
  step authorise();
  step refused(const std::string& claimed, const error& why);
  [[nodiscard]] std::size_t put(const void* buffer, std::size_t size);
  void end_now() noexcept;
  void note_backlog();
  void take_up(std::vector<char>& out);
  void take_next();
  caf::io::network::rw_state lost(int ret);
  void release_place();
  caf::io::network::rw_state keep();
  [[nodiscard]] late_bytes::time when_it_comes();

  std::shared_ptr<hub> hub_;
  owned_ssl ssl_;
  std::shared_ptr<const psk_context> psk_;
  std::shared_ptr<link_record> record_;
  std::string address_, host_, wanted_;
  /// Of all use of `ssl_` once the session is open, of `ended_` and what follows.
  mutable lending_mutex mutex_;
  std::vector<char> waiting_;
  std::size_t owed_ = 0; ///< bytes that CAF has; `busy` if there are any
  bool open_ = false, rest_ = false, held_out_ = false, over_ = false;

  std::size_t in_flight_ = 0; ///< I/O thread
  unsigned empty_reads_ = 0; ///< in a row
  late_bytes kept_;          ///< read, and not yet come
  std::optional<lateness> late_;
  std::minstd_rand chance_;  ///< of what is lost
  bool held_ = false;        ///< cut: comes when told
  std::atomic<bool> ended_{false};
  bool dialled_, established_ = false, refused_told_ = false, admitted_ = false;
};

} // namespace troupe::cluster
