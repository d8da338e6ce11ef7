#include "config/load/items.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

#include <cmath>

// Times and rates that contradict each other.

namespace troupe::load {

namespace {

bool is_polled(const channel_config& x) {
  return x.dir == direction::input
         && (x.kind == value_kind::analog || x.line.edges == edge_kind::none);
}

milliseconds floor_ms(double seconds) {
  return milliseconds{static_cast<std::int64_t>(std::floor(seconds * 1000))};
}

void advise(std::vector<problem>& found, problem x) {
  x.fatal = false;
  found.push_back(std::move(x));
}

void check_polls(const items& all, const item<channel_config>& x, std::vector<problem>& found) {
  if (x.doc->incomplete)
    return;
  if (is_polled(x.is) && !x.bad.contains("stale-after") && !x.bad.contains("poll-every")
      && x.is.stale_after.count() > 0 && x.is.stale_after <= 2 * x.is.poll_every)
    found.push_back(at_key(
      *x.doc, "stale-after",
      fmt::format("stale-after is {}, but with poll-every {} a single late poll would make a healthy "
                  "value stale",
                  to_text(x.is.stale_after), to_text(x.is.poll_every)),
      fmt::format("Use more than {}, or poll more often.", to_text(2 * x.is.poll_every))));
  // Polling a contact sees only what lasts two polls.
  if (x.is.dir == direction::input && x.is.kind == value_kind::digital
      && x.is.line.edges == edge_kind::none && x.wrote("max-rate") && !x.bad.contains("max-rate")
      && !x.bad.contains("poll-every")) {
    const double seconds = 0.5 / x.is.line.max_rate_hz;
    if (std::chrono::duration<double>(x.is.poll_every).count() > seconds)
      found.push_back(at_key(
        *x.doc, x.wrote("poll-every") ? "poll-every" : "max-rate",
        fmt::format("poll-every is {}, but at max-rate {} Hz a level lasts only {:.4g} ms and would "
                    "be overlooked",
                    to_text(x.is.poll_every), x.is.line.max_rate_hz, seconds * 1000),
        "Poll more often, state a lower max-rate, or use edges = \"both\"."));
  }
  const auto back = all.channel_of.find(x.is.read_back);
  if (x.is.read_back.empty() || back == all.channel_of.end())
    return;
  const auto& input = back->second->is;
  if (is_polled(input) && input.kind == x.is.kind && x.is.read_back_within <= input.poll_every
      && !x.bad.contains("read-back-within") && !back->second->bad.contains("poll-every"))
    found.push_back(at_key(
      *x.doc, x.wrote("read-back-within") ? "read-back-within" : "read-back",
      fmt::format("read-back-within is {}, but '{}' is polled every {} only: every change of the "
                  "output would raise an alarm",
                  to_text(x.is.read_back_within), input.name, to_text(input.poll_every)),
      fmt::format("Use more than {}, or poll it more often.", to_text(input.poll_every))));
}

template <class T>
void check_line(const items& all, const item<T>& x, std::vector<problem>& found) {
  const auto& line = x.is.line;
  const auto bus = all.bus_of.find(x.is.bus);
  if (bus != all.bus_of.end() && bus->second->is.driver == "replay" && !x.bad.contains("debounce")
      && line.debounce.count() > 0)
    advise(found, at_key(*x.doc, "debounce",
                         fmt::format("debounce is {}, but bus '{}' replays a recording: its edges are "
                                     "told as they were recorded",
                                     to_text(line.debounce), x.is.bus),
                         "Record behind the debouncing, or leave it out."));
  if (x.bad.contains("max-rate"))
    return;
  // Without a stated rate the default is only a bound for gaps, no claim.
  if (x.wrote("max-rate") && !x.bad.contains("debounce") && line.debounce.count() > 0
      && std::chrono::duration<double>(line.debounce).count() >= 0.5 / line.max_rate_hz) {
    const auto longest = floor_ms(0.5 / line.max_rate_hz - 1e-9);
    found.push_back(at_key(
      *x.doc, "debounce",
      fmt::format("debounce is {}, but at max-rate {} Hz a level lasts only {:.4g} ms and would be "
                  "taken for bounce",
                  to_text(line.debounce), line.max_rate_hz, 500 / line.max_rate_hz),
      longest.count() > 0
        ? fmt::format("Use {} or less, or state a lower max-rate.", to_text(longest))
        : "Use none at such a rate, or state a lower max-rate."));
  }
  // The kernel's buffer is a register that wraps: it is read in time, or edges
  // are lost. 50 ms is what a busy board without real-time rights may stall.
  constexpr double stall_s = 0.05;
  if (!x.bad.contains("buffer") && (x.wrote("buffer") || x.wrote("max-rate"))
      && line.buffer_events / line.max_rate_hz < stall_s)
    advise(found, at_key(*x.doc, x.wrote("buffer") ? "buffer" : "max-rate",
                         fmt::format("a buffer of {} edges is full after {:.3g} ms at max-rate {} Hz; "
                                     "a stall of 50 ms loses edges (shown as a gap with its bound)",
                                     line.buffer_events,
                                     1000 * line.buffer_events / line.max_rate_hz, line.max_rate_hz),
                         line.buffer_events < 1024
                           ? "Use a larger buffer, or state a lower max-rate."
                           : "State a lower max-rate if it is lower, or set the bus's "
                             "reader-priority."));
}

void check_rule(const item<rule_config>& x, std::vector<problem>& found) {
  if (x.bad.contains("lease") || x.bad.contains("every") || x.doc->incomplete)
    return;
  if (x.is.every.count() > 0 && x.is.lease < x.is.every && !x.is.outputs.empty())
    advise(found,
           at_key(*x.doc, x.wrote("lease") ? "lease" : "every",
                  fmt::format("lease is {}, but the rule runs every {}: an output that it commands "
                              "only then and does not keep would be safe in between",
                              to_text(x.is.lease), to_text(x.is.every)),
                  fmt::format("If it reads nothing that changes, use a lease of {} or more.",
                              to_text(x.is.every))));
}

// A rule commands an output of another node: its link may pause for as long as
// nobody even suspects it, and the output must not switch for that.
void check_far_lease(const items& all, const item<rule_config>& x, std::vector<problem>& found) {
  if (x.bad.contains("lease") || x.bad.contains("outputs") || x.doc->incomplete
      || x.is.lease >= all.from.suspect_after)
    return;
  const auto here = all.node_of(x);
  for (const auto& name : x.is.outputs) {
    const auto at = all.channel_of.find(name);
    const auto there = at == all.channel_of.end() ? std::nullopt : all.node_of(*at->second);
    if (!here || !there || *here == *there)
      continue;
    advise(found, at_key(*x.doc, x.wrote("lease") ? "lease" : "outputs",
                         fmt::format("lease is {}, but it runs at '{}' and drives '{}' of '{}': a "
                                     "link may be silent for {} before anybody suspects it, and the "
                                     "output would be safe meanwhile",
                                     to_text(x.is.lease), *here, name, *there,
                                     to_text(all.from.suspect_after)),
                         fmt::format("Use {} or more, or run the rule at '{}'.",
                                     to_text(all.from.suspect_after), *there)));
    return; // one note is enough for a rule
  }
}

} // namespace

void check_times(const items& all, std::vector<problem>& found) {
  for (const auto& x : all.channels) {
    if (x.elsewhere)
      continue;
    check_polls(all, x, found);
    if (!x.doc->incomplete)
      check_line(all, x, found);
  }
  for (const auto& x : all.counters)
    if (!x.doc->incomplete && !x.elsewhere)
      check_line(all, x, found);
  for (const auto& x : all.rules)
    if (!x.elsewhere) {
      check_rule(x, found);
      check_far_lease(all, x, found);
    }
}

} // namespace troupe::load
