#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <string>

namespace troupe {

enum class edge_kind : std::uint8_t { none, rising, falling, both };
enum class bias_kind : std::uint8_t { as_is, disabled, pull_up, pull_down };
enum class drive_kind : std::uint8_t { push_pull, open_drain, open_source };

/// One address on a bus and how to use it. Drivers ignore what their hardware
/// does not know, except where that would be unsafe: then `errc::unsupported`.
struct line_config {
  std::string line;        ///< offset ("17") or line name ("relay-1")
  std::string consumer;    ///< shown to the system: the channel's name
  bool active_low = false; ///< logical level is the inverse of the pin
  edge_kind edges = edge_kind::both;
  bias_kind bias = bias_kind::as_is;
  drive_kind drive = drive_kind::push_pull;
  milliseconds debounce{0};  ///< 0: none
  double max_rate_hz = 1000; ///< highest expected edge rate; bounds unseen gaps
  unsigned buffer_events = 1024; ///< kernel buffer asked for, where settable

  friend bool operator==(const line_config&, const line_config&) = default;
};

} // namespace troupe
