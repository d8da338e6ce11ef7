#include "tests/hardware/guest/cases.hpp"
#include "tests/support/driver_contract.hpp"

namespace troupe::hardware {

namespace {

class rain_bench final : public test::driver_bench {
public:
  rain_bench() : chip_("rain"), in_(chip_, 0), out_(chip_, 5) {}

  result<std::unique_ptr<drivers::bus>> open() override { return open_rain(); }
  std::string digital_input() const override { return "gauge"; }
  std::string digital_output() const override { return "pump"; }
  std::string held_line() const override { return "taken"; }
  std::string holder() const override { return "taken-hog"; }
  bool numbered() const override { return has_numbers(); }

  bool drive(bool level) override {
    in_.drive(level);
    return true;
  }
  std::optional<bool> shown() override { return out_.shown(); }

private:
  sim_chip chip_;
  sim_line in_;
  sim_line out_;
};

} // namespace

std::vector<test_case> contract_cases() {
  return {{"real", "the driver contract holds on kernel lines", [](findings& f) {
             rain_bench bench;
             test::driver_contract(
               bench, [&](bool holds, const std::string& what) { f.check(holds, what); });
           }}};
}

} // namespace troupe::hardware
