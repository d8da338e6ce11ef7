// The bus and its reader against a kernel of our own: overflow, loss, races.

#undef CAF_SUITE
#define CAF_SUITE gpio_bus

#include "drivers/gpio/gpio_bus.hpp"
#include "tests/support/edge_log.hpp"
#include "tests/support/fake_gpio_kernel.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe;
using test::eventually;
using test::fake_gpio_kernel;

namespace {

constexpr milliseconds patience{2000};
const drivers::gpio::abilities v1{"v1", false, false, 16};
const drivers::gpio::abilities v2{"v2", true, false, 1024};

struct fixture {
  ~fixture() { kernel.unplug(); }

  void open(const drivers::gpio::abilities& uapi) {
    kernel.plug(uapi);
    auto opened = drivers::open_gpio_bus(config());
    CAF_REQUIRE(opened);
    bus = std::move(*opened);
  }

  static bus_config config() {
    bus_config x;
    x.name = "test";
    x.chip = "/fake/chip";
    return x;
  }

  static line_config line(const char* name, edge_kind edges = edge_kind::both) {
    line_config x;
    x.line = name;
    x.consumer = "me";
    x.edges = edges;
    return x;
  }

  void pulses(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      kernel.drive(0, true);
      kernel.drive(0, false);
    }
  }

  fake_gpio_kernel& kernel = fake_gpio_kernel::instance();
  std::unique_ptr<drivers::bus> bus;
  test::edge_log log;
};

/// Holds the reader in its first call until let go.
class stalling_sink final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge&) noexcept override {
    ++edges;
    entered = true;
    while (!free)
      std::this_thread::yield();
  }
  void on_gap(const drivers::gap& g) noexcept override {
    missed += g.missed_at_most;
    ++gaps;
  }
  void on_lost(const error&) noexcept override {}
  std::atomic<std::uint64_t> edges{0}, missed{0}, gaps{0};
  std::atomic<bool> entered{false}, free{false};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gpio_bus_tests, fixture)

CAF_TEST(I3 a burst that overflows the kernel buffer is bounded) {
  for (const auto& uapi : {v1, v2}) {
    CAF_MESSAGE(uapi.library);
    open(uapi);
    stalling_sink sink;
    auto config = line("a", edge_kind::rising);
    config.max_rate_hz = 1e8; // An honest promise: nothing here is quicker.
    auto input = bus->open_digital_input(config, sink);
    CAF_REQUIRE(input);
    pulses(1);
    CAF_REQUIRE(eventually([&] { return sink.entered.load(); }, patience));
    pulses(4999);
    sink.free = true;
    CAF_CHECK(eventually([&] { return sink.edges + sink.missed >= 5000; }, patience));
    CAF_CHECK_EQUAL(sink.edges.load(), uapi.buffer_events + 1);
    CAF_CHECK_EQUAL(sink.gaps.load(), 1u);
    if (uapi.numbers)
      CAF_CHECK_EQUAL(sink.missed.load(), 5000u - 1025u);
    input.value().reset();
    bus.reset();
  }
}

CAF_TEST(a vanished chip is told once to every sink and by check) {
  open(v2);
  test::edge_log second;
  auto a = bus->open_digital_input(line("a"), log);
  auto b = bus->open_digital_input(line("b"), second);
  auto out = bus->open_digital_output(line("c"), true);
  CAF_REQUIRE(a);
  CAF_REQUIRE(b);
  CAF_REQUIRE(out);
  CAF_CHECK(bus->check());
  kernel.unplug();
  CAF_CHECK(eventually([&] { return log.losses().size() + second.losses().size() == 2; },
                       patience));
  for (int i = 0; i < 3; ++i) {
    const auto state = bus->check();
    CAF_REQUIRE(!state);
    CAF_CHECK(state.why().code == errc::device_lost);
  }
  CAF_CHECK_EQUAL(log.losses().size(), 1u);
  CAF_CHECK_EQUAL(second.losses().size(), 1u);
  CAF_CHECK(!(*a)->level());
  CAF_CHECK(!(*out)->set(false));
  a.value().reset();
  b.value().reset();
  out.value().reset();
  bus.reset();
  CAF_CHECK(!drivers::open_gpio_bus(config()));
  open(v2);
  log.clear();
  auto again = bus->open_digital_input(line("a"), log);
  CAF_REQUIRE(again);
  kernel.drive(0, true);
  CAF_CHECK(eventually([&] { return log.edges().size() == 1; }, patience));
  CAF_CHECK(log.losses().empty());
  again.value().reset();
  bus.reset();
}

