#include "tests/sim/store/schedule.hpp"

#include "tests/support/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace troupe::test {

namespace {

using kind = action::kind;

struct fault {
  kind what;
  unsigned weight;
};

/// Each is present in a seed with probability 1/2: mixtures of few faults find
/// what a mixture of all hides (swarm testing; Groce et al., ISSTA 2012).
constexpr fault all_faults[] = {
  {kind::crash, 8}, {kind::crash_in_commit, 6}, {kind::wipe, 2}, {kind::lie, 2},  {kind::copy, 3},
  {kind::restore, 3}, {kind::damage, 1}, {kind::rot, 1}, {kind::fail, 4}, {kind::full, 2}, {kind::slow, 2},
  {kind::pause, 4}, {kind::clock, 3}, {kind::cut, 5}, {kind::split, 5}, {kind::reset, 6},
  {kind::remove, 2}, {kind::compare, 1}, {kind::future, 1}, {kind::flicker, 2},
};

} // namespace

std::string to_string(const action& x) {
  const auto t = fmt::format("{:7.3f} s  n{} ", static_cast<double>(x.at) / 1e9, x.a);
  switch (x.what) {
  case kind::write: return t + fmt::format("writes document {}", x.x);
  case kind::erase: return t + fmt::format("erases document {}", x.x);
  case kind::own: return t + fmt::format("says state {}", x.x);
  case kind::pulses: return t + fmt::format("counts {} pulses", x.x);
  case kind::meter: return t + fmt::format("has its counter set to {}", x.x);
  case kind::event: return t + "appends an event";
  case kind::future: return t + "hears of an entry of a later version";
  case kind::crash: return t + "loses power";
  case kind::crash_in_commit: return t + "loses power in its next commit";
  case kind::start: return t + "starts";
  case kind::wipe: return t + "loses power and its disk";
  case kind::lie: return t + fmt::format("loses power and its last {} commits", x.x);
  case kind::copy: return t + "has its disk copied";
  case kind::restore: return t + "loses power and gets the copy of its disk";
  case kind::damage: return t + "loses power and its disk is damaged";
  case kind::rot: return t + "loses power and a slot on its disk rots";
  case kind::fail: return t + fmt::format("will see a commit fail{}", x.x == 1 ? ", which comes back" : x.x == 2 ? ", and its disk damaged" : "");
  case kind::full: return t + fmt::format("has a full disk for {} ms", x.x);
  case kind::slow: return t + fmt::format("has a disk slower by {} ms", x.x);
  case kind::pause: return t + fmt::format("is stopped for {} ms", x.x);
  case kind::clock: return t + fmt::format("has its clock set by {} s", x.x);
  case kind::cut: return t + fmt::format("is not heard by n{}", x.b);
  case kind::split: return t + fmt::format("sees the network split: {:b}", x.x);
  case kind::heal: return t + "sees the network healed";
  case kind::reset: return t + fmt::format("loses its link to n{}", x.b);
  case kind::remove: return t + fmt::format("removes n{}", x.b);
  case kind::admit: return t + fmt::format("takes n{} back", x.b);
  case kind::compare: return t + "compares digests";
  case kind::flicker: return t + "flickers";
  case kind::blackout: return t + fmt::format("is in a blackout of {:b}", x.x);
  }
  return t + "?";
}

