#pragma once

#include "actors/rule/run.hpp"

// The functions of the rule language by subject. Each reads `call.args`,
// writes `call.answers`, or `call.trouble` with a text for the operator.

namespace troupe::rule {

// functions_inputs.cpp
void get(run&, script_call&);
void on(run&, script_call&);
void quality_of(run&, script_call&);
void age(run&, script_call&);
void changed(run&, script_call&);
void rising(run&, script_call&);
void falling(run&, script_call&);

// functions_time.cpp
void held(run&, script_call&);
void for_condition(run&, script_call&);
void start(run&, script_call&);
void stop(run&, script_call&);
void fired(run&, script_call&);
void remaining(run&, script_call&);
void now_seconds(run&, script_call&);

// functions_outputs.cpp
void set(run&, script_call&);
void release(run&, script_call&);
void pulse(run&, script_call&);
void log_text(run&, script_call&);
void state_get(run&, script_call&);
void state_set(run&, script_call&);
void state_all(run&, script_call&);

/// Keeps the question for whoever asks why the rule said no.
void remember(run& now, const script_call& call, const char* function, const std::string& name,
              std::string answer, const input* in = nullptr);

/// The input that the first argument names, recorded as a dependency; or trouble.
const input* input_of(run& now, script_call& call);

/// The text argument `index`, or trouble.
const std::string* text_of(script_call& call, std::size_t index, const char* what);

/// The duration argument `index`, or trouble.
std::optional<milliseconds> duration_of(script_call& call, std::size_t index);

/// Lua's idea of truth: all but nil and false.
bool truth_of(const value& x) noexcept;

} // namespace troupe::rule
