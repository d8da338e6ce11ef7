#undef CAF_SUITE
#define CAF_SUITE backup
#include <caf/test/dsl.hpp>

#include "storage/backup/restore.hpp"
#include "storage/backup/writer.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

std::string bytes_of(snapshot x, std::size_t block_bytes = backup::usual_block_bytes) {
  backup::writer from{std::move(x), "1.2.3", block_bytes};
  std::string out;
  for (auto part = from.next(); !part.empty(); part = from.next())
    out += part;
  return out;
}

status read_through(const std::string& bytes, backup::reader& into, std::size_t at_once = 1000) {
  for (std::size_t at = 0; at < bytes.size(); at += at_once)
    if (auto ok = into.feed(std::string_view{bytes}.substr(at, at_once)); !ok)
      return ok;
  return into.finish();
}

status check(const std::string& bytes) {
  backup::reader all;
  return read_through(bytes, all);
}

struct backup_fixture {
  test::hand_clock clock;

  std::unique_ptr<replicated_store> open(std::shared_ptr<memory_disk> disk, const std::string& node = "attic", bool clustered = true) {
    store_options how;
    how.node = node;
    how.clustered = clustered;
    how.ring_path = "pulse.ring";
    auto x = replicated_store::open(make_memory_engine(std::move(disk)), how, clock);
    CAF_REQUIRE(x);
    return std::move(*x);
  }

  /// A store with something of every kind.
  std::unique_ptr<replicated_store> furnished(std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>(), bool clustered = true) {
    auto out = open(std::move(disk), "attic", clustered);
    CAF_REQUIRE(out->put(slot_kind::map, "desired/attic/bus/sim", "{\"driver\":\"sim\"}"));
    CAF_REQUIRE(out->put(slot_kind::map, "sys/node/attic", "{}"));
    CAF_REQUIRE(out->put(slot_kind::map, "sys/node/boiler", "{}"));
    CAF_REQUIRE(out->put(slot_kind::map, "gone", "was here"));
    CAF_REQUIRE(out->erase(slot_kind::map, "gone"));
    CAF_REQUIRE(out->put(slot_kind::own, "rule/night", "\x01\x02"));
    out->counted("water", 40);
    CAF_REQUIRE(out->set_counter("gas", 1000, "meter-1"));
    out->counted("gas", 7);
    for (int i = 0; i < 20; ++i) {
      journal_event x;
      x.kind = "output";
      x.subject = "hall/lamp";
      x.text = "off to on, " + std::to_string(i);
      out->append(std::move(x));
    }
    clock.pass(1s);
    (void)out->work();
    return out;
  }

  std::shared_ptr<memory_disk> restored(const std::string& bytes, const std::string& node = "attic") {
    auto disk = std::make_shared<memory_disk>();
    auto into = make_memory_engine(disk);
    CAF_REQUIRE(into->open(access::read_write));
    backup::restoring work{*into, node};
    backup::reader from{work.taker()};
    const auto whole = read_through(bytes, from);
    CAF_REQUIRE_EQUAL(to_string(whole ? error{} : whole.why()), to_string(error{}));
    CAF_REQUIRE(work.finish(*from.found().begins));
    CAF_REQUIRE(into->close());
    return disk;
  }

  static std::string text(const store& of, const std::string& key) {
    const auto x = of.get(slot_kind::map, key);
    return x ? x->payload : "-";
  }

