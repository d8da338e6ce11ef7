#pragma once

#include "drivers/sim/engine.hpp"

#include <fmt/format.h>

namespace troupe::drivers::sim {

/// What the engine gave for a line; the line object made of it gives it back.
struct held {
  std::shared_ptr<engine> from;
  line_address line;
  std::shared_ptr<sim::wire> wire;
};

class held_line {
public:
  explicit held_line(held h)
    : engine_(std::move(h.from)), id_(h.line.id), wire_(std::move(h.wire)) {}
  ~held_line() { engine_->release(id_); }
  held_line(const held_line&) = delete;
  held_line& operator=(const held_line&) = delete;

protected:
  status pass() const { return engine_->pass(id_); }

  const std::shared_ptr<engine> engine_;
  const line_id id_;
  const std::shared_ptr<sim::wire> wire_;
};

class sim_digital_input final : public digital_input, held_line {
public:
  sim_digital_input(held h, const line_config& config, edge_sink& sink)
    : held_line(h), active_low_(config.active_low) {
    engine_->listen(h.line, config, sink);
  }
  ~sim_digital_input() override { engine_->forget(id_); }

  result<bool> level() override {
    if (auto allowed = pass(); !allowed)
      return allowed.why();
    return wire_->level.load(std::memory_order_acquire) != active_low_;
  }

private:
  const bool active_low_;
};

class sim_digital_output final : public digital_output, held_line {
public:
  sim_digital_output(held h, bool active_low)
    : held_line(std::move(h)), active_low_(active_low) {}

  status set(bool level) override {
    if (auto allowed = pass(); !allowed)
      return allowed;
    const bool pin = level != active_low_;
    return engine_->drive(id_, pin ? 1 : 0);
  }

  result<bool> level() override {
    if (auto allowed = pass(); !allowed)
      return allowed.why();
    return wire_->level.load() != active_low_;
  }

private:
  const bool active_low_;
};

class sim_analog_input final : public analog_input, held_line {
public:
  using held_line::held_line;

  result<double> read() override {
    if (auto allowed = pass(); !allowed)
      return allowed.why();
    return wire_->amount.load(std::memory_order_acquire);
  }
};

class sim_analog_output final : public analog_output, held_line {
public:
  using held_line::held_line;

  status set(double raw) override {
    if (!(raw >= 0 && raw <= 100))
      return error{errc::invalid_argument,
                   fmt::format("'{}' takes 0 to 100 %, not {}", name_of(id_), raw)};
    if (auto allowed = pass(); !allowed)
      return allowed;
    return engine_->drive(id_, raw);
  }

  result<double> level() override {
    if (auto allowed = pass(); !allowed)
      return allowed.why();
    return wire_->amount.load();
  }
};

} // namespace troupe::drivers::sim
