#undef CAF_SUITE
#define CAF_SUITE contract

#include <caf/test/dsl.hpp>

#include "drivers/replay/replay_bus.hpp"
#include "tests/support/driver_contract.hpp"
#include "tests/unit/replay/temp_file.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string two_seconds_of_edges() {
  std::string text = "troupe-recording 1\n0 t value 20.5\n";
  for (int i = 1; i < 400; ++i)
    text += fmt::format("{}.{:03} d {}\n", i * 5 / 1000, i * 5 % 1000, i % 2 == 1 ? "rising" : "falling");
  return text;
}

class replay_bench final : public driver_bench {
public:
  result<std::unique_ptr<drivers::bus>> open() override {
    bus_config config;
    config.name = "tape";
    config.file = file_.path();
    return drivers::open_replay_bus(config);
  }

  std::string digital_input() const override { return "d"; }
  std::string digital_output() const override { return "lamp"; }
  std::string analog_input() const override { return "t"; }
  std::string analog_output() const override { return "dimmer"; }
  bool numbered() const override { return true; }

private:
  temp_file file_{two_seconds_of_edges()};
};

} // namespace

CAF_TEST(the replayer keeps the contract of drivers) {
  replay_bench bench;
  driver_contract(bench, [](bool holds, const std::string& what) {
    // Any name may be an output here, so none is unknown and none is listed
    // before it is opened.
    if (what.starts_with("an unknown digital output") || what.starts_with("an unknown analog output")
        || what == "lists 'lamp' as free")
      return;
    CAF_CHECK_EQUAL(holds ? "" : what, "");
  });
}
