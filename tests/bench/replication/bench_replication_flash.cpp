// What a day of a house writes to flash, with the policy that nodes start with:
// 10 pulses a second, counters' stamps, some events. A day of virtual time, real
// RocksDB on a real ext4; bytes as the store estimates them, and as the device
// below that file system has written them. As root.
//
//   bench_replication_flash [--hours N] [--counters N ...]

#include "cluster/replication/replicator.hpp"
#include "storage/replicated_store.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/bench/replication/own_disk.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/store_bench.hpp"
#include "tests/support/temp_folder.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <unistd.h>

using namespace troupe;
using namespace troupe::bench;
using storage::slot_kind;

namespace {

struct day {
  double hours = 24;
  int counters = 1;
};

struct cost {
  double store = 0, device = 0; ///< bytes a day
  double commits = 0;
};

struct party {
  std::string name;
  std::unique_ptr<storage::replicated_store> store;
  std::unique_ptr<cluster::replicator> talker;
  bool news = false;
  mono_ns due = 0;
};

/// The first party has the meters; all are linked, without loss.
class small_house {
public:
  /// @param folders of the parties
  /// @param battery of the members with it, which are servers; empty: nobody says anything of power
  small_house(const std::vector<std::string>& names, const std::vector<std::string>& folders, const std::string& battery) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto &name = names[i], &folder = folders[i];
      auto& x = all_[name];
      x.name = name;
      storage::store_options o; // as nodes have it
      o.node = name;
      o.clustered = names.size() > 1;
      o.ring_path = folder + "/pulse.ring";
      if (name == battery)
        o.flash_bytes_per_day = 4ull << 30; // as docs/configuration.md wants it of a server
      auto disk = storage::open_rocks(folder + "/store");
      if (!disk)
        throw std::runtime_error(disk.why().context);
      auto opened = storage::replicated_store::open(std::move(*disk), o, clock_);
      if (!opened)
        throw std::runtime_error(opened.why().context);
      x.store = std::move(*opened);
      x.store->set_wake([&x] { x.due = 0; });
      if (names.size() == 1)
        continue;
      x.store->set_news([&x] { x.news = true; });
      cluster::replicator::options how;
      how.self = name;
      how.pulse_every = milliseconds{1000};
      x.talker = std::make_unique<cluster::replicator>(*x.store, how);
      (void)x.store->put(slot_kind::map, std::string{storage::member_prefix} + name,
                         name == battery ? R"({"server":true,"power_domain":"ups"})" : "{}");
    }
    for (auto& [a, x] : all_)
      for (auto& [b, y] : all_)
        if (a != b)
          use(x, [&](auto& r, auto& out) { r.linked(b, clock_.mono(), out); });
    carry();
  }
  ~small_house() {
    for (auto& [name, x] : all_)
      x.store->set_news({});
  }

  party& operator[](const std::string& name) { return all_.at(name); }
  test::hand_clock& clock() { return clock_; }

  /// 100 ms, which is how often exchange and pulses have their turn.
  void step() {
    clock_.pass(milliseconds{100});
    for (auto& [name, x] : all_) {
      if (x.due <= clock_.mono())
        x.due = x.store->work();
      if (x.talker)
        use(x, [&](auto& r, auto& out) { r.tick(clock_.mono(), out); });
    }
    carry();
  }

private:
  struct flight {
    std::string from, to, bytes;
  };
  template <class What>
  void use(party& x, What what) {
    cluster::replicator::frames out;
    what(*x.talker, out);
    while (std::exchange(x.news, false))
      x.talker->news(clock_.mono(), out);
    for (auto& f : out)
      wire_.push_back({x.name, f.to, std::move(f.bytes)});
  }
  void carry() {
    for (; !wire_.empty(); wire_.pop_front())
      use(all_.at(wire_.front().to), [&](auto& r, auto& out) { r.receive(wire_.front().from, wire_.front().bytes, clock_.mono(), out); });
  }

  test::hand_clock clock_;
  std::map<std::string, party> all_;
  std::deque<flight> wire_;
};

