#include "drivers/gpio/gpio_bus.hpp"

#include "drivers/gpio/lines.hpp"
#include "drivers/gpio/lookup.hpp"

namespace troupe::drivers {

namespace {

using namespace gpio;

class gpio_bus final : public bus {
public:
  gpio_bus(std::string name, std::unique_ptr<gpio::chip> chip,
           std::shared_ptr<gpio::reader> reader)
      : name_(std::move(name)), chip_(std::move(chip)), reader_(std::move(reader)) {}

  result<std::unique_ptr<digital_input>> open_digital_input(const line_config& config,
                                                            edge_sink& sink) override {
    const auto offset = find(config);
    if (!offset)
      return offset.why();
    auto line = open_input_line(*chip_, reader_, *offset, config, sink);
    return line ? std::move(line) : here(line.why());
  }

  result<std::unique_ptr<digital_output>>
  open_digital_output(const line_config& config, std::optional<bool> initial) override {
    const auto offset = find(config);
    if (!offset)
      return offset.why();
    auto line = open_output_line(*chip_, *offset, config, initial);
    return line ? std::move(line) : here(line.why());
  }

  status check() override {
    if (chip_->size() > 0 && !reader_->lost()) {
      // Kernels before 6.5 do not wake a poll when the chip goes: asking for a
      // line's facts finds it, and the reader then tells its sinks.
      const auto info = chip_->info(0);
      if (!info && info.why().code == errc::device_lost)
        reader_->lose_all(here(info.why()));
    }
    if (reader_->lost())
      return here({errc::device_lost, place() + " has gone"});
    return {};
  }

  std::vector<line_info> lines() override {
    const auto known = all();
    std::vector<line_info> told;
    for (const auto& x : known)
      told.push_back({address_of(x, known),
                      x.used && x.consumer.empty() ? "kernel" : x.consumer, x.input,
                      false});
    return told;
  }

  std::string describe() const override {
    auto text = api().library + ", " + place();
    if (!reader_->note().empty())
      text += ", " + reader_->note();
    return text;
  }

private:
  std::string place() const { return chip_->name() + " [" + chip_->label() + "]"; }

  error here(const error& why) const {
    return {why.code, "bus '" + name_ + "': " + why.context};
  }

  std::vector<kernel_line> all() const {
    std::vector<kernel_line> known;
    for (unsigned i = 0; i < chip_->size(); ++i)
      if (const auto info = chip_->info(i))
        known.push_back(*info);
    return known;
  }

  result<unsigned> find(const line_config& config) {
    if (const auto alive = check(); !alive)
      return alive.why();
    const auto offset = choose_line(config.line, all(), place());
    return offset ? offset : here(offset.why());
  }

  std::string name_;
  std::unique_ptr<gpio::chip> chip_;
  std::shared_ptr<gpio::reader> reader_;
};

} // namespace

result<std::unique_ptr<bus>> open_gpio_bus(const bus_config& config) {
  const auto fail = [&](const error& why) {
    return error{why.code, "bus '" + config.name + "': " + why.context};
  };
  bool denied = false;
  const auto present = scan_chips(denied);
  const auto path = choose_chip(config.chip, present);
  if (!path) {
    if (denied && path.why().code == errc::not_found)
      return fail({errc::permission_denied, path.why().context
                                              + "; some chips may not be opened: let "
                                                "the service's user join the "
                                                "group that owns /dev/gpiochip* (on "
                                                "Debian and Raspberry Pi OS: gpio)"});
    return fail(path.why());
  }
  auto chip = open_chip(*path);
  if (!chip)
    return fail(chip.why());
  auto reader = reader::start(config);
  if (!reader)
    return reader.why();
  return std::unique_ptr<bus>{std::make_unique<gpio_bus>(
    config.name, std::move(*chip), std::shared_ptr<gpio::reader>{std::move(*reader)})};
}

} // namespace troupe::drivers
