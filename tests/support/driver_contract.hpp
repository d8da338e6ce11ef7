#pragma once

#include "drivers/bus.hpp"

#include <functional>
#include <string>

// What every driver promises, as tests. One suite for all: the simulator, the
// replayer, the fakes, and real kernel lines in the guest of tests/hardware. So
// it knows no test framework: whoever runs it hands in a `claim`.
//
//   CAF_TEST(the simulator keeps the contract of digital inputs) {
//     sim_bench bench;
//     test::digital_input_contract(bench, [](bool holds, const std::string&
//     what) {
//       CAF_CHECK_MESSAGE(holds, what);   // or CAF_CHECK_EQUAL(holds ? "" :
//       what, "")
//     });
//   }

namespace troupe::test {

/// Is called once for each thing that was promised.
using claim = std::function<void(bool holds, const std::string& what)>;

/// A place to run the suite in: one bus and the world around it. Lines that a
/// driver does not have are empty, and their claims become "answers
/// unsupported".
class driver_bench {
public:
  virtual ~driver_bench() = default;

  /// Opens the bus anew; the one before has been closed.
  virtual result<std::unique_ptr<drivers::bus>> open() = 0;

  /// Free lines, as `line_config::line` names them.
  virtual std::string digital_input() const { return {}; }
  virtual std::string digital_output() const { return {}; }
  virtual std::string analog_input() const { return {}; }
  virtual std::string analog_output() const { return {}; }

  /// A line that somebody else holds, and who. Empty: the bench has none.
  virtual std::string held_line() const { return {}; }
  virtual std::string holder() const { return {}; }

  /// Moves the pin of `digital_input()` from outside, physically.
  /// @returns false if nothing can move it at will; claims about edges are then
  ///          made of whatever comes by itself within `patience()`.
  virtual bool drive(bool) { return false; }

  /// What the pin of `digital_output()` shows outside, physically.
  virtual std::optional<bool> shown() { return std::nullopt; }

  /// How long an expected call may take to come.
  virtual milliseconds patience() const { return milliseconds{2000}; }

  /// How long to wait before believing that nothing comes.
  virtual milliseconds silence() const { return milliseconds{30}; }

  /// Whether edges come numbered (else every number is 0).
  virtual bool numbered() const { return false; }

  /// Whether active-low and the choice of edges mean anything here.
  virtual bool electrical() const { return true; }
};

/// describe, check, lines, unknown lines, capabilities that are not there,
/// faults.
void bus_contract(driver_bench& bench, const claim& claim);

/// Opening, holding alone, levels, edges, silence after the destructor.
void digital_input_contract(driver_bench& bench, const claim& claim);

/// Opening at a level, keeping a level, setting, reading back.
void digital_output_contract(driver_bench& bench, const claim& claim);

void analog_input_contract(driver_bench& bench, const claim& claim);
void analog_output_contract(driver_bench& bench, const claim& claim);

/// All of the above.
void driver_contract(driver_bench& bench, const claim& claim);

} // namespace troupe::test
