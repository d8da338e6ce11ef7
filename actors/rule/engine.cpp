#include "actors/rule/engine.hpp"

#include "actors/rule/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe::rule {

namespace {

/// Steps of a story; a longer one keeps its beginning and its end.
constexpr std::size_t max_story = 16;

std::vector<storage::step> shorten(std::vector<storage::step> all) {
  if (all.size() > max_story)
    all.erase(all.begin() + max_story / 2,
              all.end() - static_cast<std::ptrdiff_t>(max_story / 2));
  return all;
}

/// How an input came to what it shows: its own story, else the bare change.
void append_story(const std::string& name, const input& in, std::vector<storage::step>& out) {
  if (in.changed && in.why && !in.why->empty() && in.why->back().name == name) {
    out.insert(out.end(), in.why->begin(), in.why->end());
    return;
  }
  const auto at = in.now.changed_wall != 0 ? in.now.changed_wall : in.now.measured_wall;
  if (!in.changed) {
    out.push_back({"input", name, std::string(to_string(in.before_grade)) + " -> " + to_string(in.now), at});
    return;
  }
  out.push_back({"input", name, to_string(in.before) + " -> " + to_string(in.now.val), at});
}

std::string pulse_words(const said_pulse& x) {
  return fmt::format("line {}: pulse {} {} for {}", x.line, x.output, to_string(x.val), to_text(x.length));
}

} // namespace

std::string address_of(const std::string& rule_name) {
  return rule_name.starts_with("rule/") ? rule_name : "rule/" + rule_name;
}

engine::engine(rule_config config) : config_(std::move(config)) {
}

result<std::unique_ptr<engine>> engine::make(rule_config config) {
  std::unique_ptr<engine> made{new engine(std::move(config))};
  auto loaded = script::load(made->config_.lua,
                             {made->config_.instructions, made->config_.memory_bytes},
                             language_faces(), blocks);
  if (!loaded)
    return error{loaded.why().code,
                 address_of(made->config_.name) + ' ' + loaded.why().context};
  made->script_ = std::move(*loaded);
  return made;
}

void engine::restore(rule_memory memory) {
  const auto own = memory_.pulse_series;
  memory_ = std::move(memory);
  if (memory_.pulse_series == 0)
    memory_.pulse_series = own;
  const auto& allowed = config_.outputs;
  std::erase_if(memory_.wishes, [&](const auto& entry) {
    return !allowed.empty()
           && std::find(allowed.begin(), allowed.end(), entry.first) == allowed.end();
  });
}

void engine::on_call(std::size_t function, script_call& call) {
  language()[function].serve(*work_, call);
}

void engine::execute(run& work, evaluation& record) {
  const auto began = std::chrono::steady_clock::now();
  work_ = &work;
  auto done = script_->run(*this);
  work_ = nullptr;
  record.at = work.now.wall;
  record.instructions = done.instructions;
  record.memory = done.memory;
  if (done.returned)
    record.returned = to_string(*done.returned);
  if (done.ok && done.returned && config_.outputs.size() == 1) {
    done.text = set_by_expression(work, *done.returned);
    done.ok = done.text.empty();
  }
  record.ok = done.ok;
  record.error_line = done.line;
  if (!done.ok)
    record.error = done.line > 0
                     ? fmt::format("{} line {}: {}", address_of(config_.name), done.line, done.text)
                     : fmt::format("{}: {}", address_of(config_.name), done.text);
  record.took = std::chrono::steady_clock::now() - began;
}

bool engine::probe(const moment& now, const house_view& house) {
  evaluation unused;
  input_table seen;
  run work{config_, now, house, seen, memory_, unused, {}, {}, {}, {}};
  execute(work, unused);
  // The names are kept, so that they are watched; what they show is not, so
  // that the first real run sees no edge.
  inputs_ = seen.without_history();
  return std::all_of(seen.all().begin(), seen.all().end(), [](const auto& entry) {
    const auto& in = entry.second;
    return in.known && !in.now.val.empty() && in.now.why != reason::no_value;
  });
}

std::vector<storage::step> engine::find_trigger(const moment& now,
                                                const rule_memory& memory) const {
  std::vector<storage::step> steps;
  for (const auto& [name, in] : inputs_.all())
    if (in.changed || in.turned)
      append_story(name, in, steps);
  const auto me = address_of(config_.name);
  for (const auto& [name, x] : memory.timers)
    if (x.over(now.mono))
      steps.push_back({"timer", me, fmt::format("timer {} ended after {}", name,
                                                to_text(x.length)), now.wall});
  for (const auto& [name, x] : memory.windows)
    if (x.over(now.mono) && last_run_ && !x.over(*last_run_))
      steps.push_back({"timer", me, name.starts_with(':')
                                      ? fmt::format("{} true for {}", name.substr(1),
                                                    to_text(x.length))
                                      : "held " + name, now.wall});
  if (!steps.empty())
    return shorten(std::move(steps));
  if (!last_run_)
    return {{"rule", me, "first run", now.wall}};
  if (config_.every.count() > 0)
    return {{"timer", me, "every " + to_text(config_.every), now.wall}};
  return {{"rule", me, "an input was told again", now.wall}};
}