/// @returns what each party wrote
std::map<std::string, cost> live(const day& how, const std::vector<std::string>& names, const std::string& battery = {}) {
  const test::temp_folder top;
  std::vector<std::string> folders;
  std::vector<std::unique_ptr<own_disk>> disks;
  for (const auto& name : names) {
    folders.push_back(top / name);
    std::filesystem::create_directory(folders.back());
    disks.push_back(std::make_unique<own_disk>(folders.back()));
  }
  small_house house{names, folders, battery};
  auto& meters = *house[names.front()].store;
  for (int i = 0; i < 100; ++i) // starting is not part of a day
    house.step();
  std::vector<std::uint64_t> device;
  std::vector<storage::store_stats> before;
  for (std::size_t i = 0; i < names.size(); ++i) {
    device.push_back(disks[i]->written());
    before.push_back(house[names[i]].store->stats());
  }
  const auto steps = static_cast<std::uint64_t>(how.hours * 36'000);
  std::vector<std::uint64_t> pulses(static_cast<std::size_t>(how.counters));
  for (std::uint64_t i = 1; i <= steps; ++i) {
    const auto counter = i % pulses.size(); // 10 a second together
    meters.counted(fmt::format("meter/{}", counter), ++pulses[counter]);
    if (i % 600 == 0) // what a counter notes once a minute
      for (std::size_t c = 0; c < pulses.size(); ++c)
        (void)meters.put(slot_kind::own, fmt::format("counter/meter/{}", c),
                         fmt::format(R"({{"at":{},"bound":0,"boot":"0badcafe","gaps":0,"raw":{},"up":{}}})", house.clock().wall(), pulses[c], i / 10));
    if (i % 3000 == 0) { // and a line of the journal every five minutes
      storage::journal_event e;
      e.kind = "channel";
      e.subject = "hall/lamp";
      e.text = "on by rule/hall-light";
      meters.append(std::move(e));
    }
    house.step();
  }
  std::map<std::string, cost> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto after = house[names[i]].store->stats();
    const double days = how.hours / 24;
    out[names[i]] = {static_cast<double>(after.bytes_written - before[i].bytes_written) / days,
                     static_cast<double>(disks[i]->written() - device[i]) / days,
                     static_cast<double>(after.commits - before[i].commits) / days};
  }
  const auto counter = house[names.back()].store->counter("meter/0");
  if (counter.total != pulses[0])
    throw std::runtime_error(fmt::format("{} shows {} pulses, not {}", names.back(), counter.total, pulses[0]));
  const auto& a = house[names.front()].store->stats();
  if (!battery.empty() && a.covered_by != battery)
    throw std::runtime_error(fmt::format("{} is not covered by {}: {}", names.front(), battery, a.uncovered_why));
  for (const auto& name : names)
    (void)house[name].store->close();
  return out;
}

int run(int argc, char** argv) {
  CLI::App app{"Bytes to flash of a day with 10 pulses a second."};
  day how;
  std::vector<int> counters{1, 10};
  app.add_option("--hours", how.hours, "of virtual time")->capture_default_str();
  app.add_option("--counters", counters, "that have the pulses together; several: one after the other")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  for (const auto n : counters) {
    how.counters = n;
    const auto tell = [n](const std::string& who, const cost& x) {
      constexpr double mb = 1e6;
      const auto name = fmt::format("{} counter{}, {}", n, n == 1 ? "" : "s", who);
      note(name + ": commits of RocksDB", x.commits, "a day");
      note(name + ": as the store estimates", x.store / mb, "MB/day");
      row(name + ": as its device writes", x.device / mb, "MB/day", 50, better::lower);
    };
    tell("alone", live(how, {"a"}).at("a"));
    const auto two = live(how, {"a", "b"});
    tell("with a member", two.at("a"));
    tell("the member", two.at("b"));
    const auto covered = live(how, {"a", "b"}, "b");
    tell("covered by a server", covered.at("a"));
    const auto& server = covered.at("b"); // an SSD: no goal of flash
    const auto name = fmt::format("{} counter{}, the server that covers", n, n == 1 ? "" : "s");
    note(name + ": commits of RocksDB", server.commits, "a day");
    note(name + ": as its device writes", server.device / 1e6, "MB/day");
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "%s\n", why.what());
    return 1;
  }
}
