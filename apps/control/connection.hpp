#pragma once

#include "apps/control/event_queue.hpp"
#include "apps/control/node_api.hpp"
#include "apps/control/tls_session.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::control {

/// How many there are of one sort: callers at the socket, callers with a
/// certificate. Each has its own bounds, so that no far caller keeps the
/// operator out who sits at the machine.
struct crowd {
  std::size_t connections = 0;
  std::size_t streams = 0;
};

/// One accepted connection: one request, one response or one stream.
/// Threads: the server's loop only.
class connection {
public:
  enum class phase {
    greeting,  ///< TLS: not yet known who it is
    reading,   ///< the request arrives
    working,   ///< a worker has it
    writing,   ///< the response leaves; then it is closed
    streaming, ///< events leave until either side ends
    draining,  ///< refused while the peer still sends: its rest is thrown away,
               ///< else the peer might see a reset instead of our answer
  };
  enum class outcome { again, done, failed };

  /// Takes the non-blocking descriptor over.
  explicit connection(int fd);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Reads what has come, at most `limit` bytes in all.
  /// @returns done at the peer's end of file.
  outcome receive(std::size_t limit);

  /// Throws away what has come.
  outcome discard();

  /// Writes what the peer takes. @returns done when nothing is left.
  outcome send(mono_ns now);

  /// Moves events to the output, as server-sent events, while there is room.
  void fill();

  const int fd;
  caller who;
  phase is = phase::reading;
  bool over_bound = false; ///< will be told 503
  bool drain_after = false;
  bool hung_up = false;    ///< the peer left while a worker was busy
  std::string in;
  std::string out;
  std::shared_ptr<event_queue> stream;
  mono_ns deadline = 0;      ///< of this phase; 0: none
  mono_ns last_progress = 0; ///< of sending
  std::uint32_t interest = 0; ///< what epoll watches for
  crowd* of = nullptr;       ///< whom it is counted with; null for strangers

  // --- over TCP only ---
  bool far = false;
  std::unique_ptr<tls_session> tls; ///< from its first byte on
  std::string address;              ///< "10.0.0.7:51234"
  std::string place;                ///< what bounds per address count
  bool enrolling = false;           ///< a stranger's call is in work
  std::string denied;               ///< why its certificate is worth nothing
  cluster::peer_identity proven;    ///< by its certificate
  wall_ms expires = 0;
  mono_ns trusted_at = 0; ///< when its certificate was last held against the revocations

  /// TLS has to write before it can read on.
  [[nodiscard]] bool must_write() const noexcept { return tls && tls->wants_write(); }

private:
  outcome receive_tls(std::size_t limit);
  outcome send_tls(mono_ns now);

  std::size_t sent_ = 0;
};

} // namespace troupe::control
