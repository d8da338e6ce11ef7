#pragma once

#include "actors/supervision/spec.hpp"

#include <string>

namespace troupe::supervision {

/// How a child came to its end.
enum class end : std::uint8_t {
  normal,       ///< it said that it is done (`unit_done`)
  shutdown,     ///< it was asked to stop by somebody else than its supervisor
  crashed,      ///< an exception left a handler
  killed,       ///< exit_reason::kill, by hand or as a drill
  hung,         ///< it did not answer in time
  start_failed, ///< its maker or `start` threw
};

/// What becomes of its place in the tree.
enum class fate : std::uint8_t {
  again,  ///< it is started again
  rest,   ///< it stays in the list, stopped, and can be restarted by hand
  forget, ///< it leaves the list
};

/// OTP's matrix: {permanent, transient, temporary} x how it ended.
fate decide_fate(restart when, end how) noexcept;

const char* to_string(end x) noexcept;
const char* to_string(fate x) noexcept;

} // namespace troupe::supervision
