#include "actors/bus/wake.hpp"
#include "actors/counter/counter_core.hpp"
#include "actors/counter/ledger.hpp"
#include "actors/counter/make.hpp"
#include "actors/protocol/boot.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace troupe {

namespace {

/// Pulses are told at most so often: 200,000 a second cost what 5 do.
constexpr mono_ns tell_every = 200'000'000;
constexpr mono_ns stamp_busy = 60'000'000'000;
constexpr mono_ns stamp_idle = 600'000'000'000;
constexpr std::size_t max_pending = 16;

class counter_unit final : public unit {
public:
  counter_unit(unit_context& ctx, services& all, std::shared_ptr<bus_desk> desk,
               counter_config config)
    : ctx_(ctx),
      all_(all),
      desk_(std::move(desk)),
      config_(std::move(config)),
      core_(config_) {}

  caf::message_handler messages() override {
    return {
      [this](wake_atom) { on_wake(); },
      [this](const view_counter&) { return view(); },
      [this](const set_total& x) { return set(x); },
      [this](const total_stored& x) { on_stored(x); },
    };
  }

  void start() override {
    all_.live.describe(config_.name, config_.unit);
    if (tells_rate())
      all_.live.describe(rate_name(), config_.rate_unit);
    ledger_ = desk_->keepsake<pulse_ledger>(config_.name);
    input_wish w;
    w.line = config_.line;
    w.line.consumer = config_.name;
    if (w.line.edges == edge_kind::none)
      w.line.edges = edge_kind::rising; // a line without edges counts nothing
    w.ring_edges = 0;
    port_ = desk_->attach_input(config_.name, w, wake_by_name(all_.names, ctx_.name()));
    if (!ledger_->open())
      open_books();
    else if (const auto told = all_.live.get(config_.name))
      core_.resume(*told);
    count();
    // The first stamp of all is durable at once: without one, the next life
    // takes itself for the first and tells no bound (I3).
    stamp(first_life_ ? storage::on_durable{[](const status&) {}} : storage::on_durable{});
  }

  void on_timer(int timer) override {
    if (timer == save)
      stamp();
    else
      count();
  }

  void stop() override {
    count();
    stamp();
    desk_->leave(config_.name);
  }

  nlohmann::json state() const override {
    return {{"counter", config_.name},
            {"now", to_string(core_.told())},
            {"missed_at_most", core_.told().missed_at_most},
            {"gaps", core_.told().gaps},
            {"line", line_text()}};
  }

private:
  enum timer { tick, save };

  [[nodiscard]] std::string key() const { return "counter/" + config_.name; }
  [[nodiscard]] std::string rate_name() const { return config_.name + "/rate"; }
  [[nodiscard]] bool tells_rate() const { return !config_.rate_unit.empty(); }

  void open_books() {
    const auto entry = all_.store.get(storage::slot_kind::own, key());
    const auto last = entry ? decode_stamp(entry->payload) : std::nullopt;
    first_life_ = !last;
    const auto known = all_.store.counter(config_.name);
    const bool bounded = ledger_->begin(last, known.raw, known.this_stream,
                                        config_.line.max_rate_hz, moment());
    gaps_told_ = ledger_->gaps(0);
    if (!bounded)
      journal(storage::severity::warning, "gap",
              "the clock stands before the last life of this counter: how many pulses were "
              "missed meanwhile is unknown. Compare with the meter and set the total");
    else if (last && ledger_->gaps(0) != last->gaps)
      journal(storage::severity::notice, "gap",
              all_.clocks.wall() >= last->at
                ? fmt::format("nobody listened for {} ms: at most {} pulses missed",
                              all_.clocks.wall() - last->at, ledger_->missed(0) - last->missed)
                : fmt::format("the clock was set back, but the machine was not booted: at most {} "
                              "pulses missed",
                              ledger_->missed(0) - last->missed));
  }

  [[nodiscard]] pulse_ledger::moment moment() const {
    return {all_.clocks.wall(), all_.clocks.of_boot() ? boot_id() : std::string{}, all_.clocks.mono()};
  }

