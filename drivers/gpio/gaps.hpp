#pragma once

#include "drivers/gpio/kernel.hpp"

namespace troupe::drivers::gpio {

/// Events between two numbers of one line. `std::nullopt`: the later number
/// does not follow the earlier one (the numbering has begun anew), so the
/// numbers say nothing. Numbers are 32 bits wide and wrap.
///
/// Kernel: `line_seqno` counts events of the requested kind only, debounced
/// where the kernel debounces, and counts those that found the buffer full.
[[nodiscard]] std::optional<std::uint32_t> missed_by_number(std::uint32_t before,
                                                            std::uint32_t now);

/// The edges that can have happened unseen between two moments where no number
/// tells: a line that keeps its rate has at most this many in any such time, wherever
/// it began. At least 1. The bound is as good as the promise of the rate.
[[nodiscard]] std::uint64_t missed_by_rate(mono_ns from, mono_ns to, double rate_hz);

/// The rate of the two events that lie closest together; 0 for fewer than two
/// or if the stamps do not advance.
[[nodiscard]] double densest_rate_hz(std::span<const raw_event> events);

} // namespace troupe::drivers::gpio
