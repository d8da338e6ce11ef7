#undef CAF_SUITE
#define CAF_SUITE damage
#include <caf/test/dsl.hpp>

#include "storage/rocks/rocks_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <fstream>

using namespace troupe;
using namespace troupe::storage;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int writes = 200;

void spill(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

std::vector<fs::path> files(const fs::path& folder, const std::string& what) {
  std::vector<fs::path> out;
  for (const auto& x : fs::directory_iterator{folder})
    if (x.path().extension() == what || x.path().filename().string().starts_with(what))
      out.push_back(x.path());
  std::sort(out.begin(), out.end());
  return out;
}

/// Where the records of a log end; behind it are the zeros of its making.
std::size_t end_of_records(const std::string& log) {
  return log.find_last_not_of('\0') + 1;
}

enum class fate {
  kept,   ///< all is there
  tail,   ///< a prefix is there: what a power cut may do to what was not synced
  aside,  ///< the database is moved aside, counters are kept
};

struct damage {
  const char* what;
  std::function<void(const fs::path&)> apply;
  fate expected;
};

void change_log(const fs::path& db, const std::function<void(std::string&)>& how) {
  const auto path = files(db, ".log").back();
  auto bytes = test::slurp(path);
  how(bytes);
  spill(path, bytes);
}

const std::vector<damage>& matrix() {
  static const std::vector<damage> all = {
    {"nothing", [](auto&) {}, fate::kept},
    {"log: its zeros cut",
     [](auto& db) { change_log(db, [](auto& x) { x.resize(end_of_records(x)); }); },
     fate::kept},
    {"log: last 10 bytes cut",
     [](auto& db) { change_log(db, [](auto& x) { x.resize(end_of_records(x) - 10); }); },
     fate::tail},
    {"log: cut to 60 %",
     [](auto& db) { change_log(db, [](auto& x) { x.resize(end_of_records(x) * 6 / 10); }); },
     fate::tail},
    {"log: byte flipped in the last record",
     [](auto& db) { change_log(db, [](auto& x) { x[end_of_records(x) - 20] ^= 0x40; }); },
     fate::tail},
    {"log: byte flipped in the middle",
     [](auto& db) { change_log(db, [](auto& x) { x[end_of_records(x) / 2] ^= 0x40; }); },
     fate::tail},
    {"log: garbage behind its end",
     [](auto& db) { change_log(db, [](auto& x) { x += std::string(4096, '\x5a'); }); },
     fate::kept},
    {"log: deleted while the manifest counts on it",
     [](auto& db) { fs::remove(files(db, ".log").back()); }, fate::tail},
    {"manifest: last 10 bytes cut",
     [](auto& db) {
       const auto path = files(db, "MANIFEST").back();
       auto bytes = test::slurp(path);
       bytes.resize(bytes.size() - 10);
       spill(path, bytes);
     },
     fate::kept},
    {"CURRENT: emptied", [](auto& db) { spill(db / "CURRENT", ""); }, fate::aside},
    {"CURRENT: gone", [](auto& db) { fs::remove(db / "CURRENT"); }, fate::aside},
    {"table: byte flipped",
     [](auto& db) {
       for (const auto& path : files(db, ".sst")) {
         auto bytes = test::slurp(path);
         bytes[bytes.size() * 3 / 10] ^= 0x40;
         spill(path, bytes);
       }
     },
     fate::aside},
  };
  return all;
}

struct house {
  test::temp_folder folder;
  test::hand_clock clock;

  std::unique_ptr<store> open() {
    store_options options;
    options.node = "attic";
    options.ring_path = folder / "pulse.ring";
    auto disk = open_rocks(folder / "db");
    CAF_REQUIRE(disk);
    auto x = replicated_store::open(std::move(*disk), options, clock);
    if (!x)
      CAF_FAIL(to_string(x.why()));
    return std::move(*x);
  }
};

int intact(const store& x, bool& hole) {
  int n = 0;
  bool ended = false;
  for (int i = 0; i < writes; ++i) {
    const auto entry = x.get(slot_kind::map, "k" + std::to_string(i));
    if (entry && entry->payload == std::string(100, 'v'))
      ++n;
    else
      ended = true;
    hole = hole || (entry && ended);
  }
  return n;
}

} // namespace

CAF_TEST(I3 whatever is damaged the store opens and says so and the totals are kept) {
  for (const auto& row : matrix()) {
    CAF_MESSAGE(row.what);
    house h;
    {
      auto it = h.open(); // leaves tables: the next open flushes this log
      CAF_REQUIRE(it->put(slot_kind::map, "first", "1"));
      it->work();
      CAF_REQUIRE(it->close());
    }
    auto it = h.open();
    for (int i = 0; i < writes; ++i) {
      CAF_REQUIRE(it->put(slot_kind::map, "k" + std::to_string(i), std::string(100, 'v')));
      it->work();
    }
    it->counted("water", 40);
    h.clock.pass(10s);
    it->work();
    // What the disk holds now is what a dead process leaves.
    const test::temp_folder copy;
    fs::copy(h.folder / "db", copy / "db", fs::copy_options::recursive);
    fs::copy(h.folder / "pulse.ring", copy / "pulse.ring");
    it.reset();
    fs::remove_all(h.folder / "db");
    fs::copy(copy / "db", h.folder / "db", fs::copy_options::recursive);
    fs::copy_file(copy / "pulse.ring", h.folder / "pulse.ring",
                  fs::copy_options::overwrite_existing);
    row.apply(h.folder / "db");
    it = h.open();
    bool hole = false;
    const auto n = intact(*it, hole);
    std::string said;
    for (const auto& x : it->journal({}))
      if (x.level >= severity::warning)
        said += x.text + "\n";
    CAF_MESSAGE(n << " of " << writes << " entries; said: " << said);
    CAF_CHECK(!hole);
    CAF_CHECK_EQUAL(it->counter("water").total, 40u);
    switch (row.expected) {
    case fate::kept:
      CAF_CHECK_EQUAL(n, writes);
      CAF_CHECK_EQUAL(said, "");
      break;
    case fate::tail:
      CAF_CHECK(n < writes);
      CAF_CHECK(said.find("older than the counter ring") != std::string::npos
                || said.find("damaged") != std::string::npos);
      break;
    case fate::aside:
      CAF_CHECK_EQUAL(n, 0);
      CAF_CHECK(said.find("damaged") != std::string::npos);
      break;
    }
    CAF_CHECK(it->put(slot_kind::map, "after", "1"));
    it->work();
    CAF_CHECK(!it->stats().degraded);
  }
}
