#include "actors/rule/functions.hpp"
#include "config/model/names.hpp"

#include <fmt/format.h>

namespace troupe::rule {

namespace {

void answer_bool(run& now, script_call& call, const char* function, const input& in, bool x) {
  remember(now, call, function, call.args[0].words, x ? "true" : "false", &in);
  call.answers = {value::digital(x)};
}

} // namespace

const input* input_of(run& now, script_call& call) {
  const auto* name = text_of(call, 0, "the name of an input");
  if (name == nullptr)
    return nullptr;
  if (!is_valid_name(*name)) {
    call.trouble = fmt::format("'{}' is no name: names look like hall/button", *name);
    return nullptr;
  }
  const auto* found = now.inputs.look(*name, now.house, now.memory.positions);
  if (found == nullptr)
    call.trouble = fmt::format("'{}' would be one name too many: a rule may read {}", *name,
                               max_inputs);
  return found;
}

void get(run& now, script_call& call) {
  const auto* in = input_of(now, call);
  if (in == nullptr)
    return;
  call.answers = {in->usable() ? in->now.val : value{}};
  remember(now, call, "get", call.args[0].words,
           in->usable() ? to_string(in->now.val) : "nil", in);
}

void on(run& now, script_call& call) {
  if (const auto* in = input_of(now, call))
    answer_bool(now, call, "on", *in, in->on());
}

void quality_of(run& now, script_call& call) {
  const auto* in = input_of(now, call);
  if (in == nullptr)
    return;
  call.answers = {value::text(to_string(in->now.grade)), value::text(to_string(in->now.why))};
  remember(now, call, "quality", call.args[0].words, call.answers[0].words, in);
}

void age(run& now, script_call& call) {
  const auto* in = input_of(now, call);
  if (in == nullptr)
    return;
  value seconds;
  if (in->now.measured_at != 0)
    seconds = value::analog(static_cast<double>(now.now.mono - in->now.measured_at) / 1e9);
  else if (in->now.measured_wall != 0 && now.now.wall >= in->now.measured_wall)
    seconds = value::analog(static_cast<double>(now.now.wall - in->now.measured_wall) / 1e3);
  remember(now, call, "age", call.args[0].words,
           seconds.empty() ? "nil" : fmt::format("{:.1f} s", seconds.real), in);
  call.answers = {seconds};
}

void changed(run& now, script_call& call) {
  if (const auto* in = input_of(now, call))
    answer_bool(now, call, "changed", *in, in->changed);
}

void rising(run& now, script_call& call) {
  if (const auto* in = input_of(now, call))
    answer_bool(now, call, "rising", *in, in->rose);
}

void falling(run& now, script_call& call) {
  if (const auto* in = input_of(now, call))
    answer_bool(now, call, "falling", *in, in->fell);
}

} // namespace troupe::rule
