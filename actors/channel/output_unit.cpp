#include "actors/bus/wake.hpp"
#include "actors/channel/kept.hpp"
#include "actors/channel/make.hpp"
#include "actors/channel/output_core.hpp"
#include "actors/channel/output_fence.hpp"
#include "actors/channel/ramp_words.hpp"
#include "actors/channel/read_back.hpp"
#include "actors/channel/units.hpp"
#include "storage/chance.hpp"

#include <fmt/format.h>

#include <atomic>

namespace troupe {

namespace {

constexpr mono_ns save_output_every = 10'000'000'000;
/// Of the pulses that it has done it keeps so many ids for its next life ...
constexpr std::size_t kept_pulse_ids = 16;
/// ... and makes them durable at once at most so often, else with the next commit.
constexpr mono_ns save_pulses_every = 1'000'000'000;
/// Refused pulses of this while are one line of the journal.
constexpr mono_ns tell_refused_every = 1'000'000'000;
/// Another output's reading turns off when it was decided, its contact opens
/// when its bus has written; so long it counts as on.
constexpr mono_ns interlock_pause = 50'000'000;

/// Held while an interlocked output decides and tells: two that exclude each
/// other cannot both find the other one off.
std::mutex& interlocked_outputs() {
  static std::mutex one;
  return one;
}

/// Wakes an output when one that it looks at changes; one message at a time.
class neighbour_watcher final : public storage::watcher {
public:
  explicit neighbour_watcher(waker who) : who_(std::move(who)) {}
  void on_change(const std::string&) noexcept override {
    if (!pending.exchange(true))
      (*who_)();
  }
  std::atomic<bool> pending{false};

private:
  waker who_;
};

/// What survives the unit: a restart in place goes on with the same array.
struct output_memory {
  output_fence::memory fence;
  std::unique_ptr<output_core> core;
  storage::story story;      ///< of what is shown
  bool begun = false;        ///< it is known what the line showed at first
  std::uint64_t guarded = 0; ///< of the cell's, those told already
};

class output_unit final : public unit {
public:
  output_unit(unit_context& ctx, services& all, std::shared_ptr<bus_desk> desk,
              channel_config config)
    : ctx_(ctx),
      all_(all),
      desk_(std::move(desk)),
      config_(std::move(config)),
      read_back_(config_.read_back_within) {}

  ~output_unit() override { unwatch(); }

  caf::message_handler messages() override {
    return {
      [this](const command& x) { return obey(x); },
      [this](const renewal& x) { renew(x); },
      [this](const ownership_letter& x) { on_letter(x); },
      [this](const node_gone& x) {
        fence_->node_gone(x.node, ctx_.now());
        tell_controllers();
      },
      [this](const force_value& x) { return force(x); },
      [this](const view_output&) { return view(); },
      [this](wake_atom) { on_wake(); },
    };
  }

  void start() override {
    all_.live.describe(config_.name, config_.unit);
    memory_ = desk_->keepsake<output_memory>(config_.name);
    fence_.emplace(config_.name, storage::fresh_number(), memory_->fence, ctx_.now());
    const auto kept = memory_->begun ? std::nullopt : last_shown();
    attach(kept);
    const bool is_first = !memory_->core;
    memory_->core = std::make_unique<output_core>(
      config_, memory_->core ? memory_->core->remember() : output_core::memory{});
    core_ = memory_->core.get();
    if (is_first)
      load_pulses();
    if (memory_->begun) {
      if (const auto told = all_.live.get(config_.name))
        told_ = *told;
    } else if (config_.startup != startup_policy::hold) {
      begin(kept);
    }
    watch();
    on_wake();
    tell_controllers();
  }

  void on_timer(int timer) override {
    if (timer == save)
      return save_now();
    if (timer == lapse) {
      lapse_armed_ = no_deadline;
      fence_->on_time(ctx_.now());
      return tell_controllers();
    }
    armed_ = no_deadline;
    step();
  }

  void stop() override {
    save_now();
    unwatch();
    desk_->leave(config_.name);
  }

  nlohmann::json state() const override {
    nlohmann::json slots = nlohmann::json::array();
    if (!core_)
      return {{"output", config_.name}, {"effective", "not started"}};
    for (const auto& s : core_->remember().array.slots())
      slots.push_back({{"source", s.source}, {"priority", s.priority},
                       {"value", to_string(s.val)}});
    return {{"output", config_.name},
            {"effective", to_string(core_->remember().effective)},
            {"winner", last_.winner},
            {"held_back", last_.held_back},
            {"slots", slots}};
  }

private:
  enum timer { deadline, save, lapse };

