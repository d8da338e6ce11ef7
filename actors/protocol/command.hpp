#pragma once

#include "actors/protocol/inspect.hpp"
#include "actors/protocol/ownership.hpp"
#include "config/model/result.hpp"
#include "config/model/value.hpp"
#include "storage/live_table.hpp"

#include <caf/all.hpp>

#include <string>
#include <vector>

namespace troupe {

/// A wish that an output take a value: OUTPUT's main message. Idempotent by
/// `id`: a command seen before is answered again and not done again.
///
/// Answered with `command_answer` when it was requested; rules just send.
struct command {
  std::string id;            ///< unique; empty: never a duplicate
  std::string output;
  value val;                 ///< none: relinquish this source's slot
  int priority = 10;         ///< 1 (manual life safety) .. 16, BACnet clause 19.2
  std::string source;        ///< "rule/hall-light", "operator/anna"; one slot each
  milliseconds lease{0};     ///< 0: no expiry; else the slot ends unless renewed
  std::vector<storage::step> story; ///< what led here, first step first
  permit pass;               ///< of a roaming source; others show none
  carried carry;             ///< what its successor must know if it is obeyed
  /// Not 0: a pulse. The output shows `val` for so long, at once and whole, by its
  /// own clock, and then what it would show without it; or it refuses. `lease`
  /// says nothing then. docs/outputs.md
  milliseconds pulse{0};
  milliseconds age{0};       ///< of a pulse: since what led to it, when it was sent

  friend bool operator==(const command&, const command&) = default;
};

/// Says that `source` still wants what it wanted; extends its slot's lease and
/// changes nothing else. Not answered.
struct renewal {
  std::string output;
  std::string source;

  friend bool operator==(const renewal&, const renewal&) = default;
};

/// What became of a command.
struct command_answer {
  errc code = errc::none; ///< none: accepted
  std::string text;       ///< why not, or what stands in front of it
  value effective;        ///< what the output shows now

  friend bool operator==(const command_answer&, const command_answer&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command& x) {
  return f(caf::meta::type_name("command"), x.id, x.output, x.val, x.priority, x.source,
           x.lease, x.story, x.pass, x.carry, x.pulse, x.age);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, renewal& x) {
  return f(caf::meta::type_name("renewal"), x.output, x.source);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command_answer& x) {
  return f(caf::meta::type_name("command_answer"), x.code, x.text, x.effective);
}

} // namespace troupe
