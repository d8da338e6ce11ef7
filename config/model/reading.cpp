#include "config/model/reading.hpp"

namespace troupe {

const char* to_string(quality x) noexcept {
  switch (x) {
  case quality::good: return "good";
  case quality::uncertain: return "uncertain";
  case quality::bad: return "bad";
  }
  return "invalid";
}

const char* to_string(reason x) noexcept {
  switch (x) {
  case reason::none: return "none";
  case reason::no_value: return "no_value";
  case reason::stale: return "stale";
  case reason::restored: return "restored";
  case reason::forced: return "forced";
  case reason::simulated: return "simulated";
  case reason::substituted: return "substituted";
  case reason::bus_lost: return "bus_lost";
  case reason::gap: return "gap";
  case reason::settling: return "settling";
  case reason::out_of_range: return "out_of_range";
  case reason::quarantined: return "quarantined";
  case reason::deviation: return "deviation";
  case reason::node_lost: return "node_lost";
  }
  return "invalid";
}

const char* to_string(origin x) noexcept {
  switch (x) {
  case origin::change: return "change";
  case origin::refresh: return "refresh";
  case origin::restore: return "restore";
  }
  return "invalid";
}

std::string to_string(const reading& x) {
  auto text = to_string(x.val) + " (" + to_string(x.grade);
  if (x.why != reason::none)
    text += std::string(", ") + to_string(x.why);
  return text + ")";
}

} // namespace troupe
