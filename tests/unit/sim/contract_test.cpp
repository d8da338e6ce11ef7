#undef CAF_SUITE
#define CAF_SUITE contract

#include <caf/test/dsl.hpp>

#include "tests/support/driver_contract.hpp"
#include "tests/unit/sim/probe.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// The numbered lines, moved and seen through their other ends.
class sim_bench final : public driver_bench {
public:
  result<std::unique_ptr<drivers::bus>> open() override {
    finger_.reset();
    eye_.reset();
    held_.reset();
    bus_config config;
    config.name = "contract";
    auto bus = drivers::open_sim_bus(config);
    if (!bus)
      return bus;
    auto finger = (*bus)->open_digital_output(line("out.10"), std::nullopt);
    auto eye = (*bus)->open_digital_input(line("in.12"), ignored_);
    auto held = (*bus)->open_digital_input(line("in.11"), ignored_);
    CAF_REQUIRE(finger && eye && held);
    finger_ = std::move(*finger);
    eye_ = std::move(*eye);
    held_ = std::move(*held);
    return bus;
  }

  std::string digital_input() const override { return "in.10"; }
  std::string digital_output() const override { return "out.12"; }
  std::string analog_input() const override { return "bath.temp"; }
  std::string analog_output() const override { return "living.dimmer"; }
  std::string held_line() const override { return "in.11"; }
  std::string holder() const override { return "test/in.11"; }
  bool drive(bool level) override { return bool{finger_->set(level)}; }
  std::optional<bool> shown() override {
    // The loop follows its output within microseconds, on another thread.
    std::this_thread::sleep_for(milliseconds{20});
    return *eye_->level();
  }
  bool numbered() const override { return true; }

private:
  probe ignored_;
  std::unique_ptr<drivers::digital_output> finger_;
  std::unique_ptr<drivers::digital_input> eye_;
  std::unique_ptr<drivers::digital_input> held_;
};

} // namespace

CAF_TEST(the simulator keeps the contract of drivers) {
  sim_bench bench;
  driver_contract(bench, [](bool holds, const std::string& what) {
    CAF_CHECK_EQUAL(holds ? "" : what, "");
  });
}