CAF_TEST(the lines may outlive the bus) {
  open(v2);
  auto input = bus->open_digital_input(line("a"), log);
  CAF_REQUIRE(input);
  bus.reset();
  kernel.drive(0, true);
  CAF_CHECK(eventually([&] { return log.edges().size() == 1; }, patience));
}

CAF_TEST(no sink is called once its input is gone however fast edges come) {
  open(v2);
  std::atomic<bool> done{false};
  std::thread fingers{[&] {
    while (!done)
      pulses(10);
  }};
  for (int i = 0; i < 300; ++i) {
    auto sink = std::make_unique<test::edge_log>();
    auto input = bus->open_digital_input(line("a"), *sink);
    CAF_REQUIRE(input);
    if (i % 3 == 0)
      eventually([&] { return sink->calls() > 0; }, patience);
    input.value().reset();
    sink.reset(); // A late call would be a use after free, for the sanitizers.
  }
  done = true;
  fingers.join();
  bus.reset();
}

CAF_TEST(a line that never falls silent does not starve its neighbour) {
  open(v2);
  std::atomic<bool> done{false};
  auto noisy = bus->open_digital_input(line("a"), log);
  test::edge_log quiet;
  auto input = bus->open_digital_input(line("b"), quiet);
  CAF_REQUIRE(noisy);
  CAF_REQUIRE(input);
  std::thread fingers{[&] {
    while (!done)
      pulses(100);
  }};
  CAF_CHECK(eventually([&] { return log.calls() > 1000; }, patience));
  kernel.drive(1, true);
  CAF_CHECK(eventually([&] { return quiet.edges().size() == 1; }, patience));
  done = true;
  fingers.join();
  noisy.value().reset();
  input.value().reset();
  bus.reset();
}

CAF_TEST(debouncing here wakes up in time without another edge) {
  open(v1);
  auto config = line("a", edge_kind::rising);
  config.debounce = milliseconds{5};
  auto input = bus->open_digital_input(config, log);
  CAF_REQUIRE(input);
  kernel.drive(0, true);
  const auto at = system_clocks().mono();
  CAF_CHECK(!*(*input)->level());
  CAF_CHECK(eventually([&] { return log.edges().size() == 1; }, patience));
  CAF_CHECK(system_clocks().mono() - at >= 4'000'000);
  CAF_CHECK(*(*input)->level());
  input.value().reset();
  bus.reset();
}

CAF_TEST(a debounce that no kernel can count is refused with the limit) {
  open(v2);
  auto config = line("a");
  config.debounce = milliseconds{5'000'000};
  const auto refused = bus->open_digital_input(config, log);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::invalid_argument);
  CAF_CHECK(refused.why().context.find("4294967") != std::string::npos);
}

CAF_TEST(errors name the bus and the thing) {
  open(v2);
  const auto held = bus->open_digital_input(line("hog"), log);
  CAF_REQUIRE(!held);
  CAF_CHECK_EQUAL(
    to_string(held.why()),
    "busy: bus 'test': chip [fake]: line 4 (hog) is held by 'the-hog'; end that, or "
    "free the line in the device tree");
  const auto lines = bus->lines();
  CAF_REQUIRE_EQUAL(lines.size(), 5u);
  CAF_CHECK_EQUAL(lines[4].used_by, "the-hog");
}

CAF_TEST_FIXTURE_SCOPE_END()