  [[nodiscard]] std::string key() const { return "output/" + config_.name; }
  [[nodiscard]] std::string pulses_key() const { return "pulse/" + config_.name; }

  // --- the line ---
  [[nodiscard]] value raw(const value& x) const {
    if (x.kind != value_kind::analog || config_.scale == 0)
      return x;
    return value::analog((x.real - config_.offset) / config_.scale);
  }

  [[nodiscard]] std::optional<value> last_shown() const {
    if (config_.startup != startup_policy::last)
      return {};
    const auto entry = all_.store.get(storage::slot_kind::own, key());
    const auto was = entry ? from_kept(entry->payload) : std::nullopt;
    return was && was->val.kind == config_.kind ? std::optional{was->val} : std::nullopt;
  }

  void attach(const std::optional<value>& kept) {
    output_wish w;
    w.line = config_.line;
    w.line.consumer = config_.name;
    w.kind = config_.kind;
    w.safe = raw(config_.safe);
    w.keep_at_stop = config_.startup == startup_policy::hold;
    if (config_.startup != startup_policy::hold)
      w.initial = raw(kept.value_or(config_.safe));
    cell_ = desk_->attach_output(config_.name, w, wake_by_name(all_.names, ctx_.name()));
  }

  void begin(const std::optional<value>& shows) {
    core_->begin(shows, ctx_.now());
    memory_->begun = true;
  }

  // --- what may come ---
  command_answer obey(const command& x) {
    // First: a command that was done before counts too, or the next one would be one too many.
    const auto code = fence_->check(x.source, x.pass, x.carry, ctx_.now());
    if (code != errc::none || x.pass.grant != 0)
      tell_controllers();
    if (code != errc::none)
      return {code, "a later activation holds '" + config_.name + "'",
              core_->remember().effective};
    if (const auto* known = core_->answered(x.id))
      return *known;
    if (x.pulse.count() > 0)
      return pulse(x);
    if (!memory_->begun)
      begin({});
    note_rival(x);
    auto answer = core_->apply(told_by_operator(x), ctx_.now());
    step();
    if (answer.code == errc::none)
      answer = core_->answer_for(x.source, last_);
    core_->remember_answer(x.id, answer);
    return answer;
  }

  /// Done at once or not at all: what it found on its way is asked for now, and
  /// nothing of it may change until the line is told.
  command_answer pulse(const command& x) {
    std::unique_lock lock{interlocked_outputs(), std::defer_lock};
    if (!config_.interlock.empty())
      lock.lock();
    decide();
    const auto line = cell_->now();
    command_answer answer{errc::device_lost, "its line cannot be written now: " + (line.trouble.code != errc::none ? to_string(line.trouble) : "not open"),
                          core_->remember().effective};
    if (line.open && line.trouble.code == errc::none) {
      mono_ns retry = no_deadline;
      answer = core_->pulse(told_by_operator(x), ctx_.now(), [&](const value&) { return forbidden(ctx_.now(), retry); });
    }
    if (answer.code != errc::none) {
      core_->remember_answer(x.id, answer); // said again it is not done either: that would be late
      tell_refused(x, answer);
      return answer;
    }
    core_->remember_pulse(x.id, answer);
    save_pulses(); // on its way to the disk before the line is told
    writes_before_pulse_ = line.writes;
    decide();
    return answer;
  }

  void tell_refused(const command& x, const command_answer& why) {
    const auto now = ctx_.now();
    if (now < refused_told_at_ + tell_refused_every) {
      if (++refused_untold_ == 1)
        decide(); // wakes for the sum
      return;
    }
    tell_refused_sum(now);
    refused_told_at_ = now;
    journal(storage::severity::warning, "pulse", fmt::format("refused a pulse of {} ms by {}: {}", x.pulse.count(), x.source, why.text));
  }

  void tell_refused_sum(mono_ns now) {
    if (refused_untold_ == 0 || now < refused_told_at_ + tell_refused_every)
      return;
    journal(storage::severity::warning, "pulse", fmt::format("refused {} more pulses within a second", std::exchange(refused_untold_, 0u)));
  }

  void renew(const renewal& x) {
    // Of a roaming rule only its letters count: they show a grant.
    if (!fence_->guards(x.source) && core_->renew(x, ctx_.now()))
      step();
  }

