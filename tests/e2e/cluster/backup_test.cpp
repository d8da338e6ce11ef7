// A house is saved, changed, and one of its nodes restored from what was saved; a
// house is lost and comes back; and what operators see of stores that differ.

#undef CAF_SUITE
#define CAF_SUITE backup

#include "storage/layout.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/e2e/cluster/cluster_check.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* house = R"(
[bus.attic]
driver = "sim"
node = "attic"
[channel."attic/lamp"]
bus = "attic"
line = "out.1"
direction = "output"
[channel."attic/spare"]
bus = "attic"
line = "out.2"
direction = "output"

[bus.boiler]
driver = "sim"
node = "boiler"
[channel."boiler/lamp"]
bus = "boiler"
line = "out.1"
direction = "output"
[channel."boiler/spare"]
bus = "boiler"
line = "out.2"
direction = "output"
[counter."boiler/gas"]
bus = "boiler"
line = "pulse.1@50"
max-rate = 200

[bus.cellar]
driver = "sim"
node = "cellar"
[channel."cellar/lamp"]
bus = "cellar"
line = "out.1"
direction = "output"
)";

struct backup_fixture {
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, house};
  test_node& attic = all["attic"];
  test_node& boiler = all["boiler"];
  test_node& cellar = all["cellar"];

  void begin() {
    all.start();
    REQUIRE_AGREE(all);
    for (auto& x : all.nodes())
      CAF_REQUIRE(within(10s, [&] { return total(*x) > 0; }));
    CAF_REQUIRE(equal());
  }

  static double total(test_node& by) {
    const auto x = by.wait_for({"get", "boiler/gas"}, [](auto&) { return true; }, 0s);
    return x.is_object() && x.contains("pulses") ? x["pulses"].get<double>() : -1;
  }

  /// The three stores, while pulses go on.
  bool equal(std::chrono::milliseconds limit = 20s) {
    return within(limit, [&] {
      return attic.troupe({"diff", "attic", "boiler"}).exit == 0 && attic.troupe({"diff", "boiler", "cellar"}).exit == 0;
    });
  }

  std::string saved(test_node& by, const std::string& name, std::vector<std::string> before = {}) {
    const auto file = all / name;
    before.insert(before.end(), {"backup", file});
    const auto said = by.troupe(before);
    CAF_CHECK_EQUAL(said.exit, 0);
    CAF_CHECK_EQUAL(said.err, "");
    return file;
  }

  static finished restore(test_node& on, const std::string& file, bool replace) {
    std::vector<std::string> words{"restore", file, "--config", on.dir() + "/node.toml"};
    if (replace)
      words.emplace_back("--replace");
    return on.on_machine(words);
  }

  static std::string bytes_of(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream{file, std::ios::binary}.rdbuf();
    return out.str();
  }

  static bool shows(test_node& by, const std::string& name) { return !by.reading(name).empty(); }

  /// A slot of that key says something else, and its check sum agrees. @returns how many
  static std::size_t rot(test_node& of, const std::string& key, const std::string& was, const std::string& is) {
    using namespace troupe::storage;
    auto disk = open_rocks(of.dir() + "/data/store");
    CAF_REQUIRE(disk);
    CAF_REQUIRE((*disk)->open(access::read_write));
    batch changes;
    CAF_CHECK((*disk)->scan(family::slot, {}, [&](auto at, auto value) {
      const auto address = layout::parse_slot_key(at);
      auto x = decode_slot(value);
      if (!address || address->key != key || !x)
        return;
      const auto where = x->payload.find(was);
      if (where == std::string::npos)
        return;
      x->payload.replace(where, was.size(), is);
      changes.put(family::slot, std::string{at}, encode(*x));
    }));
    CAF_CHECK((*disk)->commit(changes, true));
    CAF_CHECK((*disk)->close());
    return changes.ops().size();
  }

  static std::size_t beginning_with(const std::string& folder, const std::string& name) {
    std::size_t n = 0;
    for (const auto& x : fs::directory_iterator{folder})
      n += x.path().filename().string().starts_with(name) ? 1 : 0;
    return n;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(backup_tests, backup_fixture)

CAF_TEST(a node that is restored from an old backup brings nothing back and takes nothing away) {
  begin();
  const auto file = saved(boiler, "old.backup");
  const auto at_backup = total(boiler);
  CAF_MESSAGE("documents are changed and deleted, and pulses counted");
  CAF_CHECK_EQUAL(attic.troupe({"remove", "channel", "boiler/spare"}).exit, 0);
  CAF_CHECK_EQUAL(attic.troupe({"remove", "channel", "attic/spare"}).exit, 0);
  CAF_CHECK_EQUAL(attic.troupe({"replace", "channel", "boiler/lamp", "bus=boiler", "line=out.1", "direction=output", "label=New"}).exit, 0);
  CAF_REQUIRE(within(10s, [&] { return total(boiler) > at_backup + 100; }));
  CAF_REQUIRE(equal());
  CAF_MESSAGE("a second life, so that others remember a later start than the backup");
  CAF_CHECK_EQUAL(boiler.stop(), 0);
  boiler.start();
  REQUIRE_AGREE(all);
  CAF_REQUIRE(within(10s, [&] { return total(boiler) > at_backup + 200; }));
  CAF_REQUIRE(equal());
  CAF_MESSAGE("while it runs nothing is touched");
  auto said = restore(boiler, file, true);
  CAF_CHECK_EQUAL(said.exit, 1);
  CAF_CHECK(has(said.err, "the node runs"));
  CAF_CHECK_EQUAL(boiler.stop(), 0);
  const auto counted = total(attic) < 0 ? at_backup + 200 : total(attic);
  CAF_CHECK_EQUAL(attic.troupe({"remove", "channel", "cellar/lamp"}).exit, 0); // while it is away
  said = restore(boiler, file, false);
  CAF_CHECK_EQUAL(said.exit, 1);
  CAF_CHECK(has(said.err, "--replace"));
  said = restore(boiler, file, true);
  CAF_CHECK_EQUAL(said.exit, 0);
  CAF_CHECK_EQUAL(beginning_with(boiler.dir() + "/data", "store.replaced-"), 1u);
  CAF_CHECK_EQUAL(beginning_with(boiler.dir() + "/data", "store.restoring"), 0u);
  fs::remove(boiler.dir() + "/data/pulse.ring"); // the harder case: nothing tells of later starts
  boiler.start();
  REQUIRE_AGREE(all);
  CAF_REQUIRE(equal());
  for (auto& x : all.nodes()) {
    CAF_MESSAGE("at " << x->name());
    for (const auto* gone : {"boiler/spare", "attic/spare", "cellar/lamp"})
      CAF_CHECK(!shows(*x, gone));
    CAF_CHECK(within(5s, [&] { return shows(*x, "boiler/lamp"); }));
    CAF_CHECK(has(x->troupe({"export"}).out, "label = \"New\""));
    CAF_CHECK(within(10s, [&] { return total(*x) >= counted; }));
  }
  CAF_MESSAGE("it counts on, and each pulse is seen by all");
  const auto now = total(boiler);
  CAF_CHECK(within(10s, [&] { return total(boiler) > now + 50; }));
  CAF_CHECK(has(boiler.troupe({"log", "store", "--kind", "restore"}).out, "restored from the backup of boiler"));
  CAF_CHECK(!has(boiler.troupe({"--node", "boiler", "log", "--kind", "start"}).out, "without an orderly stop"));
  CAF_CHECK(!has(attic.troupe({"log"}).out, "had diverged"));
}

CAF_TEST(a house of which all is lost comes back from one file) {
  begin();
  CAF_CHECK_EQUAL(attic.troupe({"remove", "channel", "attic/spare"}).exit, 0);
  CAF_REQUIRE(equal());
  const auto file = saved(attic, "house.backup");
  const auto before = total(boiler);
  CAF_REQUIRE(before > 0);
  for (auto& x : all.nodes()) {
    x->kill();
    fs::remove_all(x->dir() + "/data");
    x->house.clear(); // nothing but the backup tells what there was
  }
  CAF_MESSAGE("a machine that had another name will do; here the backup of attic makes cellar");
  const auto said = restore(cellar, file, false);
  CAF_CHECK_EQUAL(said.exit, 0);
  CAF_CHECK(has(said.out, "from the backup of attic"));
  for (auto& x : all.nodes())
    x->start();
  REQUIRE_AGREE(all);
  CAF_REQUIRE(equal());
  for (auto& x : all.nodes()) {
    for (const auto* there : {"attic/lamp", "boiler/lamp", "boiler/spare", "cellar/lamp"})
      CAF_CHECK(within(10s, [&] { return shows(*x, there); }));
    CAF_CHECK(!shows(*x, "attic/spare"));
    CAF_CHECK(within(10s, [&] { return total(*x) >= before - 50; })); // what came since the second before the backup
  }
  CAF_CHECK(has(attic.troupe({"history"}).out, "attic/spare"));
}

CAF_TEST(a backup is whole or it is told and never half a file) {
  begin();
  CAF_MESSAGE("from afar: through another node, and over TLS by who may");
  const auto file = saved(attic, "boiler.backup", {"--node", "boiler"});
  const auto anna = all / "anna", uwe = all / "uwe";
  all.pki({"issue", "anna", "--role", "operator", "--out", anna});
  all.pki({"issue", "uwe", "--role", "viewer", "--out", uwe});
  CAF_CHECK_EQUAL(attic.troupe_at(boiler.control_address(), anna, {"backup", all / "tls.backup"}).exit, 0);
  CAF_CHECK_EQUAL(attic.troupe_at(boiler.control_address(), uwe, {"backup", all / "no.backup"}).exit, 6);
  CAF_CHECK(!fs::exists(all / "no.backup"));
  CAF_CHECK(has(boiler.troupe({"log", "--kind", "backup"}).out, "anna (operator, tls"));
  CAF_MESSAGE("what is in it");
  const auto told = json::parse(attic.on_machine({"--json", "backup", "--verify", file}).out);
  CAF_CHECK_EQUAL(told.value("node", ""), "boiler");
  CAF_CHECK(told["members"] == json({"attic", "boiler", "cellar"}));
  CAF_CHECK_EQUAL(told.value("counters", 0), 1);
  CAF_CHECK(told.value("documents", 0) >= 11);
  CAF_CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  CAF_MESSAGE("one that is there stays unless it is said");
  CAF_CHECK_EQUAL(attic.troupe({"backup", file}).exit, 1);
  CAF_CHECK_EQUAL(attic.troupe({"backup", file, "--replace"}).exit, 0);
  CAF_MESSAGE("damage");
  const auto whole = bytes_of(file);
  const auto bad = all / "bad.backup";
  for (const auto& [what, x] : std::initializer_list<std::pair<const char*, std::string>>{
         {"cut off", whole.substr(0, whole.size() / 2)},
         {"its end is missing", whole.substr(0, whole.size() - 1)},
         {"a bit", std::string{whole}.replace(whole.size() / 2, 1, 1, static_cast<char>(whole[whole.size() / 2] ^ 4))},
         {"no backup", "# house.toml"}}) {
    CAF_MESSAGE(what);
    std::ofstream{bad, std::ios::binary | std::ios::trunc} << x;
    CAF_CHECK_EQUAL(attic.on_machine({"backup", "--verify", bad}).exit, 5);
    CAF_CHECK_EQUAL(cellar.stop(), 0);
    CAF_CHECK_EQUAL(restore(cellar, bad, true).exit, 5);
    CAF_CHECK_EQUAL(beginning_with(cellar.dir() + "/data", "store."), 0u); // nothing was moved
    cellar.start();
  }
  CAF_MESSAGE("a node that dies meanwhile leaves no file");
  boiler.freeze();
  CAF_CHECK(attic.troupe({"--node", "boiler", "backup", all / "half.backup"}).exit != 0);
  boiler.thaw();
  CAF_CHECK(!fs::exists(all / "half.backup"));
  CAF_CHECK_EQUAL(beginning_with(all / "", ".half"), 0u);
}

CAF_TEST(what differs is told with who is ahead and how far the others are) {
  begin();
  CAF_CHECK(has(attic.troupe({"diff", "attic", "cellar"}).out, "equal"));
  const auto unknown = attic.troupe({"diff", "attic", "nobody"});
  CAF_CHECK_EQUAL(unknown.exit, attic.troupe({"--node", "nobody", "status"}).exit);
  CAF_CHECK(has(unknown.err, "nobody"));
  CAF_MESSAGE("a node that is stopped is behind, for as long as it is away");
  cellar.freeze();
  CAF_REQUIRE(within(15s, [&] { return attic.sees("cellar") == "down"; }));
  CAF_CHECK_EQUAL(attic.troupe({"replace", "channel", "attic/lamp", "bus=attic", "line=out.1", "direction=output", "label=New"}).exit, 0);
  const auto row = [&](test_node& by) {
    const auto replicas = by.ask({"replicas"});
    for (const auto& x : replicas["members"])
      if (x.value("name", "") == "cellar")
        return x;
    return json{};
  };
  CAF_CHECK(within(5s, [&] {
    const auto x = row(attic);
    return x["behind_s"].is_number() && x.value("entries", 0) > 0 && !x.value("linked", true);
  }));
  CAF_CHECK(within(5s, [&] { return row(attic)["behind_s"].get<double>() > 1.5; }));
  CAF_MESSAGE("the one that runs has a digest, and the same");
  const auto equal_digest = [&] {
    const auto replicas = attic.ask({"replicas"});
    for (const auto& x : replicas["members"])
      if (x.value("name", "") == "boiler")
        return x.value("digest", "").size() == 16 && x["digest_equal"] == json(true);
    return false;
  };
  if (!within(10s, equal_digest))
    CAF_ERROR("the digests of attic and boiler are not told as equal\n" << attic.ask({"replicas"}).dump(2) << boiler.ask({"replicas"}).dump(2));
  cellar.thaw();
  REQUIRE_AGREE(all);
  CAF_REQUIRE(equal());
  CAF_CHECK(within(5s, [&] { return row(attic)["behind_s"].is_null() || row(attic)["behind_s"].get<double>() < 1; }));
}

CAF_TEST(I2 what has rotted on one disk is told as diverged and not as on its way) {
  begin();
  CAF_CHECK_EQUAL(boiler.stop(), 0);
  const std::string key = "desired/attic/channel/attic/spare";
  CAF_REQUIRE_EQUAL(rot(boiler, key, "out.2", "out.3"), 1u);
  boiler.start();
  REQUIRE_AGREE(all);
  json told;
  const bool found = within(20s, [&] { // what is on its way comes first
    const auto said = attic.troupe({"--json", "diff", "attic", "boiler"});
    told = json::parse(said.out, nullptr, false);
    if (said.exit != 1 || !told.is_object())
      return false;
    for (const auto& x : told["entries"])
      if (x.value("key", "") == key && x.value("what", "") == "diverged")
        return true;
    return false;
  });
  if (!found)
    CAF_ERROR("no divergence is told: " << told.dump(2));
  CAF_CHECK(has(attic.troupe({"diff", "attic", "boiler"}).out, "diverged"));
  CAF_CHECK(!has(attic.troupe({"diff", "attic", "cellar"}).out, "diverged"));
}

CAF_TEST(what an archive kept is told once and under the name of who wrote it) {
  cellar.more_node_toml = "archive = true\n";
  begin();
  CAF_CHECK_EQUAL(boiler.troupe({"set", "boiler/lamp", "on"}).exit, 0);
  const auto told = [](test_node& by, std::vector<std::string> where = {}) {
    where.insert(where.end(), {"log", "boiler/lamp", "--kind", "command"});
    std::vector<std::string> writers;
    for (const auto& x : by.ask(where))
      writers.push_back(x.value("node", ""));
    return writers;
  };
  const std::vector<std::string> once{"boiler"};
  CAF_CHECK(within(10s, [&] { return told(cellar, {"--node", "cellar"}) == once; })); // it has come to the archive
  CAF_CHECK(told(attic) == once);
  CAF_CHECK(has(attic.troupe({"log", "boiler/lamp"}).out, "boiler"));
  CAF_CHECK_EQUAL(boiler.stop(), 0);
  CAF_CHECK(told(attic) == once);
  CAF_CHECK(told(cellar) == once);
  auto follow = cellar.follow({"log", "boiler/lamp", "--kind", "command", "--follow"});
  CAF_CHECK(within(5s, [&] {
    auto lines = follow.lines();
    std::erase_if(lines, [](const auto& x) { return x.contains("followed"); }); // boiler, which is not there
    return lines.size() == 1 && lines.front().value("node", "") == "boiler";
  }));
}

CAF_TEST_FIXTURE_SCOPE_END()
