#include "actors/channel/ramp_words.hpp"

#include <fmt/format.h>

#include <cmath>

namespace troupe {

namespace {

std::string length_of(mono_ns x) {
  const auto millis = (x + 500'000) / 1'000'000;
  return millis < 1000 ? fmt::format("{} ms", millis) : fmt::format("{:.1f} s", static_cast<double>(millis) / 1000);
}

double seconds_for(const channel_config& config, const output_core::ramp_run& x) {
  return config.max_slope > 0 ? std::abs(x.to.real - x.from.real) / config.max_slope : 0;
}

/// One that is there at its first step is an ordinary change.
bool is_one_step(const channel_config& config, const output_core::ramp_run& x) {
  return seconds_for(config, x) * 1e9 <= static_cast<double>(output_core::ramp_step);
}

} // namespace

std::optional<std::string> ramp_words(const channel_config& config, const output_core::decision& d, mono_ns now) {
  if (const auto& x = d.ramp_begins) {
    auto text = to_string(x->from) + " -> " + to_string(x->to);
    std::string notes = d.held_back;
    const auto add = [&](const std::string& note) { notes += (notes.empty() ? "" : "; ") + note; };
    if (!is_one_step(config, *x))
      add(fmt::format("ramp of {}, {}{} a second", length_of(static_cast<mono_ns>(seconds_for(config, *x) * 1e9)), config.max_slope,
                      config.unit.empty() ? "" : " " + config.unit));
    if (d.ramp_over && d.ramp_over->to != x->to)
      add(fmt::format("{} was not reached", to_string(d.ramp_over->to)));
    return notes.empty() ? text : text + " (" + notes + ")";
  }
  if (!d.ramp_over)
    return {};
  const auto& over = *d.ramp_over;
  if (d.effective != over.to && d.changed)
    return {}; // its slope was taken from it
  if (d.effective != over.to)
    return fmt::format("stays at {} ({} was not reached)", to_string(d.effective), to_string(over.to));
  if (is_one_step(config, over))
    return {};
  return fmt::format("reached {} after a ramp of {}", to_string(over.to), length_of(now - over.began_at));
}

} // namespace troupe
