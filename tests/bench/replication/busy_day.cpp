#include "tests/bench/replication/busy_day.hpp"

#include "storage/replicated_store.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/support/store_bench.hpp"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace troupe::bench {

namespace {

using storage::slot_kind;

constexpr int step_s = 10;

std::unique_ptr<storage::replicated_store> open(const std::string& data_dir, const std::string& node, const clock_source& clock) {
  storage::store_options o; // as nodes have it
  o.node = node;
  o.clustered = true;
  o.ring_path = data_dir + "/pulse.ring";
  auto disk = storage::open_rocks(data_dir + "/store");
  if (!disk)
    throw std::runtime_error(disk.why().context);
  auto opened = storage::replicated_store::open(std::move(*disk), o, clock);
  if (!opened)
    throw std::runtime_error(opened.why().context);
  return std::move(*opened);
}

void need(const status& ok) {
  if (!ok)
    throw std::runtime_error(ok.why().context);
}

} // namespace

day_left live_through(const busy_day& day, const std::string& data_dir, const std::string& node) {
  day_left out;
  test::hand_clock clock;
  clock.set_wall(system_clocks().wall() - day.hours * 3'600'000LL); // ends now
  auto store = open(data_dir, node, clock);
  std::vector<std::uint64_t> pulses(static_cast<std::size_t>(day.meters));
  const int steps = day.hours * 3600 / step_s;
  const auto put = [&](slot_kind kind, const std::string& key, std::string text) {
    need(store->put(kind, key, std::move(text)));
    ++out.writes;
  };
  for (int i = 0; i < day.documents; ++i)
    put(slot_kind::map, fmt::format("day/channel/{:04}", i), fmt::format(R"({{"bus":"none","line":"in.{}","label":"as it was"}})", i));
  for (int i = 0; i < steps; ++i) {
    clock.pass(std::chrono::seconds{step_s});
    if (i == steps / 2) {
      need(store->close());
      store = open(data_dir, node, clock);
      pulses.assign(pulses.size(), 0); // of this start
    }
    for (std::size_t m = 0; m < pulses.size(); ++m) {
      pulses[m] += 10 * step_s / pulses.size();
      store->counted(fmt::format("day/meter/{}", m), pulses[m]);
      if (i % (60 / step_s) == 0)
        put(slot_kind::own, fmt::format("counter/day/meter/{}", m), fmt::format(R"({{"raw":{},"bound":0,"gaps":0,"at":{}}})", pulses[m], clock.wall()));
    }
    const auto due = [&](int a_day, int what) { return (i + 37 * what) % std::max(1, steps / a_day) == 0; };
    for (int c = 0; c < day.channels; ++c) {
      if (due(500, c))
        put(slot_kind::own, fmt::format("channel/day/{:04}", c), fmt::format(R"({{"value":{},"since":{},"by":"rule/day"}})", i % 2, clock.wall()));
      if (due(100, c)) {
        storage::journal_event e;
        e.kind = "channel";
        e.subject = fmt::format("day/{:04}", c);
        e.text = fmt::format("{} by rule/day", i % 2 == 0 ? "off" : "on");
        store->append(std::move(e));
        ++out.events;
      }
    }
    if (i % (steps / 50) == 0)
      put(slot_kind::map, fmt::format("day/channel/{:04}", i % day.documents), fmt::format(R"({{"bus":"none","line":"in.1","label":"{}"}})", i));
    (void)store->work();
  }
  out.entries = store->stats().entries;
  need(store->close());
  return out;
}

} // namespace troupe::bench
