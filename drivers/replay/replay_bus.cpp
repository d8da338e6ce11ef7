#include "drivers/replay/replay_bus.hpp"

#include "drivers/replay/playback.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace troupe::drivers {

namespace {

using replay::playback;
using replay::stage;

constexpr double slowest = 0.001;
constexpr double fastest = 100'000;

class replay_digital_input final : public digital_input {
public:
  replay_digital_input(stage& on, stage::input& line) : stage_(on), line_(line) {}
  ~replay_digital_input() override { stage_.leave(line_); }
  result<bool> level() override { return line_.level != line_.active_low; }

private:
  stage& stage_;
  stage::input& line_;
};

class replay_analog_input final : public analog_input {
public:
  replay_analog_input(stage& on, stage::input& line) : stage_(on), line_(line) {}
  ~replay_analog_input() override { stage_.leave(line_); }

  result<double> read() override {
    if (!line_.heard)
      return error{errc::bus_timeout,
                   fmt::format("nothing has arrived for '{}' yet", line_.name)};
    return line_.value.load();
  }

private:
  stage& stage_;
  stage::input& line_;
};

/// Takes what it is told and remembers it; a recording has nobody who listens.
template <class Base, class Value>
class replay_output final : public Base {
public:
  replay_output(stage& on, std::string line, Value initial)
    : stage_(on), line_(std::move(line)), level_(initial) {}
  ~replay_output() override { stage_.leave_output(line_); }

  status set(Value level) override {
    level_ = level;
    return {};
  }
  result<Value> level() override { return level_; }

private:
  stage& stage_;
  const std::string line_;
  Value level_;
};

class replay_bus final : public bus {
public:
  replay_bus(bus_config config, std::unique_ptr<stage> on, std::unique_ptr<playback> playing)
    : config_(std::move(config)), stage_(std::move(on)), playback_(std::move(playing)) {}

  result<std::unique_ptr<digital_input>> open_digital_input(const line_config& config,
                                                            edge_sink& sink) override {
    const auto line = enter(config, false, &sink);
    if (!line)
      return line.why();
    return {std::make_unique<replay_digital_input>(*stage_, **line)};
  }

  result<std::unique_ptr<analog_input>> open_analog_input(const line_config& config) override {
    const auto line = enter(config, true, nullptr);
    if (!line)
      return line.why();
    return {std::make_unique<replay_analog_input>(*stage_, **line)};
  }

  result<std::unique_ptr<digital_output>>
  open_digital_output(const line_config& config, std::optional<bool> initial) override {
    if (auto entered = stage_->enter_output(config); !entered)
      return entered.why();
    return {std::make_unique<replay_output<digital_output, bool>>(*stage_, config.line,
                                                                  initial.value_or(false))};
  }

  result<std::unique_ptr<analog_output>>
  open_analog_output(const line_config& config, std::optional<double> initial) override {
    if (auto entered = stage_->enter_output(config); !entered)
      return entered.why();
    return {std::make_unique<replay_output<analog_output, double>>(*stage_, config.line,
                                                                   initial.value_or(0))};
  }

  status check() override { return playback_->check(); }

  std::vector<line_info> lines() override {
    std::vector<line_info> all;
    for (const auto& e : stage_->entries())
      all.push_back({e.line, e.holder, e.input, e.analog});
    return all;
  }

  std::string describe() const override {
    return fmt::format("recording '{}' {}", config_.file, playback_->position());
  }

private:
  result<stage::input*> enter(const line_config& config, bool analog, edge_sink* sink) {
    if (auto usable = playback_->check(); !usable)
      return usable.why();
    auto line = stage_->enter(config, analog, sink);
    if (line)
      playback_->line_opened();
    return line;
  }

  const bus_config config_;
  const std::unique_ptr<stage> stage_;
  const std::unique_ptr<playback> playback_; // ends before its stage
};

error cannot_open(const bus_config& config, int number) {
  const errc code = number == ENOENT   ? errc::not_found
                    : number == EACCES ? errc::permission_denied
                                       : errc::io_error;
  return {code, fmt::format("bus '{}': cannot open the recording '{}': {}", config.name,
                            config.file, std::strerror(number))};
}

result<std::unique_ptr<bus>> open_stream(const bus_config& config) {
  // Opened for writing too: a FIFO without a writer has not ended, the next
  // writer is only late.
  const int fd = ::open(config.file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return cannot_open(config, errno);
  auto on = std::make_unique<stage>(config.name, true);
  auto playing = replay::play_stream(config, *on, fd);
  return {std::make_unique<replay_bus>(config, std::move(on), std::move(playing))};
}

result<std::unique_ptr<bus>> open_file(const bus_config& config) {
  auto facts = replay::validate(config.file);
  if (!facts)
    return facts.why();
  auto source = replay::open_recording(config.file);
  if (!source)
    return source.why();
  auto on = std::make_unique<stage>(config.name, false);
  auto playing = replay::play_file(config, *on, std::move(*facts), std::move(*source));
  return {std::make_unique<replay_bus>(config, std::move(on), std::move(playing))};
}

} // namespace

result<std::unique_ptr<bus>> open_replay_bus(const bus_config& config) {
  if (config.pace != 0 && !(config.pace >= slowest && config.pace <= fastest))
    return error{errc::invalid_argument,
                 fmt::format("bus '{}': pace is {:g}; use {:g} to {:g}, or 0 for as fast as "
                             "possible",
                             config.name, config.pace, slowest, fastest)};
  struct stat what {};
  if (stat(config.file.c_str(), &what) != 0)
    return cannot_open(config, errno);
  if (S_ISDIR(what.st_mode))
    return cannot_open(config, EISDIR);
  return S_ISREG(what.st_mode) ? open_file(config) : open_stream(config);
}

} // namespace troupe::drivers