namespace {

/// Power domains, and what makes them matter. Dice of its own: a seed that draws none lives as it
/// did before there were any.
void draw_power(schedule& out, mono_ns end) {
  std::mt19937_64 dice{out.seed * 0xbf58476d1ce4e5b9u + 3};
  const auto pick = [&](std::uint64_t n) { return dice() % n; };
  if (!out.rings || pick(2) != 0)
    return;
  constexpr const char* domains[] = {"", "ups", "barn"};
  const auto supplies = 2 + pick(2);
  for (unsigned i = 0; i < out.nodes; ++i)
    out.supplies.push_back({domains[pick(supplies)], pick(2) == 0});
  const std::int64_t all = (1 << out.nodes) - 1;
  for (auto n = 1 + pick(4); n > 0; --n) {
    action x;
    x.a = static_cast<std::uint8_t>(pick(out.nodes));
    x.b = static_cast<std::uint8_t>((x.a + 1) % out.nodes);
    const auto from = static_cast<mono_ns>(pick(static_cast<std::uint64_t>(end) + 1));
    const auto then = [&](kind what, mono_ns at, std::int64_t of = 0) {
      x.what = what;
      x.at = at;
      x.x = of;
      out.actions.push_back(x);
    };
    const auto dark = from + static_cast<mono_ns>(pick(1500 * ms));
    for (auto pulses = 2 + pick(12); pulses > 0; --pulses) // the younger, the more often
      then(kind::pulses, dark - static_cast<mono_ns>(pick(static_cast<std::uint64_t>(dark - from) / (1 + pick(8)) + 1)),
           static_cast<std::int64_t>(1 + pick(3)));
    if (pick(3) == 0) // it was on its own before
      then(kind::split, dark - static_cast<mono_ns>(pick(static_cast<std::uint64_t>(dark - from) + 1)), 1 << x.a);
    std::int64_t who = 1 << x.a;
    switch (pick(3)) {
    case 0: who = all; break;
    case 1:
      for (unsigned i = 0; i < out.nodes; ++i)
        who |= out.supplies[i].domain == out.supplies[x.a].domain ? 1 << i : 0;
      break;
    default: break;
    }
    then(kind::blackout, dark, who);
    then(kind::heal, dark + static_cast<mono_ns>(pick(100 * ms)));
    for (unsigned i = 0; i < out.nodes; ++i) {
      x.a = static_cast<std::uint8_t>(i);
      x.b = static_cast<std::uint8_t>((i + 1) % out.nodes);
      then(kind::start, dark + static_cast<mono_ns>(pick(600 * ms)));
    }
  }
}

/// Nodes whose counters have a past that not everybody knows. Dice of its own, as above.
void draw_past(schedule& out, mono_ns end) {
  std::mt19937_64 dice{out.seed * 0x94d049bb133111ebu + 11};
  const auto pick = [&](std::uint64_t n) { return dice() % n; };
  const auto within = [&](mono_ns least, mono_ns most) { return least + static_cast<mono_ns>(pick(static_cast<std::uint64_t>(most - least) + 1)); };
  if (pick(5) != 0)
    return;
  action x;
  x.a = static_cast<std::uint8_t>(out.nodes > 1 && pick(2) ? 1 : pick(out.nodes)); // 1 may have no clock
  x.b = static_cast<std::uint8_t>((x.a + 1 + pick(out.nodes - 1)) % out.nodes);
  auto now = pick(2) ? end : within(0, end);
  const auto then = [&](kind what, std::int64_t of = 0) {
    x.what = what;
    x.at = now;
    x.x = of;
    out.actions.push_back(x);
  };
  const auto again = [&](std::int64_t pulses) {
    now += within(150 * ms, 400 * ms);
    then(kind::crash);
    now += ms;
    then(kind::start);
    now += ms;
    then(kind::pulses, pulses);
  };
  // All are there: what is summed is summed by agreement.
  const auto counting = x.a;
  for (x.a = 0; x.a < out.nodes; ++x.a)
    then(kind::start);
  x.a = counting;
  then(kind::heal);
  if (pick(2)) {
    // A peer alone hears of most, then it is on its own: the peer holds more of an old stream
    // at the first collection after that.
    now += within(100 * ms, 500 * ms);
    then(kind::pulses, static_cast<std::int64_t>(20 + pick(30)));
    now += within(50 * ms, 150 * ms);
    then(kind::split, 1 << x.a);
    if (pick(2)) {
      then(kind::damage);
      then(kind::start);
      then(kind::pulses, 1);
    }
    for (auto n = 3 + pick(2); n > 0; --n)
      again(1);
    now += within(150 * ms, 800 * ms);
    then(kind::heal);
    return;
  }
  // An older copy of a disk is put back. Of what was summed in the time that is lost
  // one member knows nothing, and hears first what is counted since.
  now += within(0, 200 * ms);
  then(kind::copy);
  for (auto n = 2 + pick(4); n > 0; --n)
    again(static_cast<std::int64_t>(1 + pick(3)));
  now += within(100 * ms, 500 * ms);
  then(kind::split, 1 << x.a | 1 << x.b);
  then(kind::restore);
  if (pick(2)) {
    std::swap(x.a, x.b);
    then(kind::wipe);
    then(kind::start);
    std::swap(x.a, x.b);
  }
  then(kind::start);
  if (pick(2)) // somebody is impatient
    for (auto n = 40; n > 0; --n) {
      now += within(0, 10 * ms);
      then(kind::meter, 1000 * static_cast<std::int64_t>(1 + pick(1000)));
    }
  then(kind::pulses, static_cast<std::int64_t>(5 + pick(30)));
  if (pick(2)) { // and once more: what was set on the first copy was set in a time that is lost itself
    for (auto n = pick(3); n > 0; --n)
      again(static_cast<std::int64_t>(1 + pick(3)));
    now += within(100 * ms, 700 * ms);
    if (pick(2))
      then(kind::heal);
    if (pick(2))
      then(kind::split, 1 << x.a);
    then(kind::restore);
    then(kind::start);
    then(kind::pulses, static_cast<std::int64_t>(1 + pick(3)));
    for (auto n = pick(3); n > 0; --n)
      again(static_cast<std::int64_t>(1 + pick(3)));
    if (pick(4) == 0) {
      now += within(0, 300 * ms);
      then(kind::wipe);
      then(kind::start);
    }
  }
  now += within(200 * ms, 800 * ms);
  then(kind::heal);
}

} // namespace

