#include "tests/hardware/guest/cases.hpp"

namespace troupe::hardware {

namespace {

/// Counts, and lets the pulses go on.
class counting_sink final : public drivers::edge_sink {
public:
  explicit counting_sink(pulse_source& pulses) : pulses_(pulses) {}

  void on_edge(const drivers::edge& e) noexcept override {
    if (has_numbers() && e.sequence != last_number_ + 1)
      ++holes;
    last_number_ = e.sequence;
    if (e.at < last_at_)
      ++backwards;
    last_at_ = e.at;
    if (e.level) {
      ++rising;
      pulses_.saw_one();
    } else {
      ++falling;
    }
  }
  void on_gap(const drivers::gap&) noexcept override { ++gaps; }
  void on_lost(const error&) noexcept override { ++gaps; }

  std::atomic<unsigned> rising{0}, falling{0}, gaps{0}, holes{0}, backwards{0};

private:
  pulse_source& pulses_;
  std::uint32_t last_number_ = 0;
  mono_ns last_at_ = 0;
};

void count(findings& f, unsigned pulses, edge_kind edges) {
  const sim_chip chip{"rain"};
  const sim_line pin{chip, 0};
  pin.drive(false);
  pulse_source source;
  counting_sink sink{source};
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  auto input = (*bus)->open_digital_input(line_at("gauge", edges), sink);
  if (!f.check(input, "the input opens"))
    return;
  const bool both = edges == edge_kind::both;
  const auto start = system_clocks().mono();
  // Fewer edges under way than the buffer holds.
  const unsigned room = drivers::gpio::api().buffer_events / 2;
  source.start(pin, pulses, both ? room / 2 : room);
  source.wait();
  const auto took = static_cast<double>(system_clocks().mono() - start) * 1e-9;
  const auto expected_falling = both ? pulses : 0;
  test::eventually([&] { return sink.rising + sink.falling >= pulses + expected_falling; },
                   milliseconds{2000});
  f.check(sink.rising == pulses,
          "rising is " + std::to_string(sink.rising) + " of " + std::to_string(pulses));
  f.check(sink.falling == expected_falling, "falling is " + std::to_string(sink.falling));
  f.check(sink.gaps == 0, "there is no gap");
  f.check(sink.holes == 0, "the numbers have no hole");
  f.check(sink.backwards == 0, "stamps never go back");
  f.note(std::to_string(static_cast<unsigned>(pulses / took)) + " pulses/s");
}

} // namespace

std::vector<test_case> counting_cases() {
  return {
    {"real", "100,000 rising edges are counted exactly",
     [](findings& f) { count(f, 100'000, edge_kind::rising); }},
    {"real", "20,000 pulses are 40,000 edges",
     [](findings& f) { count(f, 20'000, edge_kind::both); }},
  };
}

} // namespace troupe::hardware
