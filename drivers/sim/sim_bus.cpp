#include "drivers/sim/sim_bus.hpp"

#include "drivers/sim/held_lines.hpp"

#include <fmt/format.h>

namespace troupe::drivers {

namespace {

using sim::engine;
using sim::line_kind;

constexpr double slowest = 0.001;
constexpr double fastest = 10'000;
constexpr unsigned shown_of_a_family = 16; // of in.N, out.N, pulse.N

const char* to_string(line_kind k) {
  switch (k) {
  case line_kind::digital_input: return "digital input";
  case line_kind::digital_output: return "digital output";
  case line_kind::analog_input: return "analog input";
  case line_kind::analog_output: return "analog output";
  }
  return "";
}

class sim_bus final : public bus {
public:
  sim_bus(const bus_config& config, std::shared_ptr<engine> e)
    : config_(config), engine_(std::move(e)) {}

  result<std::unique_ptr<digital_input>> open_digital_input(const line_config& config,
                                                            edge_sink& sink) override {
    auto line = take(config, line_kind::digital_input);
    if (!line)
      return line.why();
    return {std::make_unique<sim::sim_digital_input>(std::move(*line), config, sink)};
  }

  result<std::unique_ptr<digital_output>>
  open_digital_output(const line_config& config, std::optional<bool> initial) override {
    auto line = take(config, line_kind::digital_output);
    if (!line)
      return line.why();
    auto output = std::make_unique<sim::sim_digital_output>(std::move(*line), config.active_low);
    if (initial) {
      if (auto done = output->set(*initial); !done)
        return done.why();
    }
    return {std::move(output)};
  }

  result<std::unique_ptr<analog_input>> open_analog_input(const line_config& config) override {
    auto line = take(config, line_kind::analog_input);
    if (!line)
      return line.why();
    return {std::make_unique<sim::sim_analog_input>(std::move(*line))};
  }

  result<std::unique_ptr<analog_output>>
  open_analog_output(const line_config& config, std::optional<double> initial) override {
    auto line = take(config, line_kind::analog_output);
    if (!line)
      return line.why();
    auto output = std::make_unique<sim::sim_analog_output>(std::move(*line));
    if (initial) {
      if (auto done = output->set(*initial); !done)
        return done.why();
    }
    return {std::move(output)};
  }

  status check() override { return engine_->pass(std::nullopt); }

  std::vector<line_info> lines() override {
    const auto holders = engine_->holders();
    std::vector<line_info> all;
    for (sim::line_id id = 0; id < sim::house_lines; ++id)
      all.push_back(info(id, holders.contains(id) ? holders.at(id) : ""));
    // Of the thirty thousand others the first few, and those that are held.
    for (const auto first : {sim::first_in, sim::first_out, sim::first_pulse}) {
      for (sim::line_id id = first; id < first + shown_of_a_family; ++id) {
        if (!holders.contains(id))
          all.push_back(info(id, ""));
      }
    }
    for (const auto& [id, holder] : holders) {
      if (id >= sim::house_lines)
        all.push_back(info(id, holder));
    }
    return all;
  }

  std::string describe() const override {
    const auto seconds = 7 * 3600 + engine_->model_time() / sim::second;
    return fmt::format("simulated house '{}', seed {}, speed {:g}, day {} {:02}:{:02}:{:02}",
                       config_.name, config_.seed, config_.speed, seconds / 86400 + 1,
                       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  }

  std::vector<fault> faults() const override { return engine_->board().list(); }

  status set_fault(const std::string& name, const std::string& line, bool active) override {
    return engine_->board().set(name, line, active);
  }

private:
  result<sim::held> take(const line_config& config, line_kind wanted) const {
    const auto line = sim::find_line(config.line);
    if (!line)
      return error{errc::not_found,
                   fmt::format("bus '{}': the simulated house has no line '{}'; it has {}",
                               config_.name, config.line, sim::known_lines())};
    if (sim::kind_of(line->id) != wanted)
      return error{errc::unsupported,
                   fmt::format("bus '{}': line '{}' is a {}, it cannot be opened as a {}",
                               config_.name, config.line,
                               to_string(sim::kind_of(line->id)), to_string(wanted))};
    if (auto allowed = engine_->pass(std::nullopt); !allowed)
      return allowed.why();
    auto wire = engine_->hold(line->id, config.consumer);
    if (!wire)
      return wire.why();
    return sim::held{engine_, *line, std::move(*wire)};
  }

  static line_info info(sim::line_id id, std::string holder) {
    const auto k = sim::kind_of(id);
    return {sim::name_of(id), std::move(holder),
            k == line_kind::digital_input || k == line_kind::analog_input,
            k == line_kind::analog_input || k == line_kind::analog_output};
  }

  const bus_config config_;
  const std::shared_ptr<engine> engine_;
};

} // namespace

result<std::unique_ptr<bus>> open_sim_bus(const bus_config& config) {
  if (!(config.speed >= slowest && config.speed <= fastest))
    return error{errc::invalid_argument,
                 fmt::format("bus '{}': speed is {:g}; use {:g} to {:g} model seconds a second",
                             config.name, config.speed, slowest, fastest)};
  auto board = sim::board_of(config.name);
  if (auto allowed = board->pass(std::nullopt); !allowed)
    return allowed.why();
  auto started = std::make_shared<engine>(config, std::move(board));
  sim::enrol(config.name, started);
  return {std::make_unique<sim_bus>(config, std::move(started))};
}

} // namespace troupe::drivers
