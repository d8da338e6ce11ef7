#pragma once

#include "config/model/time.hpp"

#include <array>
#include <cstddef>

namespace troupe::cluster {

/// A heartbeat between two transports: a BASP heartbeat header whose unused
/// fields carry times, so that it costs 32 bytes and no actor.
/// docs/formats/beat.md.
struct beat {
  mono_ns tick = 0; ///< sender's clock when it wrote this
  mono_ns echo = 0; ///< newest tick of the receiver that the sender had; 0: none
  mono_ns held = 0; ///< for how long the sender had it

  static constexpr std::size_t size = 32;
  [[nodiscard]] std::array<char, size> to_bytes() const;
  /// @pre `size` bytes
  [[nodiscard]] static beat from_bytes(const void* bytes);

  /// Of the way there and back, without the time held.
  /// @param sent our newest tick that was sent: an echo beyond it is a lie
  /// @returns 0 when it cannot be told.
  [[nodiscard]] std::chrono::nanoseconds round_trip(mono_ns now, mono_ns sent) const;
};

} // namespace troupe::cluster
