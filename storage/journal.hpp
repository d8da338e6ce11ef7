#pragma once

#include "config/model/time.hpp"
#include "storage/live_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::storage {

/// How much a person should care. Numbers rest on disk.
enum class severity : std::uint8_t { debug, info, notice, warning, alarm };

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
