#include "config/model/house.hpp"
#include "config/schema/bind.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

namespace {

words_of<drill_kind> kinds() {
  words_of<drill_kind> all;
  for (const auto& x : drill_traits())
    all.emplace_back(x.word, x.kind);
  return all;
}

std::vector<condition> only_for(bool (*is)(const drill_trait&)) {
  condition x{"kind", {}};
  for (const auto& t : drill_traits())
    if (is(t))
      x.words.emplace_back(t.word);
  return {x};
}

double in_ms(milliseconds x) { return static_cast<double>(x.count()); }

} // namespace

const section& drill_section() {
  using T = drill_config;
  using bounds = drill_bounds;
  static const section it = [] {
    section x{
      "drill",
      "A drill that begins by itself: something is broken on purpose, and a report tells how the house took it. "
      "While the house is not whole or something is forced it is not made, and that is told. "
      "The living node whose name comes first drives it, but not the one that is broken.",
      "night-watch",
      {
        {.key = "kind", .field = field_words<T>(kinds(), &T::kind), .help = "What is broken; docs/guides/drills.md tells of each.", .required = true, .example = "\"stop-node\""},
        {.key = "target",
         .field = field<T>(&T::target),
         .help = "An actor (`troupe ps`) or a node (`troupe members`).",
         .required = true,
         .most = 128,
         .example = "\"server-1\""},
        {.key = "peer",
         .field = field<T>(&T::peer),
         .help = "The other end of the link.",
         .required = true,
         .most = 64,
         .only = only_for([](const drill_trait& t) { return t.of == drill_target::link; }),
         .example = "\"server-2\""},
        {.key = "at",
         .field = field<T>(&T::at),
         .help = "When, by the clock and the time zone of the machines: \"03:00\" each day, \"Sun 03:00\" each week. All of them want "
                 "the same zone. One that cannot begin within 10 minutes is not made.",
         .fallback = "",
         .most = 9,
         .example = "\"Sun 03:00\""},
        {.key = "every",
         .field = field<T>(&T::every),
         .help = "How often, instead of `at`; counted from 1970 on, so 1d is midnight UTC.",
         .fallback = "0s",
         .least = 0,
         .most = in_ms(bounds::most_every)},
        {.key = "for",
         .field = field<T>(&T::length),
         .help = "How long it stays broken.",
         .fallback = "5s",
         .least = in_ms(bounds::shortest),
         .most = in_ms(bounds::longest),
         .only = only_for([](const drill_trait& t) { return t.lasts; })},
        {.key = "limit",
         .field = field<T>(&T::limit),
         .help = "How long a takeover may take; 0s: as the class of each rule says.",
         .fallback = "0s",
         .least = 0,
         .most = in_ms(bounds::most_limit)},
        {.key = "settle",
         .field = field<T>(&T::settle),
         .help = "Within which the house must be whole again; 0s: 30s, and 1m where something has to start or to try again.",
         .fallback = "0s",
         .least = 0,
         .most = in_ms(bounds::most_settle)},
        {.key = "delay",
         .field = field<T>(&T::delay),
         .help = "How much later all comes, in each direction, or how much longer each write takes; 0s: 200ms for a link, 500ms for a disk.",
         .fallback = "0s",
         .least = 0,
         .most = in_ms(bounds::most_delay),
         .only = only_for([](const drill_trait& t) { return t.delay.count() > 0; })},
        {.key = "loss",
         .field = field<T>(&T::loss),
         .help = "The share of what is said that is lost and has to be said again, which takes 200 ms and holds up what follows.",
         .fallback = 0,
         .unit = "%",
         .least = 0,
         .most = bounds::most_loss,
         .only = only_for([](const drill_trait& t) { return t.loses; })},
        {.key = "by",
         .field = field<T>(&T::by),
         .help = "By how much the clock is wrong, as \"1h\" or \"-10m\": 1m to 1h ahead, 1m to 1d behind; empty is 1h. Ahead, what the node writes is "
                 "stamped so, and wins over what others write at the same time, for as long again.",
         .fallback = "",
         .most = 16,
         .only = only_for([](const drill_trait& t) { return t.shifts; })},
        {.key = "even-so",
         .field = field<T>(&T::even_so),
         .help = "Also when nobody else can do what the target does: outputs may go to their safe state.",
         .fallback = false},
        {.key = "node",
         .field = field<T>(&T::node),
         .help = "In whose configuration it stands; empty: the node where it was added. It says nothing of who drives it.",
         .fallback = "",
         .most = 64},
      }};
    for (auto& y : x.options)
      y.changing = restarts::nothing; // its next time counts
    return x;
  }();
  return it;
}

} // namespace troupe::schema
