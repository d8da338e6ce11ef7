#include "actors/bus/wake.hpp"
#include "actors/channel/input_core.hpp"
#include "actors/channel/kept.hpp"
#include "actors/channel/make.hpp"
#include "actors/channel/units.hpp"

namespace troupe {

namespace {

constexpr mono_ns save_input_every = 60'000'000'000;

/// What survives a crash of the unit beside the live table.
struct input_memory {
  std::optional<value> forced;
  std::uint64_t dropped = 0; ///< of the port's, those told already
};

/// One incarnation of an INPUT.
class input_unit final : public unit {
public:
  input_unit(unit_context& ctx, services& all, std::shared_ptr<bus_desk> desk,
             std::shared_ptr<const channel_config> config)
    : ctx_(ctx),
      all_(all),
      desk_(std::move(desk)),
      config_(std::move(config)),
      core_(config_) {}

  caf::message_handler messages() override {
    return {
      [this](wake_atom) { drain(); },
      [this](const force_value& x) { return force(x); },
      [this](const view_input&) { return view(); },
    };
  }

  void start() override {
    all_.live.describe(config_->name, config_->unit);
    memory_ = desk_->keepsake<input_memory>(config_->name);
    // In place: this process has told something already. Else the store may
    // know what an earlier one told.
    const auto told = all_.live.get(config_->name);
    if (told && ctx_.incarnation() > 1)
      core_.resume(*told);
    else if (const auto kept = all_.store.get(storage::slot_kind::own, key()))
      if (const auto saved = from_kept(kept->payload))
        if (saved->val.kind == config_->kind)
          core_.restore(*saved);
    saved_ = core_.told().val;
    core_.force(memory_->forced);
    port_ = desk_->attach_input(config_->name, wish(),
                                wake_by_name(all_.names, ctx_.name()));
    tell();
    drain();
  }

  void on_timer(int timer) override {
    if (timer == save)
      save_now();
    else
      tell();
  }

  void stop() override {
    save_now();
    desk_->leave(config_->name);
  }

  nlohmann::json state() const override {
    return {{"channel", config_->name},
            {"now", to_string(core_.told())},
            {"measured", to_string(core_.measured())},
            {"forced", core_.forced()},
            {"changes", core_.told().changes}};
  }

private:
  enum timer { deadline, save };

  [[nodiscard]] std::string key() const { return "reading/" + config_->name; }

  [[nodiscard]] input_wish wish() const {
    input_wish w;
    w.line = config_->line;
    w.line.consumer = config_->name;
    w.kind = config_->kind;
    const bool edges = w.kind == value_kind::digital && w.line.edges != edge_kind::none;
    w.poll_every = edges ? milliseconds{0} : config_->poll_every;
    w.ring_edges = edges ? 256 : 0;
    return w;
  }

  void drain() {
    const auto seen = port_->drain(edges_);
    const auto now = ctx_.now();
    const auto wall = all_.clocks.wall();
    if (!seen.open && seen.trouble.code != errc::none)
      core_.on_lost();
    else if (seen.open)
      core_.on_open(desk_->simulated());
    // Those that fell out of the ring happened before those in it.
    core_.on_dropped(seen.dropped - memory_->dropped);
    memory_->dropped = seen.dropped;
    for (const auto& x : edges_) {
      core_.on_edge(x, now, wall);
      tell();
    }
    // After a gap, or when the line was opened, the level was read instead.
    if (seen.level && (core_.measured().empty() || !core_.measured_here()
                       || core_.measured() != value::digital(*seen.level)))
      core_.on_level(*seen.level, now, wall);
    if (seen.sample_trouble.code != errc::none)
      core_.on_sample_trouble(seen.sample_trouble);
    else if (seen.sample && seen.samples != samples_)
      core_.on_sample(*seen.sample, seen.sampled_at, wall);
    samples_ = seen.samples;
    tell();
  }

  void tell() {
    const auto was = core_.told().val;
    const auto now = ctx_.now();
    if (const auto r = core_.tell(now, all_.clocks.wall())) {
      storage::story why;
      if (r->told_as == origin::change)
        why = story_of(was, *r);
      all_.live.publish(config_->name, *r, std::move(why));
      save_later(now);
    }
    const auto next = core_.next_deadline();
    if (next == no_deadline)
      ctx_.cancel(deadline);
    else
      ctx_.arm(deadline, std::chrono::nanoseconds{std::max<mono_ns>(next - now, 0)});
  }

  [[nodiscard]] storage::story story_of(const value& was, const reading& r) const {
    const bool forced = r.why == reason::forced;
    storage::step s{forced ? "operator" : "input", forced ? forced_by_ : config_->name,
                    to_string(was) + " -> " + to_string(r.val), r.changed_wall};
    return std::make_shared<const std::vector<storage::step>>(1, std::move(s));
  }

  command_answer force(const force_value& x) {
    if (!x.val.empty() && x.val.kind != config_->kind)
      return {errc::invalid_argument,
              "'" + config_->name + "' is " + to_string(config_->kind) + ", not "
                + to_string(x.val.kind),
              core_.told().val};
    memory_->forced = x.val.empty() ? std::nullopt : std::optional{x.val};
    forced_by_ = x.who;
    core_.force(memory_->forced);
    journal_force(all_.store, config_->name, x);
    tell();
    return {errc::none, "", core_.told().val};
  }

  [[nodiscard]] input_view view() const {
    const auto seen = port_->look();
    return {core_.told(), core_.measured(),
            core_.forced(), seen.open ? "open" : to_string(seen.trouble),
            seen.edges(), seen.dropped};
  }

  void save_later(mono_ns now) {
    if (save_armed_ || core_.told().val == saved_ || core_.told().why == reason::restored)
      return;
    save_armed_ = true;
    // On the minute of the monotonic clock, so that all channels of a node
    // share one commit: the flash pays per commit, not per channel.
    ctx_.arm(save, std::chrono::nanoseconds{save_input_every - now % save_input_every});
  }

  void save_now() {
    save_armed_ = false;
    const auto& told = core_.told();
    if (told.val.empty() || told.val == saved_ || told.why == reason::restored
        || told.why == reason::forced || told.why == reason::substituted)
      return;
    // Refused when the disk is: the value in RAM goes on, the next one tries.
    if (all_.store.put(storage::slot_kind::own, key(), keep(told)))
      saved_ = told.val;
  }

  unit_context& ctx_;
  services& all_;
  std::shared_ptr<bus_desk> desk_;
  std::shared_ptr<const channel_config> config_;
  input_core core_;
  std::shared_ptr<input_port> port_;
  std::shared_ptr<input_memory> memory_;
  std::vector<drivers::edge> edges_;
  std::uint64_t samples_ = 0;
  std::string forced_by_;
  value saved_;
  bool save_armed_ = false;
};

} // namespace

make_unit make_input(services& all, std::shared_ptr<bus_desk> desk, channel_config config) {
  return [&all, desk = std::move(desk),
          config = std::make_shared<const channel_config>(std::move(config))](unit_context& ctx) -> std::unique_ptr<unit> {
    return std::make_unique<input_unit>(ctx, all, desk, config);
  };
}

} // namespace troupe
