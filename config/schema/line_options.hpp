#pragma once

#include "config/model/house.hpp"
#include "config/schema/bind.hpp"

namespace troupe::schema {

/// Where a channel or counter is connected.
template <class T>
std::vector<option> address_options() {
  return {
    {.key = "bus",
     .field = field<T>(&T::bus),
     .help = "The bus that the line is on.",
     .required = true,
     .most = 64,
     .example = "\"gpio0\""},
    {.key = "line",
     .field = field<T>(&T::line, &line_config::line),
     .help = "The address on the bus: a line's offset (17) or name (\"relay-1\"). A name survives "
             "rewiring in the device tree; an offset does not. `troupe buses` lists what is there.",
     .required = true,
     .most = 64,
     .example = "17",
     .number_is_text = true},
  };
}

/// How the level of a line is taken. `edge_default`: what the struct starts with.
template <class T>
std::vector<option> level_options(std::vector<condition> digital, std::vector<condition> input,
                                  words_of<edge_kind> edges, const char* edge_default,
                                  const char* edge_help) {
  return {
    {.key = "active-low",
     .field = field<T>(&T::line, &line_config::active_low),
     .help = "The value is the inverse of the pin: for contacts that pull to ground and relay boards "
             "that switch on low.",
     .fallback = false,
     .only = digital},
    {.key = "bias",
     .field = field_words<T>(words_of<bias_kind>{{"as-is", bias_kind::as_is},
                                                {"disabled", bias_kind::disabled},
                                                {"pull-up", bias_kind::pull_up},
                                                {"pull-down", bias_kind::pull_down}},
                            &T::line, &line_config::bias),
     .help = "The resistor inside the chip. A contact without a resistor of its own needs one, else "
             "an open wire reads as noise; as-is leaves what the firmware set.",
     .fallback = "as-is",
     .only = digital},
    {.key = "edges",
     .field = field_words<T>(std::move(edges), &T::line, &line_config::edges),
     .help = edge_help,
     .fallback = edge_default,
     .only = input},
    {.key = "debounce",
     .field = field<T>(&T::line, &line_config::debounce),
     .help = "A level counts once it has been still for so long; 0s is off. Longer hides the bounce "
             "of worse contacts, and delays every edge and hides pulses shorter than itself.",
     .fallback = "0s",
     .least = 0,
     .most = 10'000,
     .only = input},
    {.key = "max-rate",
     .field = field<T>(&T::line, &line_config::max_rate_hz),
     .help = "The highest rate of edges to expect. When edges were lost it bounds how many: too high "
             "makes that bound useless, too low makes it a lie.",
     .fallback = 1000,
     .unit = "Hz",
     .least = 0.001,
     .most = 1e6,
     .only = input},
    {.key = "buffer",
     .field = field<T>(&T::line, &line_config::buffer_events),
     .help = "Edges that the kernel is asked to hold until they are read, where that can be set. "
             "More survives a longer stall of the machine; it costs 48 bytes of kernel memory each.",
     .fallback = 1024,
     .unit = "edges",
     .least = 16,
     .most = 1024,
     .limit_why = "the kernel gives no more",
     .only = input},
  };
}

inline void append(std::vector<option>& to, std::vector<option> more) {
  for (auto& x : more)
    to.push_back(std::move(x));
}

} // namespace troupe::schema
