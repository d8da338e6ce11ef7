#pragma once

#include "cluster/transport/guard.hpp"
#include "cluster/transport/session.hpp"

#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

namespace troupe::cluster {

/// What CAF's stream needs to know of TLS.
struct session_policy {
  std::shared_ptr<link_session> of;

  using rw_state = caf::io::network::rw_state;
  rw_state read_some(std::size_t& got, int, void* to, std::size_t n) { return of->read_some(got, to, n); }
  rw_state write_some(std::size_t& put, int, const void* from, std::size_t n) {
    return of->write_some(put, from, n);
  }
  bool must_read_more(int, std::size_t) { return of->pending(); }
};

/// One connection as CAF's broker sees it. Holds back all output until the
/// peer is authorised, shows the broker only what the guard passes, keeps the
/// beats for itself, bounds what is queued, tells link_up and link_down.
///
/// Threads: made by the I/O thread or a dialling thread; then I/O thread.
class link_scribe : public caf::io::scribe {
public:
  link_scribe(caf::io::network::default_multiplexer& io, int fd, std::shared_ptr<link_session> session);
  ~link_scribe() override;

  void configure_read(caf::io::receive_policy::config how) override;
  void ack_writes(bool on) override { stream_.ack_writes(on); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void flush() override;
  void graceful_shutdown() override;
  std::string addr() const override { return session_->address(); }
  std::uint16_t port() const override { return 0; }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }
  bool consume(caf::execution_unit* context, const void* bytes, std::size_t size) override;

  [[nodiscard]] link_record& record() const { return *session_->record(); }

  /// Ends the link now: CAF is told, the peer gets a reset. Not from within a
  /// handler of the broker; there use `kill`.
  void sever(const std::string& why, bool lost, errc code = errc::unreachable);
  [[nodiscard]] std::size_t queued(); ///< bytes that the socket has not taken
  void beat_now(mono_ns now);
  /// From now on nothing goes either way, or everything again that waited.
  void hold(bool on);
  /// From now on what the peer says comes late; `hold(false)` ends it.
  void delay(const lateness& how);
  /// Something that was late may have come.
  void look_at_late(std::chrono::steady_clock::time_point now);
  void look_at_deadline(std::chrono::steady_clock::time_point now);

protected:
  void detach_from(caf::io::abstract_broker* broker) override;

private:
  bool hand_on(caf::execution_unit* context, const void* bytes, std::size_t size);
  bool rise(caf::execution_unit* context, const void* bytes, std::size_t size);
  void hear_beat(const void* header);
  void kill(const std::string& why, errc code = errc::unreachable);
  void tell_down();

  std::shared_ptr<link_session> session_;
  std::shared_ptr<hub> hub_;
  caf::io::network::stream_impl<session_policy> stream_;
  std::optional<basp_guard> guard_;
  std::chrono::steady_clock::time_point deadline_; ///< of the handshakes, later of a drain
  mono_ns last_sent_tick_ = 0;
  bool launched_ = false, told_up_ = false, lost_ = true, draining_ = false, held_ = false;
};

} // namespace troupe::cluster