  // --- who may command (docs/failover.md) ---
  void on_letter(const ownership_letter& x) {
    if (!std::exchange(follows_nodes_, true))
      all_.names.follow_nodes(config_.name);
    if (fence_->on_letter(x, ctx_.now()) && core_->renew({config_.name, x.source}, ctx_.now()))
      step();
    tell_controllers();
  }

  void tell_controllers() {
    for (auto& x : fence_->take_notes())
      journal(std::string_view{x.kind} == "owner" ? storage::severity::notice : storage::severity::info, x.kind, x.source + ": " + x.text);
    for (auto& [node, letter] : fence_->take_posts()) {
      const auto to = letter.source;
      (void)all_.names.send_to(node, to, std::move(letter));
    }
    const auto at = fence_->next();
    if (at >= lapse_armed_)
      return;
    lapse_armed_ = at;
    ctx_.arm(lapse, std::chrono::nanoseconds{std::max<mono_ns>(at - ctx_.now(), 0)});
  }

  command_answer force(const force_value& x) {
    if (!memory_->begun)
      begin({});
    auto answer = core_->force(x.val.empty() ? std::nullopt : std::optional{x.val}, x.who);
    if (answer.code != errc::none)
      return answer;
    journal_force(all_.store, config_.name, x);
    step();
    return core_->answer_for("forced", last_);
  }

  void on_wake() {
    if (watcher_)
      watcher_->pending.store(false);
    const auto line = cell_->now();
    if (!memory_->begun) {
      if (!line.open)
        return publish(line);
      begin(line.written ? std::optional{from_raw(*line.written)} : std::nullopt);
    }
    if (line.guarded != memory_->guarded) {
      memory_->guarded = line.guarded;
      on_guarded(line);
    }
    step();
  }

  // --- deciding and telling ---
  void step() {
    if (config_.interlock.empty())
      return decide();
    std::lock_guard lock{interlocked_outputs()};
    decide();
  }

  void decide() {
    if (!memory_->begun)
      return;
    const auto now = ctx_.now();
    const auto before = core_->remember().effective;
    const auto held_before = last_.interlocked;
    mono_ns retry = no_deadline;
    last_ = core_->decide(now, [&](const value&) { return forbidden(now, retry); });
    if (cell_->want(raw(last_.effective), last_.guard))
      desk_->nudge(config_.name);
    const auto line = cell_->now();
    const auto ramp = ramp_words(config_, last_, now);
    if (ramp)
      record(*ramp);
    else if (last_.changed && !is_on_a_ramp())
      record(change_of(before));
    if (last_.pulse_over)
      tell_pulse_over(*last_.pulse_over, line);
    if (last_.begins_to_hold)
      journal(storage::severity::warning, "output",
              fmt::format("holds {}: the lease of {} ended, and nobody else commands it (on-silence)",
                          to_string(last_.effective), last_.ended.back()));
    if (last_.interlocked && !held_before)
      journal(storage::severity::notice, "output",
              last_.winner + " is held back: " + last_.held_back);
    const bool deviates
      = read_back_.look(agrees(line), core_->remember().changed_at, now);
    if (deviates && !deviates_)
      journal(storage::severity::alarm, "alarm",
              fmt::format("shows {}, but what is read back disagrees for {} ms",
                          to_string(last_.effective), config_.read_back_within.count()));
    deviates_ = deviates;
    publish(line);
    tell_refused_sum(now);
    const auto sum = refused_untold_ > 0 ? refused_told_at_ + tell_refused_every : no_deadline;
    arm(std::min({last_.next, retry, read_back_.next(core_->remember().changed_at), sum}), now);
  }

  void tell_pulse_over(const output_core::pulse_end& x, const output_cell::look& line) {
    if (!x.whole)
      journal(storage::severity::warning, "pulse",
              fmt::format("the pulse of {} was cut after {} of {} ms: {}", x.source, x.ran.count(), x.length.count(),
                          !last_.held_back.empty()         ? last_.held_back
                          : core_->remember().forced       ? "forced by " + core_->remember().forced_by
                          : last_.winner.empty()           ? "the safe state"
                                                           : last_.winner + " stands in front"));
    else if (writes_before_pulse_ && *writes_before_pulse_ == line.writes)
      journal(storage::severity::warning, "pulse",
              fmt::format("the pulse of {} for {} ms did not reach its line: the bus was busy for longer", x.source, x.length.count()));
    writes_before_pulse_.reset();
  }

