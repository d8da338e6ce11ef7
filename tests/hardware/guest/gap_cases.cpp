#include "tests/hardware/guest/cases.hpp"

#include <condition_variable>

namespace troupe::hardware {

namespace {

/// Stops the reader in its first call until it is let go, as a machine does that is
/// busy with something else.
class stalling_sink final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge& e) noexcept override {
    std::unique_lock lock{guard_};
    ++edges_;
    last_ = e.level;
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return free_; });
  }
  void on_gap(const drivers::gap& g) noexcept override {
    const std::lock_guard lock{guard_};
    ++gaps_;
    missed_ += g.missed_at_most;
    level_ = g.level;
  }
  void on_lost(const error&) noexcept override {}

  bool wait_for_first() {
    std::unique_lock lock{guard_};
    return changed_.wait_for(lock, milliseconds{2000}, [&] { return reached_; });
  }
  void let_go() {
    const std::lock_guard lock{guard_};
    free_ = true;
    changed_.notify_all();
  }
  struct tally {
    std::uint64_t edges, missed, gaps;
    bool gap_level, last;
  };
  tally now() const {
    const std::lock_guard lock{guard_};
    return {edges_, missed_, gaps_, level_, last_};
  }

private:
  mutable std::mutex guard_;
  std::condition_variable changed_;
  bool reached_ = false;
  bool free_ = false;
  std::uint64_t edges_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t gaps_ = 0;
  bool level_ = false;
  bool last_ = false;
};

/// A burst of `pulses` while the reader stands still from the first on.
void overflow(findings& f, unsigned pulses, edge_kind edges, unsigned buffer) {
  const sim_chip chip{"rain"};
  const sim_line pin{chip, 0};
  pin.drive(false);
  stalling_sink sink;
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  auto config = line_at("gauge", edges);
  config.buffer_events = buffer;
  config.max_rate_hz = 1e6; // The promise that bounds v1: sysfs is not that quick.
  auto input = (*bus)->open_digital_input(config, sink);
  if (!f.check(input, "the input opens"))
    return;
  const bool both = edges == edge_kind::both;
  const std::uint64_t made = both ? 2ull * pulses + 1 : pulses;
  pulse_source source;
  const auto start = system_clocks().mono();
  source.start(pin, pulses, 0);
  f.check(sink.wait_for_first(), "an edge arrives");
  source.wait();
  if (both)
    pin.drive(true); // It ends high, and nothing that the buffer kept may hide that.
  const auto stalled = static_cast<double>(system_clocks().mono() - start) * 1e-9;
  sink.let_go();
  test::eventually(
    [&] {
      const auto now = sink.now();
      return now.edges + now.missed >= made;
    },
    milliseconds{2000});
  // Let a suspicion ripen or an edge too many arrive.
  std::this_thread::sleep_for(milliseconds{60});
  const auto found = sink.now();
  const auto lost = made - found.edges;
  f.check(found.edges < made, "the buffer was too small, as it should be");
  f.check(found.gaps >= 1, "the loss is told");
  f.check(found.missed >= lost, "the bound " + std::to_string(found.missed)
                                  + " covers the loss " + std::to_string(lost));
  if (has_numbers()) {
    f.check(found.missed == lost, "the bound " + std::to_string(found.missed)
                                    + " is exactly the loss " + std::to_string(lost));
  } else {
    f.check(static_cast<double>(found.missed) < (stalled + 0.05) * 1e6 + 1,
            "the bound " + std::to_string(found.missed) + " is not boundless");
  }
  f.check(found.gap_level == both, "the level is read anew after the gap");
  const auto level = (*input)->level();
  f.check(level && *level == both, "and is that of the pin");
  f.note("made " + std::to_string(made) + ", got " + std::to_string(found.edges)
         + ", bound " + std::to_string(found.missed) + " in " + std::to_string(found.gaps));
}

} // namespace

std::vector<test_case> gap_cases() {
  return {
    {"real", "a burst over 16 events is a gap that bounds the loss",
     [](findings& f) { overflow(f, 1'000, edge_kind::rising, 16); }},
    {"real", "a burst over 1024 events is a gap that bounds the loss",
     [](findings& f) { overflow(f, 5'000, edge_kind::rising, 1024); }},
    {"real", "a burst of both edges leaves the right level",
     [](findings& f) { overflow(f, 1'000, edge_kind::both, 64); }},
  };
}

} // namespace troupe::hardware
