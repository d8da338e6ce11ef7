#include "actors/bus/make.hpp"
#include "actors/bus/session.hpp"
#include "actors/bus/wake.hpp"
#include "actors/protocol/channel.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <cstring>

namespace troupe {

namespace {

/// One incarnation of a BUS. All that it knows of hardware is in the session,
/// which belongs to the desk: when this unit crashes beside it, the lines stay
/// open and the next incarnation goes on with them.
class bus_unit final : public unit {
public:
  bus_unit(unit_context& ctx, services& all, std::shared_ptr<bus_desk> desk,
           bus_config config, open_bus_fn open, bus_options options)
    : ctx_(ctx),
      all_(all),
      desk_(std::move(desk)),
      config_(std::move(config)),
      open_(std::move(open)),
      options_(options) {}

  ~bus_unit() override {
    if (stopped_ || !desk_->is_current(epoch_))
      return;
    if (session_ && session_->suspect())
      give_up({errc::io_error, "the driver of bus '" + desk_->name() + "' threw"});
    else
      desk_->unattended(epoch_);
  }

  caf::message_handler messages() override {
    return {
      [this](wake_atom) { run(); },
      [this](const view_bus&) { return view(); },
    };
  }

  void start() override {
    be_realtime();
    epoch_ = desk_->take_over(wake_by_name(all_.names, ctx_.name()));
    session_ = desk_->adopt();
    if (session_ && session_->suspect())
      give_up({errc::io_error, "the driver of bus '" + desk_->name() + "' threw"});
    // A predecessor hangs in a call, and opening may take long or hang as well:
    // say so before.
    if (!session_ && ctx_.incarnation() > 1)
      desk_->trouble({errc::bus_timeout, "bus '" + desk_->name() + "' is being opened again"});
    run();
  }

  void on_timer(int) override { run(); }

  void stop() override {
    stopped_ = true;
    if (!desk_->is_current(epoch_))
      return;
    if (session_)
      session_->close_down(*desk_);
    give_up({errc::closed, "bus '" + desk_->name() + "' was stopped"});
  }

  nlohmann::json state() const override {
    return {{"bus", desk_->name()},
            {"driver", config_.driver},
            {"open", session_ != nullptr},
            {"trouble", trouble_.code == errc::none ? "" : to_string(trouble_)},
            {"lines", desk_->size()},
            {"epoch", epoch_}};
  }

private:
  enum timer { due };

  void run() {
    try {
      if (!session_ && !reopen())
        return;
      const auto next = session_->work(*desk_, epoch_);
      if (next)
        return arm_at(*next);
      journal(storage::severity::warning, "lost: " + to_string(next.why()));
      give_up(next.why());
      arm_at(ctx_.now() + pause());
    } catch (const fenced_out&) {
      // A successor has the hardware. Ours goes as soon as nobody holds it;
      // the supervision ends this actor.
      session_.reset();
    }
  }

  bool reopen() {
    if (ctx_.now() < reopen_at_) {
      desk_->trouble(trouble_); // for those who attached meanwhile
      (void)desk_->take_nudges();
      arm_at(reopen_at_);
      return false;
    }
    auto opened = open_(config_);
    if (!desk_->is_current(epoch_))
      throw fenced_out{};
    if (!opened) {
      if (trouble_ != opened.why())
        journal(storage::severity::warning, "cannot be opened: " + to_string(opened.why()));
      reopen_at_ = ctx_.now() + pause();
      give_up(opened.why());
      (void)desk_->take_nudges();
      arm_at(reopen_at_);
      return false;
    }
    session_ = std::make_shared<bus_session>(config_, std::move(*opened));
    desk_->park(session_);
    journal(storage::severity::info, "open: " + session_->describe());
    trouble_ = {};
    return true;
  }

  void give_up(const error& why) {
    trouble_ = why;
    session_.reset();
    desk_->park({});
    desk_->trouble(why);
  }

  bus_view view() {
    bus_view answer;
    answer.trouble = trouble_.code == errc::none ? "" : to_string(trouble_);
    if (!session_)
      return answer;
    answer.driver = session_->describe();
    for (auto& x : session_->lines())
      answer.lines.push_back({x.line, x.used_by, x.input, x.analog});
    return answer;
  }

  void be_realtime() {
    if (options_.realtime_priority <= 0)
      return;
    sched_param p{};
    p.sched_priority = options_.realtime_priority;
    if (const int code = pthread_setschedparam(pthread_self(), SCHED_FIFO, &p); code != 0)
      journal(storage::severity::notice,
              fmt::format("runs without real-time priority {}: {}. Grant CAP_SYS_NICE or "
                          "LimitRTPRIO, or set realtime-priority = 0",
                          options_.realtime_priority, std::strerror(code)));
  }

  void journal(storage::severity level, const std::string& text) {
    storage::journal_event e;
    e.level = level;
    e.kind = "bus";
    e.subject = ctx_.name();
    e.text = "bus '" + desk_->name() + "' " + text;
    all_.store.append(std::move(e));
  }

  [[nodiscard]] mono_ns pause() const {
    return std::chrono::nanoseconds{config_.reopen_every}.count();
  }

  void arm_at(mono_ns at) {
    if (at == no_deadline)
      return ctx_.cancel(due);
    ctx_.arm(due, std::chrono::nanoseconds{std::max<mono_ns>(at - ctx_.now(), 0)});
  }

  unit_context& ctx_;
  services& all_;
  std::shared_ptr<bus_desk> desk_;
  bus_config config_;
  open_bus_fn open_;
  bus_options options_;
  std::uint64_t epoch_ = 0;
  std::shared_ptr<bus_session> session_;
  error trouble_{errc::closed, "not opened yet"};
  mono_ns reopen_at_ = 0;
  bool stopped_ = false;
};

} // namespace

make_unit make_bus(services& all, std::shared_ptr<bus_desk> desk, bus_config config,
                   open_bus_fn open, bus_options options) {
  desk->set_simulated(config.driver == "sim");
  return [&all, desk = std::move(desk), config = std::move(config), open = std::move(open),
          options](unit_context& ctx) -> std::unique_ptr<unit> {
    return std::make_unique<bus_unit>(ctx, all, desk, config, open, options);
  };
}

std::function<void(bool)> bus_quarantine(std::shared_ptr<bus_desk> desk) {
  return [desk = std::move(desk)](bool entered) {
    if (entered)
      desk->trouble({errc::quarantined, "bus '" + desk->name() + "' failed too often"});
  };
}

} // namespace troupe
