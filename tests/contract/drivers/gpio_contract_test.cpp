// The gpio driver keeps the drivers' contract, with either uAPI.

#undef CAF_SUITE
#define CAF_SUITE gpio

#include "drivers/gpio/gpio_bus.hpp"
#include "tests/support/driver_contract.hpp"
#include "tests/support/fake_gpio_kernel.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe;

namespace {

class fake_bench final : public test::driver_bench {
public:
  explicit fake_bench(const drivers::gpio::abilities& uapi) : numbered_(uapi.numbers) {
    kernel_.plug(uapi);
  }
  ~fake_bench() override { kernel_.unplug(); }

  result<std::unique_ptr<drivers::bus>> open() override {
    bus_config config;
    config.name = "test";
    config.chip = "/fake/chip";
    return drivers::open_gpio_bus(config);
  }
  std::string digital_input() const override { return "a"; }
  std::string digital_output() const override { return "b"; }
  std::string held_line() const override { return "hog"; }
  std::string holder() const override { return "the-hog"; }
  bool drive(bool level) override {
    kernel_.drive(0, level);
    return true;
  }
  std::optional<bool> shown() override { return kernel_.shown(1); }
  bool numbered() const override { return numbered_; }

private:
  test::fake_gpio_kernel& kernel_ = test::fake_gpio_kernel::instance();
  bool numbered_;
};

void judge(const drivers::gpio::abilities& uapi) {
  fake_bench bench{uapi};
  std::size_t claims = 0;
  test::driver_contract(bench, [&](bool holds, const std::string& what) {
    ++claims;
    if (!holds)
      CAF_ERROR(what);
  });
  CAF_CHECK_GREATER(claims, 300u);
}

} // namespace

CAF_TEST(the gpio driver keeps the contract with uAPI v1) {
  judge({"libgpiod 1, uAPI v1", false, false, 16});
}

CAF_TEST(the gpio driver keeps the contract with uAPI v2) {
  judge({"libgpiod 2, uAPI v2", true, true, 1024});
}
