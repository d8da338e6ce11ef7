#include "config/model/drill.hpp"

#include "config/model/quantity.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace troupe {

namespace {

constexpr auto actor = drill_target::actor;
constexpr auto node = drill_target::node;
constexpr auto link = drill_target::link;

// A killed node is started again by its service manager; a store that was full
// tries again after pauses that double.
constexpr milliseconds minute{60'000};

constexpr std::array<drill_trait, drill_kinds> traits{{
  {.kind = drill_kind::kill_actor, .word = "kill-actor", .of = actor, .does = "ends an actor as a crash does"},
  {.kind = drill_kind::hang_actor, .word = "hang-actor", .of = actor, .does = "makes an actor hang for 10 s"},
  {.kind = drill_kind::kill_node, .word = "kill-node", .of = node, .does = "ends a node at once, as a crash does", .settle = minute},
  {.kind = drill_kind::stop_node, .word = "stop-node", .of = node, .does = "stops a node, as a machine that hangs", .lasts = true},
  {.kind = drill_kind::power_cycle, .word = "power-cycle", .of = node, .does = "takes the power from a simulated board", .settle = minute},
  {.kind = drill_kind::cut_link, .word = "cut-link", .of = link, .does = "cuts a link, as a pulled cable", .lasts = true},
  {.kind = drill_kind::degrade_link, .word = "degrade-link", .of = link, .does = "makes a link slow and lossy", .lasts = true,
   .delay = milliseconds{200}, .loses = true},
  {.kind = drill_kind::slow_disk, .word = "slow-disk", .of = node, .does = "lets each write to a node's disk take longer", .lasts = true,
   .delay = milliseconds{500}},
  {.kind = drill_kind::fill_disk, .word = "fill-disk", .of = node, .does = "tells a node's store that its disk is full", .lasts = true,
   .settle = minute},
  {.kind = drill_kind::skew_clock, .word = "skew-clock", .of = node, .does = "sets a node's wall clock wrong", .lasts = true, .shifts = true},
}};

constexpr const char* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::optional<int> two_digits(std::string_view x, int most) {
  int n = 0;
  const auto [end, failed] = std::from_chars(x.data(), x.data() + x.size(), n);
  return x.size() == 2 && x.front() != '-' && failed == std::errc{} && end == x.data() + x.size() && n <= most ? std::optional{n}
                                                                                                              : std::nullopt;
}

} // namespace

const std::array<drill_trait, drill_kinds>& drill_traits() noexcept { return traits; }

const drill_trait& trait_of(drill_kind x) noexcept { return traits[std::min(static_cast<std::size_t>(x), traits.size() - 1)]; }

const drill_trait* find_drill(std::string_view word) noexcept {
  const auto* at = std::find_if(traits.begin(), traits.end(), [&](const auto& x) { return x.word == word; });
  return at == traits.end() ? nullptr : at;
}

std::string drill_words(bool (*is)(const drill_trait&)) {
  std::string out;
  for (const auto& x : traits)
    if (is(x))
      out += (out.empty() ? "" : ", ") + std::string{x.word};
  return out;
}

std::vector<std::string> drill_words() {
  std::vector<std::string> out;
  for (const auto& x : traits)
    out.emplace_back(x.word);
  return out;
}

std::optional<milliseconds> parse_shift(std::string_view text) {
  const bool behind = text.starts_with('-');
  if (behind || text.starts_with('+'))
    text.remove_prefix(1);
  auto x = parse_duration(text);
  if (x && behind)
    x = -*x;
  return x;
}

std::optional<drill_time> parse_drill_time(std::string_view text) {
  drill_time x;
  if (const auto blank = text.find(' '); blank != text.npos) {
    const auto* day = std::find(std::begin(weekdays), std::end(weekdays), text.substr(0, blank));
    if (day == std::end(weekdays))
      return std::nullopt;
    x.weekday = static_cast<int>(day - std::begin(weekdays));
    text.remove_prefix(blank + 1);
  }
  if (text.size() != 5 || text[2] != ':')
    return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2), 23), minutes = two_digits(text.substr(3), 59);
  if (!hour || !minutes)
    return std::nullopt;
  x.hour = *hour;
  x.minute = *minutes;
  return x;
}

std::optional<wall_ms> latest_due(const drill_config& x, wall_ms now) {
  if (x.every.count() > 0)
    return now - now % x.every.count();
  const auto at = parse_drill_time(x.at);
  if (!at)
    return std::nullopt;
  const auto seconds = static_cast<std::time_t>(now / 1000);
  std::tm today{};
  localtime_r(&seconds, &today);
  // A week back, and a day more for an hour that a change of the clocks left out.
  for (int back = 0; back <= 8; ++back) {
    std::tm day = today;
    day.tm_mday -= back;
    day.tm_hour = at->hour;
    day.tm_min = at->minute;
    day.tm_sec = 0;
    day.tm_isdst = -1;
    const auto due = std::mktime(&day);
    if (due != -1 && due <= seconds && (!at->weekday || day.tm_wday == *at->weekday))
      return static_cast<wall_ms>(due) * 1000;
  }
  return std::nullopt;
}

} // namespace troupe
