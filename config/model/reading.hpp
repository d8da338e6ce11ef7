#pragma once

#include "config/model/time.hpp"
#include "config/model/value.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// How far a value may be trusted. Later is worse. Numbers rest on disk.
enum class quality : std::uint8_t { good, uncertain, bad };

/// Why a quality is not plainly good. Numbers rest on disk: append only.
enum class reason : std::uint8_t {
  none,
  no_value,     ///< Nothing was ever read.
  stale,        ///< The last good value is older than `stale-after`.
  restored,     ///< From the store after a start; not measured since.
  forced,       ///< An operator replaced the value.
  simulated,    ///< From the simulator.
  substituted,  ///< A configured stand-in.
  bus_lost,     ///< The bus or device does not answer.
  gap,          ///< Events were lost; the bound is in the reading.
  settling,     ///< A counter that has not been compared with its saved copies.
  out_of_range, ///< Outside the configured limits.
  quarantined,  ///< Its actor failed too often.
  deviation,    ///< An output's read-back disagrees.
  node_lost,    ///< The node that measures it cannot be reached.
};

/// How a reading came to be told. A restored or re-sent value is never a
/// change (invariant I6).
enum class origin : std::uint8_t { change, refresh, restore };

/// One value of one channel, as everybody sees it.
struct reading {
  value val;
  quality grade = quality::bad;
  reason why = reason::no_value;
  origin told_as = origin::restore;
  mono_ns measured_at = 0;   ///< this boot; 0: before this boot or never
  wall_ms measured_wall = 0; ///< for people; 0: never
  wall_ms changed_wall = 0;  ///< when `val` last changed; survives restarts
  std::uint64_t changes = 0; ///< changes since the channel was configured
  std::uint64_t missed_at_most = 0; ///< counters: pulses that may be missing
  std::uint32_t gaps = 0;           ///< counters: gaps that bound comes from

  friend bool operator==(const reading&, const reading&) = default;
};

const char* to_string(quality x) noexcept;
const char* to_string(reason x) noexcept;
const char* to_string(origin x) noexcept;

/// "21.5 (good)", "on (uncertain, restored)".
std::string to_string(const reading& x);

} // namespace troupe
