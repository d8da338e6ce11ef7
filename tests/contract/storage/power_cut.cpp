#include "tests/contract/storage/power_cut.hpp"

#include "storage/rocks/rocks_engine.hpp"
#include "tests/support/power_cut_fs.hpp"
#include "tests/support/temp_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>

namespace troupe::test {

using namespace storage;

namespace {

constexpr long keys = 32;

/// What is there: number of batches, and the newest number per key and family.
struct found {
  long batches = 0;
  std::map<std::string, long> slots;
  std::map<std::string, long> events;
};

result<found> look(engine& x) {
  found out;
  auto ok = x.scan(family::meta, "n", [&](auto, auto v) { out.batches = std::stol(std::string{v}); });
  if (ok)
    ok = x.scan(family::slot, {},
                [&](auto k, auto v) { out.slots[std::string{k}] = std::stol(std::string{v}); });
  if (ok)
    ok = x.scan(family::jrn, {},
                [&](auto k, auto v) { out.events[std::string{k}] = std::stol(std::string{v}); });
  if (!ok)
    return ok.why();
  return out;
}

std::string key_of(long i) {
  return fmt::format("k{:02}", i % keys);
}

} // namespace

power_cut_outcome run_power_cuts(const power_cut_plan& plan) {
  power_cut_outcome out;
  std::mt19937_64 chance{plan.seed};
  const temp_folder folder{plan.below};
  const auto begun = std::chrono::steady_clock::now();
  auto disk = std::make_shared<power_cut_fs>();
  rocks_options options;
  options.preallocate = plan.preallocate;
  options.base = disk;
  options.write_buffer_bytes = 256 << 10;
  long next = 0;
  long safe = 0;
  for (long cycle = 0; cycle < plan.cycles; ++cycle) {
    auto made = open_rocks(folder / "db", options);
    if (!made) {
      ++out.failed_opens;
      break;
    }
    auto db = std::move(*made);
    auto ok = db->open(access::read_write);
    auto seen = ok ? look(*db) : result<found>{ok.why()};
    if (!seen) {
      ++out.failed_opens;
      out.text += fmt::format("cycle {}: {}\n", cycle, to_string(seen.why()));
      db.reset();
      std::filesystem::remove_all(folder / "db");
      next = safe = 0;
      continue;
    }
    out.lost += seen->batches < safe ? 1 : 0;
    for (long k = 0; k < keys; ++k) {
      // The newest batch below L that wrote this key.
      const auto last = seen->batches - 1;
      const auto expected = last < k ? -1 : last - (last - k) % keys;
      const auto value = [&](const std::map<std::string, long>& in) {
        const auto i = in.find(key_of(k));
        return i == in.end() ? -1 : i->second;
      };
      if (value(seen->slots) == expected && value(seen->events) == expected)
        continue;
      ++out.split;
      out.text += fmt::format("cycle {}: of {} batches ({} safe) {} should hold {}, and holds {} and {}\n", cycle,
                              seen->batches, safe, key_of(k), expected, value(seen->slots),
                              value(seen->events));
    }
    next = safe = seen->batches;
    disk->die_in(1 + static_cast<long>(chance() % 300));
    for (;;) {
      batch b;
      const auto value = fmt::format("{} {}", next, std::string(chance() % 6000, 'x'));
      b.put(family::slot, key_of(next), value);
      b.put(family::jrn, key_of(next), value);
      b.put(family::meta, "n", std::to_string(next + 1));
      const bool sync = chance() % 3 != 0;
      if (!db->commit(b, sync))
        break;
      ++next;
      ++out.batches;
      if (sync) {
        safe = next;
        ++out.synced;
      }
    }
    (void)db->close();
    db.reset();
    disk->cut(chance);
  }
  out.text += fmt::format(
    "{} cycles, seed {}, {} logs: {} failed opens, {} cycles with a lost synced batch, {} "
    "split, {} batches, {} synced, {:.1f} s; repeat: power_cut_campaign {} {}{}",
    plan.cycles, plan.seed, plan.preallocate ? "preallocated" : "appended", out.failed_opens,
    out.lost, out.split, out.batches, out.synced,
    std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
    plan.cycles, plan.seed, plan.preallocate ? "" : " appended");
  return out;
}

} // namespace troupe::test
