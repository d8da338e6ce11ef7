// gpio_latency [EDGES]: button edge to relay line through the driver alone: the floor
// for everything that is built on it. The reader's sink wakes a second thread, as a
// bus actor would be woken, and that sets the output.
#include "tests/hardware/guest/cases.hpp"
#include "tests/support/histogram.hpp"

#include <condition_variable>

using namespace troupe;
using namespace troupe::hardware;
using test::tell;

namespace {

class handing_on final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge& e) noexcept override {
    const std::lock_guard lock{guard_};
    heard_at = system_clocks().mono();
    edge = e;
    arrived_ = true;
    changed_.notify_one();
  }
  void on_gap(const drivers::gap&) noexcept override { ++gaps; }
  void on_lost(const error&) noexcept override {}

  bool wait() {
    std::unique_lock lock{guard_};
    if (!changed_.wait_for(lock, milliseconds{1000}, [&] { return arrived_; }))
      return false;
    arrived_ = false;
    return true;
  }

  drivers::edge edge;
  mono_ns heard_at = 0;
  std::atomic<unsigned> gaps{0};

private:
  std::mutex guard_;
  std::condition_variable changed_;
  bool arrived_ = false;
};

} // namespace

int main(int argc, char** argv) {
  const auto edges = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 5000);
  const sim_chip chip{"rain"};
  const sim_line button{chip, 0};
  const sim_line relay{chip, 5};
  button.drive(false);
  handing_on sink;
  auto bus = open_rain(50);
  if (!bus)
    return std::fprintf(stderr, "%s\n", to_string(bus.why()).c_str()), 1;
  auto input = (*bus)->open_digital_input(line_at("gauge", edge_kind::both), sink);
  auto output = (*bus)->open_digital_output(line_at("pump", edge_kind::none), false);
  if (!input || !output)
    return std::fprintf(stderr, "the lines do not open\n"), 1;
  std::printf("%s\n", (*bus)->describe().c_str());
  std::vector<mono_ns> heard;
  std::vector<mono_ns> acted;
  for (std::size_t i = 0; i < edges; ++i) {
    const bool level = i % 2 == 0;
    button.drive(level);
    if (!sink.wait() || sink.edge.level != level || !(*output)->set(level))
      return std::fprintf(stderr, "edge %zu was lost\n", i), 1;
    acted.push_back(system_clocks().mono() - sink.edge.at);
    heard.push_back(sink.heard_at - sink.edge.at);
    if (relay.shown() != level)
      return std::fprintf(stderr, "the relay did not follow edge %zu\n", i), 1;
  }
  tell("edge to sink", heard);
  tell("edge to relay", acted);
  return sink.gaps == 0 ? 0 : 1;
}
