#pragma once

#include "config/model/time.hpp"
#include "storage/clock_quality.hpp"
#include "storage/live_table.hpp"
#include "storage/stream_id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::storage {

/// How much a person should care. Numbers rest on disk.
enum class severity : std::uint8_t { debug, info, notice, warning, alarm };

/// Of an event that tells that its node's clock became good, or was set: what the
/// clock would say at `journal_event::mono` without. From `at`, `mono` and the
/// quality of that event readers know when earlier ones were.
struct clock_correlation {
  wall_ms before = 0;
  /// Journal streams that the same process wrote before the one of this event.
  std::vector<stream_id> earlier;

  friend bool operator==(const clock_correlation&, const clock_correlation&) = default;
};

/// A fact of the event journal. Facts are appended and never changed; they
/// leave by retention only.
struct journal_event {
  std::uint64_t seq = 0;   ///< given by the store
  wall_ms at = 0;          ///< given by the store when 0
  mono_ns mono = 0;        ///< given by the store when 0
  std::uint32_t boot = 0;  ///< given by the store
  std::uint64_t node = 0;  ///< `node_hash` of who wrote it; given by the store
  severity level = severity::info;
  std::string kind;        ///< "output", "command", "restart", "quarantine", "gap",
                           ///< "config", "alarm", "restore", "start", "stop"
  std::string subject;     ///< the name it is about: "hall/lamp"
  std::string text;        ///< one line for people
  std::vector<step> story; ///< what led to it, first step first
  std::string who;         ///< operator, when there was one
  std::string detail;      ///< JSON, free form; post-mortems live here
  clock_quality clock = clock_quality::none; ///< behind `at`; given by the store
  std::optional<clock_correlation> correlates;

  // For readers; not stored.
  wall_ms told_at = 0;     ///< what the writer's clock said, where `at` is corrected
  bool uncertain = false;  ///< nobody knew the time, nor was it found out later

  friend bool operator==(const journal_event&, const journal_event&) = default;
};

const char* to_string(severity x) noexcept;

struct journal_query {
  std::string subject;     ///< empty: all; else exact
  std::string kind;        ///< empty: all
  severity at_least = severity::debug;
  std::uint64_t after_seq = 0;
  std::size_t newest = 100; ///< at most so many, the newest; told oldest first
};

} // namespace troupe::storage