  /// Why "on" is forbidden now.
  [[nodiscard]] std::string forbidden(mono_ns now, mono_ns& retry) const {
    for (const auto& other : config_.interlock) {
      const auto r = all_.live.get(other);
      // Unknown is not off: better a pump that waits than two valves open.
      if (!r || r->grade == quality::bad)
        return fmt::format("'{}' must be off, and is {}", other,
                           r ? to_string(r->why) : "unknown");
      if (counts_as_on(r->val))
        return "'" + other + "' is " + to_string(r->val);
      if (r->changes > 0 && now < r->measured_at + interlock_pause) {
        retry = r->measured_at + interlock_pause;
        return "'" + other + "' has just been switched off";
      }
    }
    return {};
  }

  [[nodiscard]] std::optional<bool> agrees(const output_cell::look& line) const {
    if (line.level && line.written && *line.level != *line.written)
      return false;
    if (config_.read_back.empty())
      return line.level ? std::optional{true} : std::nullopt;
    const auto r = all_.live.get(config_.read_back);
    if (!r || r->grade == quality::bad || r->val.empty())
      return {};
    if (config_.kind == value_kind::digital)
      return counts_as_on(r->val) == counts_as_on(last_.effective);
    return std::abs(r->val.number() - last_.effective.number())
           <= std::max(config_.dead_band, 1e-9);
  }

  void publish(const output_cell::look& line) {
    const auto& m = core_->remember();
    reading r = told_;
    r.val = memory_->begun ? m.effective : value{};
    r.grade = quality::good;
    r.why = desk_->simulated() ? reason::simulated : reason::none;
    if (line.trouble.code != errc::none)
      r.grade = quality::bad, r.why = reason::bus_lost;
    else if (!line.open || !memory_->begun)
      r.grade = quality::bad, r.why = reason::no_value;
    else if (m.forced)
      r.grade = quality::uncertain, r.why = reason::forced;
    else if (deviates_)
      r.grade = quality::uncertain, r.why = reason::deviation;
    const bool changed = r.val != told_.val;
    if (told_any_ && !changed && r.grade == told_.grade && r.why == told_.why)
      return;
    const auto wall = all_.clocks.wall();
    r.told_as = changed && !told_.val.empty() ? origin::change : origin::refresh;
    if (r.told_as == origin::change)
      ++r.changes;
    if (changed) {
      r.measured_at = ctx_.now();
      r.changed_wall = wall;
    }
    r.measured_wall = wall;
    told_ = r;
    told_any_ = true;
    all_.live.publish(config_.name, r, changed ? story_now(wall) : storage::story{});
    if (changed)
      save_later();
  }

  /// Also at the last step of one.
  [[nodiscard]] bool is_on_a_ramp() const {
    return core_->remember().ramp || (last_.ramp_over && last_.ramp_over->to == last_.effective);
  }

  [[nodiscard]] std::string change_of(const value& before) const {
    auto text = to_string(before) + " -> " + to_string(last_.effective);
    if (!last_.held_back.empty())
      text += " (" + last_.held_back + ")";
    else if (last_.pulse.count() > 0)
      text += fmt::format(" (pulse of {} ms)", last_.pulse.count());
    else if (last_.pulse_over && last_.pulse_over->whole)
      text += fmt::format(" (the pulse of {} is over)", last_.pulse_over->source);
    return text;
  }

  /// What led to what is shown from now on.
  [[nodiscard]] std::vector<storage::step> reasons(wall_ms wall) const {
    const auto& m = core_->remember();
    std::vector<storage::step> steps;
    if (last_.ramp_over && !last_.ramp_begins && last_.ramp_over->to == last_.effective)
      return memory_->story ? *memory_->story : steps; // where it was on its way to
    if (const auto& over = last_.pulse_over) {
      if (over->story)
        steps = *over->story;
      steps.push_back({"timer", over->source, over->whole ? fmt::format("its pulse of {} ms was over", over->length.count())
                                                          : fmt::format("its pulse of {} ms was cut after {} ms", over->length.count(), over->ran.count()), wall});
    }
    if (last_.story && !(last_.pulse_over && last_.story == last_.pulse_over->story))
      steps.insert(steps.end(), last_.story->begin(), last_.story->end());
    if (m.forced)
      steps.push_back({"operator", m.forced_by, "forced " + to_string(*m.forced), wall});
    for (const auto& source : last_.ended)
      steps.push_back({"timer", source, "its lease ended", wall});
    return steps;
  }