schedule schedule::drawn(std::uint64_t seed, unsigned nodes, bool past) {
  std::mt19937_64 dice{seed * 0x9e3779b97f4a7c15u + 1};
  const auto pick = [&](std::uint64_t n) { return dice() % n; };
  schedule out;
  out.seed = seed;
  out.nodes = nodes != 0 ? nodes : 2 + static_cast<unsigned>(pick(4));
  out.keys = 1 + static_cast<unsigned>(pick(4));
  out.archives = static_cast<unsigned>(pick(out.nodes + 1));
  out.piece_bytes = pick(2) ? 16 << 10 : 1 + pick(400);
  out.rings = pick(2) != 0;
  out.new_disks_sum = seed % 4 == 0; // not drawn: what seeds were filed for stays the same
  if (pick(3) == 0) {
    out.loss = static_cast<double>(pick(15)) / 100;
    out.repeats = static_cast<double>(pick(15)) / 100;
    out.reorders = pick(2) != 0;
  }
  if (pick(2))
    out.forget_after = milliseconds{100 + pick(1500)};
  std::vector<fault> faults;
  for (const auto& x : all_faults)
    if (pick(2))
      faults.push_back({x.what, x.weight * (1 + static_cast<unsigned>(pick(3)))});
  unsigned total = 0;
  for (const auto& x : faults)
    total += x.weight;
  const auto steps = 30 + pick(60);
  const auto trouble = faults.empty() ? 0 : 10 + pick(40); // percent
  const auto pace = 1 + pick(60);                          // ms
  mono_ns now = 0;
  for (std::uint64_t i = 0; i < steps; ++i) {
    now += static_cast<mono_ns>(pick(2 * pace * ms));
    action x;
    x.at = now;
    x.a = static_cast<std::uint8_t>(pick(out.nodes));
    x.b = static_cast<std::uint8_t>((x.a + 1 + pick(out.nodes - 1)) % out.nodes);
    if (pick(100) >= trouble) {
      const auto d = pick(100);
      x.what = d < 35 ? kind::write : d < 48 ? kind::erase : d < 60 ? kind::own : d < 88 ? kind::pulses
               : d < 91 ? kind::meter : kind::event;
      x.x = static_cast<std::int64_t>(x.what == kind::pulses ? 1 + pick(5)
                                      : x.what == kind::meter ? 1000 * (1 + pick(1000)) : pick(out.keys));
      out.actions.push_back(x);
      continue;
    }
    auto d = pick(total);
    for (const auto& f : faults) {
      x.what = f.what;
      if (d < f.weight)
        break;
      d -= f.weight;
    }
    const auto later = [&](kind what, mono_ns by) {
      auto y = x;
      y.what = what;
      y.at += by;
      out.actions.push_back(y);
    };
    switch (x.what) {
    case kind::crash: case kind::crash_in_commit: case kind::wipe: case kind::lie: case kind::restore:
    case kind::damage: case kind::rot:
      x.x = static_cast<std::int64_t>(1 + pick(4));
      later(kind::start, static_cast<mono_ns>(pick(20 * pace * ms)));
      break;
    case kind::fail: x.x = static_cast<std::int64_t>(pick(3)); break;
    case kind::full: case kind::pause: x.x = static_cast<std::int64_t>(pick(30 * pace)); break;
    case kind::slow: x.x = static_cast<std::int64_t>(pick(100)); break;
    case kind::clock: x.x = static_cast<std::int64_t>(pick(2'000'000'000)) - 1'000'000'000; break;
    case kind::split: x.x = static_cast<std::int64_t>(1 + pick((1u << out.nodes) - 1)); later(kind::heal, static_cast<mono_ns>(pick(40 * pace * ms))); break;
    case kind::cut: if (pick(2)) later(kind::heal, static_cast<mono_ns>(pick(40 * pace * ms))); break;
    case kind::remove: later(kind::admit, static_cast<mono_ns>(pick(60 * pace * ms))); break;
    case kind::flicker: {
      const auto count = [&](mono_ns by) {
        x.x = static_cast<std::int64_t>(1 + pick(3));
        later(kind::pulses, by);
      };
      count(0);
      mono_ns by = static_cast<mono_ns>(pick(150 * ms));
      x.x = 1 << x.a;
      later(kind::split, by);
      for (auto n = 2 + pick(4); n > 0; --n) {
        later(kind::crash, by);
        later(kind::start, by + ms);
        count(by + 2 * ms);
        by += static_cast<mono_ns>(pick(400 * ms));
      }
      later(kind::heal, by);
      now += by / 2;
      continue;
    }
    default: break;
    }
    out.actions.push_back(x);
  }
  draw_power(out, now);
  if (past)
    draw_past(out, now);
  std::stable_sort(out.actions.begin(), out.actions.end(),
                   [](const action& l, const action& r) { return l.at < r.at; });
  return out;
}

} // namespace troupe::test
