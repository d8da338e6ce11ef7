#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::bench {

/// Where an event is on its way from the button on A to the relay on A.
enum class stage : std::uint32_t {
  edge,         ///< A, driver thread: the contact moved
  shown,        ///< A, worker: the input publishes its reading
  a_out,        ///< A, I/O thread: TLS gets the bytes
  b_in,         ///< B, I/O thread: TLS gave bytes
  mirrored,     ///< B, I/O thread: the reading stands in B's live table
  commanded,    ///< B, worker: the rule has run and its command leaves
  b_out,        ///< B, I/O thread: TLS gets the bytes
  a_in,         ///< A, I/O thread: TLS gave bytes
  wished,       ///< A, worker: the output laid its wish down
  pin,          ///< A, bus thread: the driver is told
  count
};

struct stamp {
  stage at{};
  std::uint32_t process = 0;
  std::int64_t time = 0; ///< CLOCK_MONOTONIC
};

/// Stamps of both processes in one shared file. Off until opened; then a stamp
/// costs one atomic add and one reading of the clock.
void open_stamps(const std::string& path);
void put_stamp(stage at);
/// All since the last call. Only while no event is under way.
[[nodiscard]] std::vector<stamp> take_stamps();

/// What TLS took and gave in this process.
struct tls_bytes {
  std::uint64_t out = 0, in = 0, writes = 0;
};
[[nodiscard]] tls_bytes tls_so_far();

/// The names whose readings and commands are stamped.
inline const std::string button_name = "bench/button";
inline const std::string relay_name = "bench/relay";

} // namespace troupe::bench
