#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::supervision {

/// What the sweep sees of one actor.
struct sight {
  mono_ns handling_since = 0; ///< 0: idle
  mono_ns pinged_at = 0;      ///< the newest unanswered ping, 0: none
  std::uint64_t handled = 0;          ///< now
  std::uint64_t handled_at_ping = 0;  ///< when that ping was sent
  milliseconds answer_within{5000};
};

enum class verdict : std::uint8_t {
  fine,
  slow, ///< the ping waits in a long queue, but messages are being handled
  hung, ///< one message takes too long, or nothing is handled at all
};

const char* to_string(verdict x) noexcept;

/// Is it stuck? An actor with a full queue that works it off is late, not
/// hung: replacing it would lose the queue and help nobody.
verdict judge(const sight& x, mono_ns now) noexcept;

/// Why `hung`, for people.
std::string why_hung(const sight& x, mono_ns now);

/// The moment at which the verdict could change to hung, if it could.
std::optional<mono_ns> hung_at(const sight& x) noexcept;

} // namespace troupe::supervision
