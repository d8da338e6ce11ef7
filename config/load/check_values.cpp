#include "config/load/items.hpp"

#include <fmt/format.h>

// Values of one channel that contradict each other.

namespace troupe::load {

namespace {

using channel = item<channel_config>;

const char* way_out_for(value_kind kind) {
  return kind == value_kind::analog ? "Write a number, or set kind = \"digital\"."
                                    : "Write \"on\" or \"off\", or set kind = \"analog\".";
}

// `x` is the value under `key`: of the channel's kind and within its limits.
void check_level(const channel& of, const std::string& key, const value& x,
                 std::vector<problem>& found) {
  if (x.kind != of.is.kind) {
    found.push_back(at_key(*of.doc, key,
                           fmt::format("{} is {}, but the channel is {}", key, to_string(x),
                                       to_string(of.is.kind)),
                           way_out_for(of.is.kind)));
    return;
  }
  if (x.kind != value_kind::analog || of.bad.contains("min") || of.bad.contains("max"))
    return;
  if (of.is.minimum && x.real < *of.is.minimum)
    found.push_back(at_key(*of.doc, key,
                           fmt::format("{} is {}, but min is {}", key, x.real, *of.is.minimum),
                           fmt::format("Use {} or more, or lower min.", *of.is.minimum)));
  if (of.is.maximum && x.real > *of.is.maximum)
    found.push_back(at_key(*of.doc, key,
                           fmt::format("{} is {}, but max is {}", key, x.real, *of.is.maximum),
                           fmt::format("Use {} or less, or raise max.", *of.is.maximum)));
}

void check_limits(const channel& x, std::vector<problem>& found) {
  if (x.bad.contains("min") || x.bad.contains("max") || !x.is.minimum || !x.is.maximum)
    return;
  if (*x.is.minimum >= *x.is.maximum) {
    found.push_back(at_key(*x.doc, "min",
                           fmt::format("min is {}, but max is {}: no value could be true",
                                       *x.is.minimum, *x.is.maximum),
                           "Exchange them, or correct one."));
    return;
  }
  if (!x.bad.contains("dead-band") && x.is.dead_band > *x.is.maximum - *x.is.minimum)
    found.push_back(at_key(*x.doc, "dead-band",
                           fmt::format("dead-band is {}, but from min to max it is only {}: no "
                                       "change would ever be told",
                                       x.is.dead_band, *x.is.maximum - *x.is.minimum),
                           "Use a smaller one."));
}

} // namespace

void check_values(const items& all, std::vector<problem>& found) {
  for (const auto& x : all.channels) {
    if (x.elsewhere || x.doc->incomplete || x.bad.contains("kind") || x.bad.contains("direction"))
      continue;
    if (!x.bad.contains("scale") && x.is.scale == 0)
      found.push_back(at_key(*x.doc, "scale", "scale is 0, which makes every value the same",
                             "Use the factor from the driver's raw unit to the channel's."));
    check_limits(x, found);
    if (x.is.substitute && !x.bad.contains("substitute"))
      check_level(x, "substitute", *x.is.substitute, found);
    if (x.is.dir != direction::output || x.bad.contains("safe"))
      continue;
    if (x.wrote("safe"))
      check_level(x, "safe", x.is.safe, found);
    else if (x.is.kind == value_kind::analog
             && ((x.is.minimum && *x.is.minimum > 0) || (x.is.maximum && *x.is.maximum < 0)))
      found.push_back(at_key(*x.doc, "safe",
                             "safe is not written and would be 0, which is outside min and max",
                             "Add safe = ... with the value that harms nobody."));
  }
}

} // namespace troupe::load
