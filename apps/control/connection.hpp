#pragma once

#include "apps/control/event_queue.hpp"
#include "apps/control/node_api.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::control {

/// One accepted connection: one request, one response or one stream.
/// Threads: the server's loop only.
class connection {
public:
  enum class phase {
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

private:
  std::size_t sent_ = 0;
};

} // namespace troupe::control