  void on_wake() {
    const auto since = ctx_.now() - counted_at_;
    if (since >= tell_every)
      return count();
    // The port wakes nobody until it is drained: the storm waits below.
    ctx_.arm(tick, std::chrono::nanoseconds{tell_every - since});
  }

  void count() {
    const auto now = ctx_.now();
    counted_at_ = now;
    std::vector<drivers::edge> none;
    const auto seen = port_->drain(none);
    const auto pulses = seen.pulses(config_.line.edges);
    all_.store.counted(config_.name, ledger_->in_stream(pulses));
    const auto known = all_.store.counter(config_.name);
    counter_core::facts x;
    x.total = known.total;
    x.raw = known.raw;
    x.settled = known.settled;
    x.missed = ledger_->missed(seen.missed_at_most);
    x.gaps = ledger_->gaps(seen.gaps);
    x.simulated = desk_->simulated();
    x.line_open = seen.open;
    x.line_trouble = !seen.open && seen.trouble.code != errc::none;
    x.last_pulse_at = seen.last_edge_at;
    note_gap(x);
    const auto r = core_.tell(x, now, all_.clocks.wall());
    if (r)
      all_.live.publish(config_.name, *r, std::move(story_));
    story_ = {};
    tell_rate(now, r.value_or(core_.told()));
    if (x.raw != stamped_.raw || x.gaps != stamped_.gaps)
      arm_stamp(stamp_busy);
    const auto next = core_.next(now);
    if (next != no_deadline)
      ctx_.arm(tick, std::chrono::nanoseconds{std::max(next - now, tell_every)});
  }

