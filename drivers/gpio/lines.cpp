#include "drivers/gpio/lines.hpp"

namespace troupe::drivers::gpio {

namespace {

// The kernel takes microseconds in 32 bits.
constexpr milliseconds longest_debounce{4'294'967};

class input_line final : public digital_input {
public:
  input_line(std::unique_ptr<held_line> held, std::shared_ptr<reader> edges,
             std::optional<std::uint64_t> watch, bool debounced_here)
      : held_(std::move(held)), edges_(std::move(edges)), watch_(watch),
        debounced_here_(debounced_here) {}

  // The watch ends before the line does, so the reader never sees it half gone.
  ~input_line() override {
    if (watch_)
      edges_->remove(*watch_);
  }

  result<bool> level() override {
    auto now = held_->level(); // Also when debounced here: it finds a lost chip.
    if (now && debounced_here_)
      return edges_->settled_level(*watch_);
    return now;
  }

private:
  std::unique_ptr<held_line> held_;
  std::shared_ptr<reader> edges_;
  std::optional<std::uint64_t> watch_;
  bool debounced_here_;
};

class output_line final : public digital_output {
public:
  explicit output_line(std::unique_ptr<held_line> held) : held_(std::move(held)) {}

  status set(bool level) override { return held_->set(level); }
  result<bool> level() override { return held_->level(); }

private:
  std::unique_ptr<held_line> held_;
};

line_request request_of(unsigned offset, const line_config& config) {
  return {.offset = offset,
          .consumer = config.consumer.empty() ? "troupe" : config.consumer,
          .active_low = config.active_low,
          .bias = config.bias,
          .drive = config.drive};
}

} // namespace

result<std::unique_ptr<digital_input>>
open_input_line(chip& from, const std::shared_ptr<reader>& edges, unsigned offset,
                const line_config& config, edge_sink& sink) {
  if (config.debounce < milliseconds{0} || config.debounce > longest_debounce)
    return error{errc::invalid_argument,
                 "line '" + config.line + "': debounce is "
                   + std::to_string(config.debounce.count()) + " ms; 0 to "
                   + std::to_string(longest_debounce.count()) + " ms are possible"};
  const bool debounced = config.debounce > milliseconds{0};
  const bool debounced_here = debounced && !api().debounces;
  auto request = request_of(offset, config);
  // Debouncing wants to see every edge, whatever is told in the end.
  request.edges = debounced_here ? edge_kind::both : config.edges;
  request.debounce = debounced_here ? milliseconds{0} : config.debounce;
  request.buffer_events = request.edges == edge_kind::none ? 0 : config.buffer_events;
  auto held = from.hold_input(request);
  if (!held)
    return held.why();
  std::optional<std::uint64_t> watch;
  if (request.edges != edge_kind::none) {
    const auto added = edges->add(**held, config, debounced_here, sink);
    if (!added)
      return added.why();
    watch = *added;
  }
  return std::unique_ptr<digital_input>{
    std::make_unique<input_line>(std::move(*held), edges, watch, debounced_here)};
}

result<std::unique_ptr<digital_output>> open_output_line(chip& from, unsigned offset,
                                                         const line_config& config,
                                                         std::optional<bool> initial) {
  auto held = from.hold_output(request_of(offset, config), initial);
  if (!held)
    return held.why();
  return std::unique_ptr<digital_output>{std::make_unique<output_line>(std::move(*held))};
}

} // namespace troupe::drivers::gpio
