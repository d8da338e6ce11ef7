#include "drivers/replay/playback.hpp"

#include <fmt/format.h>
#include <pthread.h>

namespace troupe::drivers::replay {

namespace {

constexpr milliseconds grace{200};
constexpr milliseconds longest_grace{2000};

/// Events told under one lock. More saves little time; fewer let a line that
/// is being closed wait less. 256 sinks take some ten microseconds.
constexpr std::size_t batch = 256;

class file_playback final : public playback {
public:
  file_playback(const bus_config& config, stage& to, recording_facts facts,
                std::unique_ptr<event_source> source)
    : playback(config.name, to), pace_(config.pace), facts_(std::move(facts)),
      origin_(facts_.absolute ? facts_.first : 0), source_(std::move(source)),
      player_(*source_, config.pace, origin_) {
    for (const auto& line : facts_.lines)
      inputs_.push_back(&stage_.add(line));
    begin();
  }
  ~file_playback() override { end(); }

  std::string position() const override {
    return fmt::format("at pace {:g}: {} of {} events, at {:.3f} of {:.3f} s", pace_,
                       played_.load(), facts_.events, static_cast<double>(at_) * 1e-9,
                       static_cast<double>(facts_.last - origin_) * 1e-9);
  }

private:
  void play() override {
    player_.start(system_clocks().mono());
    while (!stopped()) {
      const auto due = player_.next_due();
      if (!due)
        return fail(due.why());
      if (!*due)
        return;
      sleep_until(**due);
      if (stopped())
        return;
      if (auto done = play_batch(); !done)
        return fail(done.why());
    }
  }

  status play_batch() {
    auto guard = stage_.lock();
    const auto played = player_.play(system_clocks().mono(), batch,
                                     [this](const event& e, mono_ns at) { tell(e, at); });
    played_ = player_.played();
    at_ = player_.position();
    if (!played)
      return played.why();
    return {};
  }

  void tell(const event& e, mono_ns at) {
    // The file was validated, but may have grown or changed since.
    if (e.line < inputs_.size())
      stage_.tell(*inputs_[e.line], e, at);
  }

  const double pace_;
  const recording_facts facts_;
  const std::int64_t origin_;
  std::unique_ptr<event_source> source_;
  player player_;
  std::vector<stage::input*> inputs_;
  std::atomic<std::uint64_t> played_{0};
  std::atomic<std::int64_t> at_{0};
};

} // namespace

void playback::begin() {
  thread_ = std::thread{[this] {
    pthread_setname_np(pthread_self(), "replay"); // for top -H
    if (wait_for_audience())
      play();
  }};
}

void playback::end() {
  {
    std::lock_guard guard{mutex_};
    stop_ = true;
  }
  changed_.notify_all();
  interrupt();
  thread_.join();
}

void playback::line_opened() {
  {
    std::lock_guard guard{mutex_};
    ++opened_;
  }
  changed_.notify_all();
}

bool playback::wait_for_audience() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return stop_ || opened_ > 0; });
  const auto latest = std::chrono::steady_clock::now() + longest_grace;
  for (;;) {
    const auto seen = opened_;
    const auto until = std::min(latest, std::chrono::steady_clock::now() + grace);
    if (!changed_.wait_until(lock, until, [&] { return stop_ || opened_ != seen; })
        || until == latest)
      return !stop_;
    if (stop_)
      return false;
  }
}

void playback::sleep_until(mono_ns at) {
  if (at <= system_clocks().mono())
    return;
  const std::chrono::steady_clock::time_point deadline{std::chrono::nanoseconds{at}};
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, deadline, [this] { return stop_.load(); });
}

status playback::check() const {
  std::lock_guard guard{mutex_};
  return state_;
}

void playback::fail(const error& why) {
  const error lost{errc::device_lost, fmt::format("bus '{}': {}", bus_name_, why.context)};
  {
    std::lock_guard guard{mutex_};
    state_ = lost;
  }
  stage_.tell_lost(lost);
}

std::unique_ptr<playback> play_file(const bus_config& config, stage& to, recording_facts facts,
                                    std::unique_ptr<event_source> source) {
  return std::make_unique<file_playback>(config, to, std::move(facts), std::move(source));
}

} // namespace troupe::drivers::replay