  void note_gap(const counter_core::facts& x) {
    if (x.gaps <= gaps_told_) {
      gaps_told_ = x.gaps;
      return;
    }
    gaps_told_ = x.gaps;
    journal(storage::severity::warning, "gap",
            fmt::format("edges were lost: at most {} pulses missed in {} gaps so far", x.missed,
                        x.gaps));
    stamp_armed_ = false;
    arm_stamp(10'000'000'000); // soon: a bound that is forgotten is a lie
  }

  void tell_rate(mono_ns now, const reading& total) {
    if (!tells_rate())
      return;
    const auto rate = core_.rate(now);
    reading r = rate_told_;
    r.val = value::analog(rate);
    r.grade = total.grade;
    r.why = total.why;
    if (r.val == rate_told_.val && r.grade == rate_told_.grade && r.why == rate_told_.why)
      return;
    r.told_as = rate_told_.val.empty()      ? origin::refresh
                : r.val != rate_told_.val ? origin::change
                                          : origin::refresh;
    r.measured_at = now;
    r.measured_wall = all_.clocks.wall();
    if (r.told_as == origin::change) {
      ++r.changes;
      r.changed_wall = r.measured_wall;
    }
    rate_told_ = r;
    all_.live.publish(rate_name(), r);
  }

  // --- what a next life needs ---
  void arm_stamp(mono_ns every) {
    if (stamp_armed_ && every >= stamp_pace_)
      return;
    stamp_armed_ = true;
    stamp_pace_ = every;
    // Aligned: all counters and channels of a node share one commit.
    ctx_.arm(save, std::chrono::nanoseconds{every - ctx_.now() % every});
  }

  void stamp(storage::on_durable done = {}) {
    const auto seen = port_->look();
    pulse_ledger::stamp s;
    s.raw = all_.store.counter(config_.name).raw;
    const auto now = moment();
    s.at = now.wall;
    s.boot = now.boot;
    s.mono = now.mono;
    s.missed = ledger_->missed(seen.missed_at_most);
    s.gaps = ledger_->gaps(seen.gaps);
    // Refused when the disk is: the older stamp gives a wider bound, not a
    // wrong one.
    if (all_.store.put(storage::slot_kind::own, key(), encode(s), std::move(done)))
      stamped_ = s;
    stamp_armed_ = false;
    arm_stamp(stamp_idle);
  }

  // --- meter replacement ---
  caf::result<command_answer> set(const set_total& x) {
    const auto pulses = x.total * config_.pulses_per_unit;
    if (!std::isfinite(pulses) || pulses < 0 || pulses > 9e15)
      return command_answer{errc::invalid_argument,
                            fmt::format("a total of {} {} is outside 0 to {}", x.total,
                                        config_.unit, 9e15 / config_.pulses_per_unit),
                            core_.told().val};
    if (x.id.empty())
      return command_answer{errc::invalid_argument, "a total needs a request id",
                            core_.told().val};
    if (pending_.size() >= max_pending)
      return command_answer{errc::over_limit, "too many totals wait for the disk",
                            core_.told().val};
    count(); // what was seen until now belongs to the old meter
    const auto was = core_.told().val;
    const auto ok = all_.store.set_counter(
      config_.name, static_cast<std::uint64_t>(std::llround(pulses)), x.id,
      [&names = all_.names, self = ctx_.name(), id = x.id](const status& how) {
        names.send(self, total_stored{id, how ? error{} : how.why()});
      });
    if (!ok)
      return command_answer{ok.why().code, ok.why().context, was};
    const auto seen = port_->look();
    ledger_->forgive(seen.missed_at_most, seen.gaps);
    gaps_told_ = 0;
    const auto text = fmt::format("total {} -> {} {}", to_string(was), x.total, config_.unit);
    story_ = std::make_shared<const std::vector<storage::step>>(
      1, storage::step{"operator", x.who, text, all_.clocks.wall()});
    journal(storage::severity::notice, "command", text, x.who);
    count();
    stamp();
    auto promise = ctx_.self()->make_response_promise<command_answer>();
    pending_.emplace(x.id, promise);
    return promise;
  }

  void on_stored(const total_stored& x) {
    const auto range = pending_.equal_range(x.id);
    for (auto i = range.first; i != range.second; ++i)
      i->second.deliver(command_answer{x.why.code, x.why.context, core_.told().val});
    pending_.erase(range.first, range.second);
  }

  [[nodiscard]] count_view view() {
    const auto known = all_.store.counter(config_.name);
    const auto seen = port_->look();
    return {core_.told(),
            known.total,
            known.raw,
            seen.pulses(config_.line.edges),
            core_.rate(ctx_.now()),
            config_.rate_unit,
            line_text()};
  }

  [[nodiscard]] std::string line_text() const {
    if (!port_)
      return "not attached";
    const auto seen = port_->look();
    return seen.open                           ? "open"
           : seen.trouble.code == errc::none ? "not open yet"
                                               : to_string(seen.trouble);
  }

  void journal(storage::severity level, const char* kind, std::string text,
               std::string who = {}) {
    storage::journal_event e;
    e.level = level;
    e.kind = kind;
    e.subject = config_.name;
    e.text = std::move(text);
    e.who = std::move(who);
    all_.store.append(std::move(e));
  }

  unit_context& ctx_;
  services& all_;
  std::shared_ptr<bus_desk> desk_;
  counter_config config_;
  counter_core core_;
  std::shared_ptr<pulse_ledger> ledger_;
  std::shared_ptr<input_port> port_;
  std::multimap<std::string, caf::typed_response_promise<command_answer>> pending_;
  storage::story story_;
  reading rate_told_;
  pulse_ledger::stamp stamped_;
  mono_ns counted_at_ = -tell_every;
  std::uint32_t gaps_told_ = 0;
  bool first_life_ = false;
  bool stamp_armed_ = false;
  mono_ns stamp_pace_ = 0;
};

} // namespace

make_unit make_counter(services& all, std::shared_ptr<bus_desk> desk, counter_config config) {
  return [&all, desk = std::move(desk),
          config = std::move(config)](unit_context& ctx) -> std::unique_ptr<unit> {
    return std::make_unique<counter_unit>(ctx, all, desk, config);
  };
}

std::function<void(bool)> counter_quarantine(services& all, counter_config config) {
  return [&all, name = std::move(config.name)](bool entered) {
    if (!entered)
      return; // the unit that starts again tells what is
    auto r = all.live.get(name).value_or(reading{});
    r.told_as = origin::refresh;
    r.grade = quality::bad;
    r.why = reason::quarantined;
    all.live.publish(name, r);
  };
}

} // namespace troupe
