#include "actors/rule/duration.hpp"
#include "actors/rule/functions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::rule {

std::optional<milliseconds> duration_of(script_call& call, std::size_t index) {
  const auto* text = text_of(call, index, "a duration");
  if (text == nullptr)
    return {};
  auto x = parse_duration(*text);
  if (!x)
    call.trouble = fmt::format("'{}' is no duration: write 200ms, 5s, 10m, 1h or 2d, at most "
                               "366d", *text);
  return x;
}

namespace {

const std::string* id_of(script_call& call, const char* what) {
  const auto* id = text_of(call, 0, what);
  if (id != nullptr && (id->empty() || id->size() > max_key_bytes)) {
    call.trouble = fmt::format("{} must have 1 to {} bytes", what, max_key_bytes);
    return nullptr;
  }
  return id;
}

std::optional<missed_policy> missed_of(script_call& call) {
  missed_policy policy;
  for (const auto& [name, x] : call.options) {
    const auto parsed = parse_missed(x.words);
    if (name != "missed" || !parsed) {
      call.trouble = fmt::format("option {} = {} is not known: missed = \"run\", \"skip\" or a "
                                 "duration like \"30m\"", name, to_string(x));
      return {};
    }
    policy = *parsed;
  }
  return policy;
}

double seconds(mono_ns x) {
  return static_cast<double>(x) / 1e9;
}

/// True once `condition` has been true for `length`, looking at every run.
/// @param mark another number means that the condition was interrupted unseen.
bool keep_window(run& now, script_call& call, const char* function, const std::string& id,
                 bool condition, milliseconds length, missed_policy missed, std::uint64_t mark,
                 const input* in) {
  auto& windows = now.memory.windows;
  if (!condition) {
    windows.erase(id);
    remember(now, call, function, id, "false, the condition is not true", in);
    return false;
  }
  auto found = windows.find(id);
  if (found == windows.end() || found->second.mark != mark) {
    if (found == windows.end() && windows.size() >= max_timers) {
      call.trouble = fmt::format("'{}' would be one condition too many: a rule may have {}", id,
                                 max_timers);
      return false;
    }
    found = windows.insert_or_assign(id, stopwatch{now.now.mono, length, missed, mark}).first;
  }
  auto& window = found->second;
  window.length = length;
  window.missed = missed;
  now.windows_used.insert(id);
  const bool done = window.over(now.now.mono);
  remember(now, call, function, id,
           done ? "true" : fmt::format("false, {:.1f} s of {}",
                                       seconds(now.now.mono - window.started), to_text(length)),
           in);
  return done;
}

} // namespace

void held(run& now, script_call& call) {
  const auto* in = input_of(now, call);
  const auto length = in != nullptr ? duration_of(call, 1) : std::nullopt;
  const auto missed = length ? missed_of(call) : std::nullopt;
  if (!missed)
    return;
  // The length belongs to the name: one input may be held for 5 s and for 10 m.
  const auto id = call.args[0].words + " " + to_text(*length);
  const bool done = keep_window(now, call, "held", id, in->on(), *length, *missed,
                                in->now.changes, in);
  call.answers = {value::digital(done)};
}

void for_condition(run& now, script_call& call) {
  const auto* id = id_of(call, "the name of a condition");
  const auto length = id != nullptr ? duration_of(call, 2) : std::nullopt;
  const auto missed = length ? missed_of(call) : std::nullopt;
  if (!missed)
    return;
  // A name of its own, so that it never meets an input's window of `held`.
  const bool done = keep_window(now, call, "for_", ":" + *id, truth_of(call.args[1]), *length,
                                *missed, 0, nullptr);
  call.answers = {value::digital(done)};
}

void start(run& now, script_call& call) {
  const auto* id = id_of(call, "the name of a timer");
  const auto length = id != nullptr ? duration_of(call, 1) : std::nullopt;
  const auto missed = length ? missed_of(call) : std::nullopt;
  if (!missed)
    return;
  auto& timers = now.memory.timers;
  if (!timers.contains(*id) && timers.size() >= max_timers) {
    call.trouble = fmt::format("'{}' would be one timer too many: a rule may have {}", *id,
                               max_timers);
    return;
  }
  // A timer of no length ends in the next run, not in this one.
  const auto at_least = std::max(*length, milliseconds{1});
  timers.insert_or_assign(*id, stopwatch{now.now.mono, at_least, *missed, 0});
  now.timers_told.erase(*id);
  remember(now, call, "start", *id, to_text(*length));
}

void stop(run& now, script_call& call) {
  const auto* id = id_of(call, "the name of a timer");
  if (id == nullptr)
    return;
  now.memory.timers.erase(*id);
  now.timers_told.erase(*id);
  remember(now, call, "stop", *id, "stopped");
}

void fired(run& now, script_call& call) {
  const auto* id = id_of(call, "the name of a timer");
  if (id == nullptr)
    return;
  const bool x = now.timers_told.contains(*id);
  remember(now, call, "fired", *id, x ? "true" : "false");
  call.answers = {value::digital(x)};
}

void remaining(run& now, script_call& call) {
  const auto* id = id_of(call, "the name of a timer");
  if (id == nullptr)
    return;
  const auto found = now.memory.timers.find(*id);
  value left;
  if (found != now.memory.timers.end() && !found->second.over(now.now.mono))
    left = value::analog(seconds(found->second.deadline() - now.now.mono));
  remember(now, call, "remaining", *id,
           left.empty() ? "nil" : fmt::format("{:.1f} s", left.real));
  call.answers = {left};
}

void now_seconds(run& now, script_call& call) {
  call.answers = {value::analog(static_cast<double>(now.now.wall) / 1e3)};
}

} // namespace troupe::rule