  static std::uint32_t boot_of(const replicated_store& x) { return x.summarize().session.boot; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(backup_tests, backup_fixture)

CAF_TEST(what is restored shows what was there and goes on as a later stream) {
  auto before = furnished();
  before->counted("water", 45); // in RAM only: no check point since
  const auto bytes = bytes_of(before->take_snapshot());
  for (const bool other : {false, true}) {
    CAF_MESSAGE((other ? "by another node" : "by itself"));
    const std::string node = other ? "cellar" : "attic";
    auto disk = restored(bytes, node);
    auto after = open(disk, node);
    CAF_CHECK_EQUAL(text(*after, "desired/attic/bus/sim"), "{\"driver\":\"sim\"}");
    CAF_CHECK_EQUAL(text(*after, "gone"), "-");
    CAF_CHECK_EQUAL(after->get(slot_kind::own, "rule/night")->payload, "\x01\x02");
    CAF_CHECK(after->get(slot_kind::own, "rule/night")->restored);
    CAF_CHECK_EQUAL(after->counter("water").total, 45u);
    CAF_CHECK_EQUAL(after->counter("gas").total, 1007u);
    const auto was = before->summarize(), is = after->summarize();
    CAF_CHECK(is.sums == was.sums);
    CAF_CHECK(is.seen.covers(was.seen));
    CAF_CHECK(is.collected == was.collected);
    CAF_CHECK(is.journals.covers(was.journals));
    CAF_CHECK(is.session != was.session);
    if (!other)
      CAF_CHECK(boot_of(*after) > boot_of(*before));
    // Its events, and one that says where it comes from.
    journal_query q;
    q.subject = "hall/lamp";
    CAF_CHECK_EQUAL(after->journal(q).size(), 20u);
    q.subject = "store";
    q.kind = "restore";
    CAF_REQUIRE_EQUAL(after->journal(q).size(), 1u);
    CAF_CHECK(after->journal(q).front().text.find("the backup of attic, 0 min old") != std::string::npos);
    CAF_CHECK(!after->stats().restored.empty());
    // That is told once.
    CAF_CHECK(after->close());
    after = open(disk, node);
    CAF_CHECK_EQUAL(after->journal(q).size(), 1u);
    CAF_CHECK(after->stats().restored.empty());
  }
}

CAF_TEST(a lone node restores as one) {
  auto before = furnished(std::make_shared<memory_disk>(), false);
  const auto bytes = bytes_of(before->take_snapshot());
  auto after = open(restored(bytes), "attic", false);
  CAF_CHECK_EQUAL(after->counter("gas").total, 1007u);
  CAF_CHECK(after->summarize().sums == before->summarize().sums);
}

CAF_TEST(a backup is taken of a store whose disk refuses) {
  auto disk = std::make_shared<memory_disk>();
  auto before = furnished(disk);
  CAF_CHECK(before->close());
  CAF_CHECK(check(bytes_of(before->take_snapshot()))); // also of one that has ended
}

CAF_TEST(the size of blocks and of what is read at once changes nothing) {
  auto before = furnished();
  const auto taken = before->take_snapshot();
  for (const std::size_t block_bytes : {1u, 100u, 1u << 20}) {
    const auto bytes = bytes_of(taken, block_bytes);
    for (const std::size_t at_once : {std::size_t{1}, std::size_t{13}, bytes.size()}) {
      backup::reader all;
      const auto whole = read_through(bytes, all, at_once);
      CAF_CHECK(whole);
      const auto& found = all.found();
      CAF_CHECK_EQUAL(found.begins->node, "attic");
      CAF_CHECK_EQUAL(found.begins->program, "1.2.3");
      CAF_CHECK_EQUAL(found.entries.at(slot_kind::map), 4u); // and its line
      CAF_CHECK_EQUAL(found.entries.at(slot_kind::own), 1u);
      CAF_CHECK_EQUAL(found.entries.at(slot_kind::ctr), 2u);
      CAF_CHECK_EQUAL(found.entries.at(slot_kind::ovr), 1u);
      CAF_CHECK_EQUAL(found.deleted, 1u);
      CAF_CHECK(found.members == (std::set<std::string>{"attic", "boiler"}));
      CAF_CHECK_EQUAL(found.events, taken.events.size());
      CAF_CHECK_EQUAL(found.bytes, bytes.size());
    }
  }
}

CAF_TEST(a backup that is cut off anywhere is not whole) {
  const auto bytes = bytes_of(furnished()->take_snapshot(), 200);
  CAF_REQUIRE(check(bytes));
  std::size_t whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    whole += check(bytes.substr(0, size)) ? 1 : 0;
  CAF_CHECK_EQUAL(whole, 0u);
}

CAF_TEST(a bit that flips anywhere is found) {
  const auto bytes = bytes_of(furnished()->take_snapshot(), 200);
  std::size_t missed = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    missed += check(bad) ? 1 : 0;
  }
  CAF_CHECK_EQUAL(missed, 0u);
}

CAF_TEST(what a backup may not be) {
  const auto taken = furnished()->take_snapshot();
  const auto bytes = bytes_of(taken, 200);
  const auto first = bytes.find('\0', backup::magic.size() + 5); // any place inside the head
  CAF_REQUIRE(first != std::string::npos);
  auto ahead = taken; // claims nothing of a stream of which it holds something
  ahead.state.seen = {};
  auto hollow = taken;
  hollow.journals = {};
  const std::pair<const char*, std::string> cases[] = {
    {"nothing", ""},
    {"another file", "# house.toml\n" + bytes},
    {"twice", bytes + bytes},
    {"something after its end", bytes + "x"},
    {"a store's vector behind its slots", bytes_of(ahead)},
    {"a vector without its events", bytes_of(hollow)},
  };
  for (const auto& [what, x] : cases) {
    CAF_MESSAGE(what);
    CAF_CHECK(!check(x));
  }
}

CAF_TEST(blocks that were exchanged or left out are found) {
  auto from = backup::writer{furnished()->take_snapshot(), "1", 200};
  std::vector<std::string> blocks;
  for (auto part = from.next(); !part.empty(); part = from.next())
    blocks.push_back(part);
  CAF_REQUIRE(blocks.size() > 5);
  const auto joined = [](const std::vector<std::string>& all) {
    std::string out;
    for (const auto& x : all)
      out += x;
    return out;
  };
  CAF_REQUIRE(check(joined(blocks)));
  for (std::size_t i = 1; i + 1 < blocks.size(); ++i) {
    auto less = blocks;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    CAF_CHECK(!check(joined(less)));
    auto turned = blocks;
    std::swap(turned[i], turned[i + 1]);
    CAF_CHECK(!check(joined(turned)));
    auto doubled = blocks;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), blocks[i]);
    CAF_CHECK(!check(joined(doubled)));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
