#pragma once

#include "actors/protocol/command.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Wakes a unit: the desk or port that it looks at has news. Carries nothing,
/// so that at most one of them need be in a mailbox at a time.
using wake_atom = caf::atom_constant<caf::atom("wake")>;

/// Replaces the value of an input or output until it is released. Understood
/// by INPUT and OUTPUT; answered with `command_answer`. Never survives a
/// restart of the process: a forgotten jumper would be a trap.
struct force_value {
  value val;       ///< none: release
  std::string who; ///< the operator

  friend bool operator==(const force_value&, const force_value&) = default;
};

/// Asks an INPUT. Answered with `input_view`.
struct view_input {};

struct input_view {
  reading now;
  value measured;            ///< behind a force or substitute
  bool forced = false;
  std::string line;          ///< "open", or what is wrong with it
  std::uint64_t edges = 0;   ///< since the process started
  std::uint64_t dropped = 0; ///< counted, but too many to be told one by one

  friend bool operator==(const input_view&, const input_view&) = default;
};

/// Asks an OUTPUT for its whole priority array. Answered with `output_view`.
struct view_output {};

struct output_slot {
  std::string source;
  int priority = 0;
  value val;
  milliseconds lease_left{0}; ///< 0: does not expire
  std::vector<storage::step> story;
  bool pulse = false;         ///< ends by itself after `lease_left`

  friend bool operator==(const output_slot&, const output_slot&) = default;
};

/// A controller that may run on several nodes, as the output's fence knows it.
struct output_holder {
  std::string source;
  std::string node;      ///< that acts; empty: none does
  std::string previous;  ///< that did, if none does
  std::string why;       ///< none does
  std::uint64_t round = 0;
  milliseconds lease_left{0};
  std::vector<std::string> candidates; ///< nodes that would

  friend bool operator==(const output_holder&, const output_holder&) = default;
};

struct output_view {
  reading now;
  std::vector<output_slot> slots; ///< winner first
  value safe;
  bool forced = false;
  std::string winner;     ///< source; "forced"; empty: safe state
  std::string blocked_by; ///< what holds the winner back, in words; empty: nothing
  std::string line;       ///< "open", or what is wrong with it
  std::uint64_t nonce = 0; ///< of this start of the unit
  std::vector<output_holder> holders;

  friend bool operator==(const output_view&, const output_view&) = default;
};

/// Asks a COUNTER. Answered with `count_view`.
struct view_counter {};

struct count_view {
  reading now;
  std::uint64_t total_pulses = 0; ///< what `now` was computed from
  std::uint64_t raw_pulses = 0;   ///< never changed by a meter replacement
  std::uint64_t this_process = 0; ///< seen on the line since the process started
  double rate = 0;
  std::string rate_unit;
  std::string line;

  friend bool operator==(const count_view&, const count_view&) = default;
};

/// Meter replacement or correction: the total becomes `total` units from now
/// on; raw pulses and history stay. Understood by COUNTER; answered with
/// `command_answer` after it is durable. Idempotent by `id`.
struct set_total {
  std::string id;
  double total = 0; ///< in the counter's unit
  std::string who;

  friend bool operator==(const set_total&, const set_total&) = default;
};

/// INTERNAL: the store's answer to a `set_total`, on its way to the unit.
struct total_stored {
  std::string id;
  error why; ///< code none: durable

  friend bool operator==(const total_stored&, const total_stored&) = default;
};

/// Asks a BUS. Answered with `bus_view` as soon as no driver call runs.
struct view_bus {};

struct bus_line {
  std::string line;
  std::string used_by;
  bool input = true;
  bool analog = false;

  friend bool operator==(const bus_line&, const bus_line&) = default;
};

struct bus_view {
  std::string driver;          ///< in the driver's words; empty: not open
  std::string trouble;         ///< why it is not open
  std::vector<bus_line> lines; ///< what the hardware offers

  friend bool operator==(const bus_view&, const bus_view&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, force_value& x) {
  return f(caf::meta::type_name("force_value"), x.val, x.who);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view_input&) {
  return f(caf::meta::type_name("view_input"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, input_view& x) {
  return f(caf::meta::type_name("input_view"), x.now, x.measured, x.forced, x.line, x.edges,
           x.dropped);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view_output&) {
  return f(caf::meta::type_name("view_output"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, output_slot& x) {
  return f(caf::meta::type_name("output_slot"), x.source, x.priority, x.val, x.lease_left,
           x.story, x.pulse);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, output_holder& x) {
  return f(caf::meta::type_name("output_holder"), x.source, x.node, x.previous, x.why, x.round,
           x.lease_left, x.candidates);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, output_view& x) {
  return f(caf::meta::type_name("output_view"), x.now, x.slots, x.safe, x.forced, x.winner,
           x.blocked_by, x.line, x.nonce, x.holders);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view_counter&) {
  return f(caf::meta::type_name("view_counter"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, count_view& x) {
  return f(caf::meta::type_name("count_view"), x.now, x.total_pulses, x.raw_pulses,
           x.this_process, x.rate, x.rate_unit, x.line);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, set_total& x) {
  return f(caf::meta::type_name("set_total"), x.id, x.total, x.who);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, total_stored& x) {
  return f(caf::meta::type_name("total_stored"), x.id, x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view_bus&) {
  return f(caf::meta::type_name("view_bus"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bus_line& x) {
  return f(caf::meta::type_name("bus_line"), x.line, x.used_by, x.input, x.analog);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bus_view& x) {
  return f(caf::meta::type_name("bus_view"), x.driver, x.trouble, x.lines);
}

} // namespace troupe
