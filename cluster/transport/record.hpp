#pragma once

#include "cluster/tls/psk.hpp"
#include "cluster/transport/transport.hpp"

#include <atomic>

namespace troupe::cluster {

class link_scribe;

/// What all threads may see of one connection. Numbers are atomics, written by
/// the I/O thread.
struct link_record {
  std::atomic<bool> up{false};
  std::atomic<bool> ended{false}; ///< no rival any more, though its socket may still drain
  std::atomic<mono_ns> up_since{0}, last_heard{0}, peer_tick{0}, peer_tick_at{0}, echo_tick{0},
    round_trip{0};
  std::atomic<std::size_t> backlog{0};
  std::atomic<std::uint64_t> bytes_in{0}, bytes_out{0};

  // Guarded by hub::mutex. `who` is complete, but for its node id, before the
  // record is in the hub's table; after that the I/O thread may read the rest
  // of it without the mutex.
  peer_identity who;
  std::shared_ptr<const psk_context> keys; ///< that its handshake began with; null: certificates
  std::string why;        ///< of the end, as soon as one is known
  errc code = errc::none; ///< the same for programs
  std::shared_ptr<const peer_identity> shown; ///< `who`, whole; not null once it is `up`

  link_scribe* io = nullptr; ///< I/O thread only
};

} // namespace troupe::cluster
