#pragma once

#include "config/model/house.hpp"
#include "drivers/analog.hpp"
#include "drivers/digital.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::drivers {

/// What a bus offers at one address, for `troupe buses` and for error texts.
struct line_info {
  std::string line;     ///< as `line_config::line` would name it
  std::string used_by;  ///< consumer that holds it, empty if free
  bool input = true;
  bool analog = false;
};

/// One fault that a driver can play on purpose (sim; drills in production).
struct fault {
  std::string name;     ///< "leak", "sensor-dead", "bus-hang", ...
  std::string line;     ///< empty: the whole bus
  bool active = false;
  std::string help;
};

/// One single-threaded path to hardware. The bus actor that opened it makes
/// every call, and destroys what it opened before the bus. Which capabilities
/// a bus has is the driver's business: what it has not answers `unsupported`
/// with a text that says what would be possible.
///
/// Errors:   returned, never thrown.
/// Blocking: each call returns within `bus_config::call_timeout`, or the bus
///           actor is declared hung and replaced; the abandoned object is
///           destroyed when its call returns after all.
class bus {
public:
  virtual ~bus() = default;
  bus(const bus&) = delete;
  bus& operator=(const bus&) = delete;

  /// `sink` gets edges if `config.edges` is not none; it outlives the input.
  /// @returns `busy`, `not_found`, `unsupported`, `device_lost`.
  [[nodiscard]] virtual result<std::unique_ptr<digital_input>>
  open_digital_input(const line_config& config, edge_sink& sink);

  /// Drives the line from the first moment at `initial`, without a glitch;
  /// without a value it keeps what the pin shows now (start-up policy hold).
  [[nodiscard]] virtual result<std::unique_ptr<digital_output>>
  open_digital_output(const line_config& config, std::optional<bool> initial);

  [[nodiscard]] virtual result<std::unique_ptr<analog_input>>
  open_analog_input(const line_config& config);

  [[nodiscard]] virtual result<std::unique_ptr<analog_output>>
  open_analog_output(const line_config& config, std::optional<double> initial);

  /// Fails with `device_lost` when only closing and opening again can help.
  [[nodiscard]] virtual status check() { return {}; }

  /// What is there, for people.
  [[nodiscard]] virtual std::vector<line_info> lines() { return {}; }

  /// One line for people: "libgpiod 1.6.3, uAPI v1, gpiochip0 [rain]".
  [[nodiscard]] virtual std::string describe() const = 0;

  /// Faults that can be switched at run time. Any thread.
  [[nodiscard]] virtual std::vector<fault> faults() const { return {}; }
  [[nodiscard]] virtual status set_fault(const std::string& name,
                                         const std::string& line, bool active);

protected:
  bus() = default;
};

} // namespace troupe::drivers
