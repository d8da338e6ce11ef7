#pragma once

#include "config/model/line.hpp"
#include "config/model/result.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// What the driver wants of the kernel, in the words of neither libgpiod. One of
// kernel_v1.cpp and kernel_v2.cpp is compiled: both libraries call themselves
// libgpiod and share function names with different meanings, so one program
// cannot hold both.

namespace troupe::drivers::gpio {

/// One event as it left the kernel.
struct raw_event {
  bool level = false;         ///< after the edge, logical
  mono_ns at = 0;             ///< CLOCK_MONOTONIC
  std::uint32_t sequence = 0; ///< of the line, from 1; 0 with uAPI v1
};

/// What the kernel says about a line.
struct kernel_line {
  unsigned offset = 0;
  std::string name; ///< empty: it has none
  bool used = false;
  std::string consumer; ///< who uses it; may be empty although used
  bool input = true;
};

/// How a line shall be held.
struct line_request {
  unsigned offset = 0;
  std::string consumer;
  bool active_low = false;
  edge_kind edges = edge_kind::none; ///< inputs
  bias_kind bias = bias_kind::as_is;
  drive_kind drive = drive_kind::push_pull; ///< outputs
  milliseconds debounce{0};                 ///< inputs; 0 unless `abilities::debounces`
  unsigned buffer_events = 0;               ///< inputs with edges; 0: the kernel's default
};

/// A line that we hold; released when destroyed. Any thread, as every call is
/// one system call on a descriptor of its own, except that `read` and the
/// destructor want one at a time.
///
/// Errors: `device_lost` when the chip has gone, else `io_error`.
class held_line {
public:
  virtual ~held_line() = default;

  /// Becomes readable with events, and shows POLLERR or POLLHUP when the chip
  /// goes. -1 for a line without edges.
  virtual int fd() const = 0;

  /// The logical level; debounced where the kernel debounces.
  virtual result<bool> level() const = 0;

  virtual status set(bool level) = 0;

  /// Takes up to `into.size()` waiting events; never waits. 0: none.
  virtual result<std::size_t> read(std::span<raw_event> into) = 0;
};

/// An open gpiochip. One thread, the bus actor's. Lines may outlive it.
///
/// Errors: as for `bus::open_digital_input`; the texts name chip and line.
class chip {
public:
  virtual ~chip() = default;

  virtual const std::string& name() const = 0; ///< "gpiochip0"
  virtual const std::string& label() const = 0;
  virtual unsigned size() const = 0; ///< number of lines

  virtual result<kernel_line> info(unsigned offset) const = 0;

  virtual result<std::unique_ptr<held_line>> hold_input(const line_request& request) = 0;

  /// Without a value: keeps the level that the pin has now.
  virtual result<std::unique_ptr<held_line>> hold_output(const line_request& request,
                                                         std::optional<bool> level) = 0;
};

/// What the library and uAPI of this build can do.
struct abilities {
  std::string library;    ///< "libgpiod 1.6.3, uAPI v1"
  bool numbers = false;   ///< events carry sequence numbers
  bool debounces = false; ///< the kernel debounces when asked
  /// Events that one line's buffer holds at most. v1: fixed, and a full buffer
  /// drops the newest without a word. v2: as asked for up to this, and a full
  /// buffer drops the oldest, which the numbers show.
  unsigned buffer_events = 0;
};

const abilities& api();

/// Opens a chip by its path in /dev.
[[nodiscard]] result<std::unique_ptr<chip>> open_chip(const std::string& path);

/// The error for a failed system call: `doing` says what on which thing.
[[nodiscard]] error system_error(int number, const std::string& doing);

/// The error for a line that could not be held; finds who has it.
[[nodiscard]] error hold_error(int number, const chip& from, const line_request& request);

} // namespace troupe::drivers::gpio
