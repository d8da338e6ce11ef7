#include "actors/rule/duration.hpp"
#include "actors/rule/engine.hpp"
#include "actors/rule/functions.hpp"
#include "config/model/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::rule {

namespace {

/// A shorter lease would be gone before it is renewed on a busy board.
constexpr milliseconds shortest_lease{200};

/// Lines of `log` that one run may write.
constexpr std::size_t max_lines = 16;

const std::string* output_of(run& now, script_call& call) {
  const auto* name = text_of(call, 0, "the name of an output");
  if (name == nullptr)
    return nullptr;
  if (!is_valid_name(*name)) {
    call.trouble = fmt::format("'{}' is no name: names look like hall/lamp", *name);
    return nullptr;
  }
  const auto& allowed = now.config.outputs;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *name) == allowed.end()) {
    call.trouble = fmt::format("{} is not among the outputs of this rule ({}); add it to "
                               "`outputs`", *name, fmt::join(allowed, ", "));
    return nullptr;
  }
  return name;
}

/// What an output is told: numbers are analog, except 0 and 1 for an output
/// that shows on or off.
value as_command(const run& now, const std::string& output, const value& x) {
  if (x.kind == value_kind::text && (x.words == "on" || x.words == "off"))
    return value::digital(x.words == "on");
  if (x.kind != value_kind::integer && x.kind != value_kind::analog)
    return x;
  const auto number = x.number();
  const auto shown = now.house.find(output);
  if (shown && shown->now.val.kind == value_kind::digital && (number == 0 || number == 1))
    return value::digital(number == 1);
  return value::analog(number);
}

bool read_options(const run& now, script_call& call, wish& out) {
  out.priority = now.config.priority;
  out.lease = now.config.lease;
  for (const auto& [name, x] : call.options) {
    if (name == "priority" && x.kind == value_kind::integer && x.whole >= 1 && x.whole <= 16) {
      out.priority = static_cast<int>(x.whole);
      continue;
    }
    const auto lease = name == "lease" ? parse_duration(x.words) : std::nullopt;
    if (lease && *lease >= shortest_lease) {
      out.lease = *lease;
      continue;
    }
    call.trouble = fmt::format("option {} = {} is not known: priority = 1 to 16, lease = a "
                               "duration of at least {}", name, to_string(x),
                               to_text(shortest_lease));
    return false;
  }
  return true;
}

void say(run& now, const script_call& call, const std::string& output, const value& x,
         int priority, const char* effect) {
  auto& all = now.record.wishes;
  const auto same = std::find_if(all.begin(), all.end(),
                                 [&](const uttered& u) { return u.output == output && u.pulse.count() == 0; });
  // The last word of a run counts, as in any program.
  auto& entry = same != all.end() ? *same : all.emplace_back();
  entry = {call.line, output, x, priority, effect, {}};
}

void want(run& now, script_call& call, const std::string& output, const value& x) {
  wish made;
  if (!read_options(now, call, made))
    return;
  made.val = as_command(now, output, x);
  if (made.val.kind == value_kind::analog && !std::isfinite(made.val.real)) {
    call.trouble = fmt::format("set {}: the value is not a finite number", output);
    return;
  }
  made.line = call.line;
  made.since = now.now.wall;
  auto& wishes = now.memory.wishes;
  const auto found = wishes.find(output);
  if (found == wishes.end() && wishes.size() >= max_wishes) {
    call.trouble = fmt::format("{} would be one output too many: a rule may hold {}", output,
                               max_wishes);
    return;
  }
  if (found != wishes.end() && found->second.val == made.val
      && found->second.priority == made.priority && found->second.lease == made.lease) {
    say(now, call, output, made.val, made.priority, "unchanged");
    return;
  }
  wishes[output] = made;
  say(now, call, output, made.val, made.priority, "set");
}

void let_go(run& now, const script_call& call, const std::string& output) {
  const bool held_it = now.memory.wishes.erase(output) != 0;
  say(now, call, output, {}, now.config.priority, held_it ? "released" : "not held");
}

bool read_pulse_options(const run& now, script_call& call, said_pulse& out) {
  out.priority = now.config.priority;
  out.val = value::digital(true);
  for (const auto& [name, x] : call.options) {
    if (name == "priority" && x.kind == value_kind::integer && x.whole >= 1 && x.whole <= 16)
      out.priority = static_cast<int>(x.whole);
    else if (name == "value" && x.kind == value_kind::digital)
      out.val = x;
    else {
      call.trouble = fmt::format("option {} = {} is not known: priority = 1 to 16, value = true or false", name, to_string(x));
      return false;
    }
  }
  return true;
}

