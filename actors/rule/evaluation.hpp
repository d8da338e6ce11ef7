#pragma once

#include "config/model/reading.hpp"
#include "storage/live_table.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace troupe::rule {

/// One question that the script asked, and what it was told. The same question
/// at the same line is kept once.
struct asked {
  int line = 0;
  std::string call;    ///< "on", "held", "remaining"
  std::string name;    ///< of the input, timer or condition
  std::string answer;  ///< "off", "nil", "false, 3.2 s of 5 s"
  bool is_input = false;
  reading seen;        ///< of inputs
};

/// One wish that the script uttered.
struct uttered {
  int line = 0;
  std::string output;
  value val;           ///< none: released
  int priority = 0;
  std::string effect;  ///< "set", "unchanged", "released", "not held", "pulse"
  milliseconds pulse{0}; ///< its length; 0: it is none
};

/// Questions kept of one run; what is more is counted only.
inline constexpr std::size_t max_asked = 256;

/// All about one run of a rule: what a report of it prints.
struct evaluation {
  std::uint64_t number = 0;           ///< of runs since the rule started
  wall_ms at = 0;
  std::vector<storage::step> trigger; ///< why it ran
  std::vector<asked> questions;
  std::uint64_t questions_dropped = 0;
  std::vector<uttered> wishes;
  bool ok = true;
  std::string error;                  ///< "rule/hall-light line 3: ..."
  int error_line = 0;
  std::string returned;               ///< of an expression
  std::uint64_t instructions = 0;
  std::size_t memory = 0;
  std::chrono::nanoseconds took{0};
};

nlohmann::json to_json(const evaluation& x);

} // namespace troupe::rule