  /// Journals what happened and makes the story that is published with it.
  void record(const std::string& text) {
    const auto wall = all_.clocks.wall();
    auto steps = reasons(wall);
    steps.push_back({"output", config_.name, text, wall});
    memory_->story = std::make_shared<const std::vector<storage::step>>(std::move(steps));
    storage::journal_event e;
    e.kind = "output";
    e.subject = config_.name;
    e.text = text + " by " + (last_.winner.empty() ? "the safe state" : last_.winner);
    e.story = *memory_->story;
    if (last_.winner.starts_with("operator/"))
      e.who = last_.winner.substr(9);
    else if (core_->remember().forced)
      e.who = core_->remember().forced_by;
    all_.store.append(std::move(e));
  }

  /// The steps of a ramp are not journaled, and tell how far it is.
  [[nodiscard]] storage::story story_now(wall_ms wall) const {
    const auto& ramp = core_->remember().ramp;
    if (!ramp || !memory_->story)
      return memory_->story;
    auto steps = *memory_->story;
    steps.push_back({"output", config_.name, fmt::format("on the way: {} -> {}", to_string(last_.effective), to_string(ramp->to)), wall});
    return std::make_shared<const std::vector<storage::step>>(std::move(steps));
  }

  void on_guarded(const output_cell::look& line) {
    // The bus was a little before, or after, this unit, which ends it in time.
    const auto* pulse = core_->remember().array.pulse();
    if ((pulse && pulse->until <= ctx_.now()) || last_.ends <= ctx_.now() || core_->remember().effective == config_.safe)
      return;
    core_->on_guarded(ctx_.now());
    journal(storage::severity::warning, "output",
            fmt::format("its bus drove it to {}: the wish was not renewed in time",
                        to_string(line.written ? from_raw(*line.written) : config_.safe)));
  }

  /// Two sources that fight on one level switch the output to and fro; the
  /// newer one wins, and the journal shows it.
  void note_rival(const command& x) {
    const auto* top = core_->remember().array.winner();
    if (!top || x.val.empty() || top->source == x.source || top->priority != x.priority
        || top->val == x.val)
      return;
    journal(storage::severity::notice, "command",
            fmt::format("{} wants {}, {} had {} at the same priority {}: the newer wins",
                        x.source, to_string(x.val), top->source, to_string(top->val),
                        x.priority));
  }

  [[nodiscard]] command told_by_operator(const command& x) const {
    if (!x.story.empty() || !x.source.starts_with("operator/"))
      return x;
    auto copy = x;
    copy.story.push_back({"operator", x.source.substr(9),
                          x.pulse.count() > 0
                            ? fmt::format("pulse {} {} for {} ms at priority {}", config_.name, to_string(x.val), x.pulse.count(), x.priority)
                            : fmt::format("set {} to {} at priority {}", config_.name, to_string(x.val), x.priority),
                          all_.clocks.wall()});
    return copy;
  }

  [[nodiscard]] output_view view() const {
    const auto& m = core_->remember();
    const auto line = cell_->now();
    const auto now = ctx_.now();
    output_view v;
    v.now = told_;
    for (const auto& s : m.array.slots())
      v.slots.push_back({s.source, s.priority, s.val,
                         milliseconds{s.until == no_deadline
                                        ? 0
                                        : std::max<mono_ns>((s.until - now) / 1'000'000, 1)},
                         s.story ? *s.story : std::vector<storage::step>{}, s.pulse});
    v.safe = config_.safe;
    v.forced = m.forced.has_value();
    v.winner = last_.winner;
    v.blocked_by = last_.held_back;
    v.line = line.trouble.code != errc::none ? to_string(line.trouble)
             : line.open                     ? "open"
                                             : "not open yet";
    v.nonce = fence_->nonce();
    for (const auto& [source, s] : fence_->remember().slots) {
      output_holder h;
      h.source = source;
      h.round = s.highest.round;
      if (s.held) {
        h.node = s.held->by.node;
        h.lease_left = milliseconds{std::max<mono_ns>((s.held->until - now) / 1'000'000, 0)};
      } else {
        h.previous = s.previous;
        h.why = s.why;
      }
      for (const auto& [node, at] : s.askers)
        h.candidates.push_back(node);
      v.holders.push_back(std::move(h));
    }
    return v;
  }

  // --- helpers ---
  [[nodiscard]] value from_raw(const value& x) const {
    if (x.kind != value_kind::analog)
      return x;
    return value::analog(x.real * config_.scale + config_.offset);
  }