/// The same for whoever works off the same edge, or counts on from the same
/// memory: so the output does it once.
void name_pulse(run& now, said_pulse& x) {
  std::string of;
  x.at = now.now.mono;
  if (const auto& edge = now.inputs.shown_edge()) {
    of = fmt::format("{} {:x} {} {}", edge->name, edge->run, edge->changes, now.pulses.size());
    x.at = edge->at;
  } else {
    of = fmt::format("{:x} {}", now.memory.pulse_series, ++now.memory.pulses_counted);
    for (const auto& name : now.timers_told)
      if (const auto ended = now.memory.timers.find(name); ended != now.memory.timers.end())
        x.at = std::min(x.at, ended->second.deadline());
  }
  x.id = address_of(now.config.name) + "#" + digest(of);
}

} // namespace

void pulse(run& now, script_call& call) {
  const auto* output = output_of(now, call);
  if (output == nullptr)
    return;
  const auto length = duration_of(call, 1);
  said_pulse made;
  if (!length || !read_pulse_options(now, call, made))
    return;
  if (*length < shortest_pulse || *length > longest_pulse) {
    call.trouble = fmt::format("pulse {}: {} is outside {} to {}", *output, to_text(*length), to_text(shortest_pulse),
                               to_text(longest_pulse));
    return;
  }
  if (now.pulses.size() >= max_pulses) {
    call.trouble = fmt::format("pulse {} would be one too many: a run may say {}", *output, max_pulses);
    return;
  }
  made.output = *output;
  made.length = *length;
  made.line = call.line;
  made.since = now.now.wall;
  name_pulse(now, made);
  now.record.wishes.push_back({call.line, *output, made.val, made.priority, "pulse", made.length});
  auto& young = now.memory.pulses;
  if (young.size() >= max_young_pulses)
    young.erase(young.begin());
  young.push_back(made);
  now.pulses.push_back(std::move(made));
}

void set(run& now, script_call& call) {
  const auto* output = output_of(now, call);
  if (output == nullptr)
    return;
  // As BACnet's NULL: no opinion. Mostly it comes from an input that is bad,
  // and then safe is right.
  if (call.args[1].empty())
    let_go(now, call, *output);
  else
    want(now, call, *output, call.args[1]);
}

void release(run& now, script_call& call) {
  if (const auto* output = output_of(now, call))
    let_go(now, call, *output);
}

std::string set_by_expression(run& now, const value& x) {
  const auto& output = now.config.outputs.front();
  const auto& said = now.record.wishes;
  // What the text set by name goes before what it returned.
  if (std::any_of(said.begin(), said.end(),
                  [&](const uttered& u) { return u.output == output && u.pulse.count() == 0; }))
    return {};
  script_call call;
  call.line = 1;
  if (x.empty())
    let_go(now, call, output);
  else
    want(now, call, output, x);
  return call.trouble;
}

void log_text(run& now, script_call& call) {
  auto text = to_string(call.args[0]);
  if (text.size() > max_text_bytes)
    text.resize(max_text_bytes);
  if (now.lines_logged.size() < max_lines)
    now.lines_logged.push_back(std::move(text));
}

void state_get(run& now, script_call& call) {
  // Any key may be asked for; only texts are ever there.
  const auto found = now.memory.variables.find(call.args[0].words);
  const auto x = found != now.memory.variables.end() ? found->second : value{};
  remember(now, call, "state", call.args[0].words, x.empty() ? "nil" : to_string(x));
  call.answers = {x};
}

void state_set(run& now, script_call& call) {
  const auto* name = text_of(call, 0, "the name of a state variable");
  if (name == nullptr)
    return;
  const auto& x = call.args[1];
  auto& all = now.memory.variables;
  if (x.empty()) {
    all.erase(*name);
    return;
  }
  if (name->empty() || name->size() > max_key_bytes)
    call.trouble = fmt::format("the name of a state variable must have 1 to {} bytes",
                               max_key_bytes);
  else if (x.kind == value_kind::text && x.words.size() > max_text_bytes)
    call.trouble = fmt::format("state.{}: a text of {} bytes, at most {} are kept", *name,
                               x.words.size(), max_text_bytes);
  else if (x.kind == value_kind::analog && !std::isfinite(x.real))
    call.trouble = fmt::format("state.{}: not a finite number", *name);
  else if (!all.contains(*name) && all.size() >= max_variables)
    call.trouble = fmt::format("state.{} would be one variable too many: a rule may have {}",
                               *name, max_variables);
  else
    all[*name] = x;
}

void state_all(run& now, script_call& call) {
  for (const auto& [name, x] : now.memory.variables) {
    call.answers.push_back(value::text(name));
    call.answers.push_back(x);
  }
}

} // namespace troupe::rule