run_outcome engine::run_now(const moment& now, const house_view& house) {
  evaluation record;
  record.number = last_.number + 1;
  inputs_.begin(house, now, memory_.positions, config_.edge_limit);
  forget_old_pulses(now.mono);
  run work{config_, now, house, inputs_, memory_, record, {}, {}, {}, {}};
  for (const auto& [name, x] : memory_.timers)
    if (x.over(now.mono))
      work.timers_told.insert(name);
  record.trigger = find_trigger(now, memory_);
  execute(work, record);
  last_run_ = now.mono;
  last_ = std::move(record);
  run_outcome out;
  out.ok = last_.ok;
  out.lines = std::move(work.lines_logged);
  out.passed_over = note_passed();
  if (!out.ok) {
    memory_.positions = std::move(work.memory.positions);
    return out;
  }
  collect(work, out);
  // Told once; what was started again meanwhile is no longer in the set.
  for (const auto& name : work.timers_told)
    work.memory.timers.erase(name);
  std::erase_if(work.memory.windows,
                [&](const auto& entry) { return !work.windows_used.contains(entry.first); });
  memory_ = std::move(work.memory);
  return out;
}

std::string engine::note_passed() {
  const auto& x = inputs_.passed();
  if (x.old + x.lost == 0)
    return {};
  passed_over_ += x.old + x.lost;
  auto text = fmt::format("does not act on {} edges of {}{}:", x.old + x.lost, x.name, x.others ? " and others" : "");
  if (x.old > 0)
    text += fmt::format(" {} were older than its edge-limit of {} (the oldest {:.1f} s)", x.old, to_text(config_.edge_limit),
                        static_cast<double>(x.age) / 1e9);
  if (x.lost > 0)
    text += fmt::format("{} {} of before this start are kept nowhere", x.old > 0 ? "," : "", x.lost);
  return text;
}

void engine::collect(const run& work, run_outcome& out) const {
  const auto me = address_of(config_.name);
  for (const auto& x : work.pulses) {
    auto story = last_.trigger;
    story.push_back({"rule", address_of(config_.name), pulse_words(x), work.now.wall});
    out.pulses.push_back({x, shorten(std::move(story))});
  }
  for (const auto& said : last_.wishes) {
    if (said.pulse.count() > 0)
      continue;
    const auto before = memory_.wishes.find(said.output);
    const auto after = work.memory.wishes.find(said.output);
    const bool held = before != memory_.wishes.end();
    const bool holds = after != work.memory.wishes.end();
    if (!held && !holds)
      continue;
    if (held && holds && before->second == after->second)
      continue;
    auto story = last_.trigger;
    story.push_back({"rule", me,
                     holds ? fmt::format("line {}: set {} {}", said.line, said.output,
                                         to_string(said.val))
                           : fmt::format("line {}: release {}", said.line, said.output),
                     work.now.wall});
    const wish gone{{}, config_.priority, {}, said.line, work.now.wall};
    out.actions.push_back({said.output, holds ? after->second : gone,
                           shorten(std::move(story))});
  }
}

void engine::forget_old_pulses(mono_ns now) {
  std::erase_if(memory_.pulses, [&](const auto& x) { return now - x.at > to_ns(config_.edge_limit); });
}

std::vector<pulse_action> engine::restored_pulses(const moment& now) const {
  std::vector<pulse_action> all;
  const auto me = address_of(config_.name);
  for (const auto& x : memory_.pulses)
    if (now.mono - x.at <= to_ns(config_.edge_limit))
      all.push_back({x, {{"rule", me, pulse_words(x), x.since},
                         {"restore", me, "said again, as it may not have come", now.wall}}});
  return all;
}

std::vector<output_action> engine::restored_wishes(const moment& now) const {
  std::vector<output_action> all;
  const auto me = address_of(config_.name);
  for (const auto& [output, w] : memory_.wishes)
    all.push_back({output, w,
                   {{"rule", me, fmt::format("line {}: set {} {}", w.line, output,
                                             to_string(w.val)), w.since},
                    {"restore", me, "still wanted after a restart", now.wall}}});
  return all;
}

std::optional<mono_ns> engine::next_due() const {
  if (!last_run_)
    return {};
  if (pending())
    return last_run_;
  auto next = memory_.next_deadline(*last_run_);
  if (config_.every.count() > 0) {
    const auto periodic = *last_run_ + config_.every.count() * 1'000'000;
    if (!next || periodic < *next)
      next = periodic;
  }
  return next;
}

bool engine::due(mono_ns now) const {
  const auto next = next_due();
  return next && now >= *next;
}

} // namespace troupe::rule
