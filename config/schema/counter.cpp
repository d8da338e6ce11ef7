#include "config/schema/line_options.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

const section& counter_section() {
  using T = counter_config;
  static const section it = [] {
    section x{"counter",
              "A line whose pulses are counted into a total that survives restarts, crashes and the "
              "replacement of the meter.",
              "meter/power", address_options<T>()};
    append(x.options,
           {{.key = "pulses-per-unit",
             .field = field<T>(&T::pulses_per_unit),
             .help = "How many pulses make one unit of the total: 1000 for a meter of 1000 pulses a "
                     "kWh. The raw pulses are kept, so a wrong figure can be corrected later.",
             .fallback = 1,
             .unit = "pulses",
             .least = 1e-9,
             .most = 1e12,
             .example = "1000"},
            {.key = "unit",
             .field = field<T>(&T::unit),
             .help = "The unit of the total.",
             .fallback = "",
             .most = 24,
             .example = "\"kWh\""},
            {.key = "label",
             .field = field<T>(&T::label),
             .help = "A text for people, shown beside the name.",
             .fallback = "",
             .most = 200,
             .changing = restarts::nothing},
            {.key = "rate-factor",
             .field = field<T>(&T::rate_factor),
             .help = "rate = units per second * rate-factor: 3 600 000 makes watts from kWh, 60 "
                     "litres a minute from litres.",
             .fallback = 1,
             .least = 1e-12,
             .most = 1e12,
             .example = "3600000"},
            {.key = "rate-unit",
             .field = field<T>(&T::rate_unit),
             .help = "The unit of the rate.",
             .fallback = "",
             .most = 24,
             .example = "\"W\""},
            {.key = "rate-window",
             .field = field<T>(&T::rate_window),
             .help = "The rate is the mean over so long. Longer is calmer with few pulses; shorter "
                     "follows a change sooner.",
             .fallback = "1m",
             .least = 1000,
             .most = 86'400'000},
            {.key = "stale-after",
             .field = field<T>(&T::stale_after),
             .help = "A total without a pulse for so long turns bad, stale; 0s is never. Only for "
                     "meters that never stand still: silence of a water meter is no fault.",
             .fallback = "0s",
             .least = 0,
             .most = 31.0 * 86'400'000}});
    append(x.options, level_options<T>({}, {},
                                       {{"rising", edge_kind::rising},
                                        {"falling", edge_kind::falling},
                                        {"both", edge_kind::both}},
                                       "rising",
                                       "Which edges count as a pulse. both counts each pulse twice: "
                                       "double pulses-per-unit with it."));
    return x;
  }();
  return it;
}

} // namespace troupe::schema