  void watch() {
    if (config_.interlock.empty() && config_.read_back.empty())
      return;
    watcher_ = std::make_shared<neighbour_watcher>(wake_by_name(all_.names, ctx_.name()));
    for (const auto& other : config_.interlock)
      all_.live.watch(other, watcher_);
    if (!config_.read_back.empty())
      all_.live.watch(config_.read_back, watcher_);
  }

  void unwatch() {
    if (!watcher_)
      return;
    for (const auto& other : config_.interlock)
      all_.live.unwatch(other, watcher_);
    if (!config_.read_back.empty())
      all_.live.unwatch(config_.read_back, watcher_);
    watcher_.reset();
  }

  void arm(mono_ns at, mono_ns now) {
    // A later deadline waits for the earlier timer: renewals arm nothing.
    if (at >= armed_)
      return;
    armed_ = at;
    ctx_.arm(deadline, std::chrono::nanoseconds{std::max<mono_ns>(at - now, 0)});
  }

  void save_later() {
    if (config_.startup != startup_policy::last || save_armed_)
      return;
    save_armed_ = true;
    const auto wait = std::max<mono_ns>(saved_at_ + save_output_every - ctx_.now(), 0);
    ctx_.arm(save, std::chrono::nanoseconds{wait});
  }

  void save_now() {
    if (!save_armed_)
      return;
    save_armed_ = false;
    saved_at_ = ctx_.now();
    // Refused when the disk is: the output goes on, the next change tries.
    auto shown = told_;
    if (core_ && core_->remember().array.pulse())
      shown.val = value::digital(!shown.val.is_on()); // a pulse is not taken up again
    (void)all_.store.put(storage::slot_kind::own, key(), keep(shown));
  }

  // --- what pulses leave for the next life ---
  void load_pulses() {
    const auto entry = all_.store.get(storage::slot_kind::own, pulses_key());
    for (const auto& id : entry ? kept_pulses(entry->payload) : std::deque<std::string>{})
      core_->remember_pulse(id, {errc::none, "it was done before '" + config_.name + "' started", {}});
  }

  void save_pulses() {
    std::deque<std::string> ids;
    for (const auto& [id, answer] : core_->remember().pulses)
      ids.push_back(id);
    if (ids.size() > kept_pulse_ids)
      ids.erase(ids.begin(), ids.end() - static_cast<std::ptrdiff_t>(kept_pulse_ids));
    const auto now = ctx_.now();
    const bool at_once = now >= pulses_saved_at_ + save_pulses_every;
    if (at_once)
      pulses_saved_at_ = now;
    // Refused or failed when the disk is: RAM has them, and after a restart `pulses` decides.
    (void)all_.store.put(storage::slot_kind::own, pulses_key(), keep_pulses(ids),
                         at_once ? storage::on_durable{[](const status&) {}} : storage::on_durable{});
  }

  void journal(storage::severity level, const char* kind, std::string text) {
    storage::journal_event e;
    e.level = level;
    e.kind = kind;
    e.subject = config_.name;
    e.text = std::move(text);
    all_.store.append(std::move(e));
  }

  unit_context& ctx_;
  services& all_;
  std::shared_ptr<bus_desk> desk_;
  channel_config config_;
  output_core* core_ = nullptr; ///< in `memory_`
  std::optional<output_fence> fence_;
  bool follows_nodes_ = false;
  mono_ns lapse_armed_ = no_deadline;
  read_back_watch read_back_;
  std::shared_ptr<output_memory> memory_;
  std::shared_ptr<output_cell> cell_;
  std::shared_ptr<neighbour_watcher> watcher_;
  output_core::decision last_;
  reading told_;
  bool told_any_ = false;
  bool deviates_ = false;
  bool save_armed_ = false;
  mono_ns armed_ = no_deadline;
  mono_ns saved_at_ = -save_output_every;
  mono_ns pulses_saved_at_ = -save_pulses_every;
  mono_ns refused_told_at_ = -tell_refused_every;
  unsigned refused_untold_ = 0;
  std::optional<std::uint64_t> writes_before_pulse_;
};

} // namespace

make_unit make_output(services& all, std::shared_ptr<bus_desk> desk, channel_config config) {
  return [&all, desk = std::move(desk),
          config = std::move(config)](unit_context& ctx) -> std::unique_ptr<unit> {
    return std::make_unique<output_unit>(ctx, all, desk, config);
  };
}

} // namespace troupe
