// The whole cluster from any of its nodes: what is looked at, commanded and
// configured, and what happens to it when nodes stop, freeze and die.

#undef CAF_SUITE
#define CAF_SUITE transparency

#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loop_house.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct transparency_fixture {
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, loop_house};
  test_node& attic = all["attic"];
  test_node& boiler = all["boiler"];
  test_node& cellar = all["cellar"];

  transparency_fixture() {
    all.start();
    REQUIRE_AGREE(all);
    for (auto& x : all.nodes())
      for (const auto* name : {"attic/lamp", "boiler/lamp", "cellar/lamp", "cellar/far"})
        if (!is(*x, name, "off"))
          CAF_FAIL(x->name() << " does not show " << name << "\n" << all.logs());
  }

  /// Within the time, this node reads so.
  static bool is(test_node& by, const std::string& name, const std::string& text, std::chrono::milliseconds limit = 10s) {
    return within(limit, [&] { return by.reading(name) == text; });
  }

  static bool is_good(test_node& by, const std::string& name, std::chrono::milliseconds limit = 10s) {
    return by.wait_for({"get", name}, [](auto& x) { return x.value("quality", "") == "good"; }, limit).value("quality", "") == "good";
  }

  /// The last line of a stream with this name. Null if there is none.
  static json last(const background& stream, const std::string& name) {
    json out;
    for (auto& x : stream.lines())
      if (x.value("name", "") == name)
        out = x;
    return out;
  }

  static bool heard(const background& stream, const std::string& name, const std::string& quality, std::chrono::milliseconds limit) {
    return within(limit, [&] {
      const auto x = last(stream, name);
      return x.is_object() && x.value("quality", "") == quality;
    });
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(transparency_tests, transparency_fixture)

CAF_TEST(every node lists and gets and sets and explains what another one has) {
  for (auto& x : all.nodes()) {
    CAF_MESSAGE("from " << x->name());
    std::map<std::string, std::string> where;
    for (auto& row : x->ask({"list"}))
      where[row.value("name", "")] = row.value("node", "");
    // A node leaves its own name out, or says it; never another's.
    for (const auto* name : {"attic", "boiler", "cellar"}) {
      const auto lamp = std::string{name} + "/lamp";
      CAF_REQUIRE(where.contains(lamp));
      CAF_CHECK(where[lamp] == name || (name == x->name() && where[lamp].empty()));
      CAF_CHECK_EQUAL(x->troupe({"set", lamp, "on"}).exit, 0);
      CAF_CHECK(is(*x, lamp, "on", 2s));
      CAF_CHECK(has(x->troupe({"why", lamp}).out, "off → on by operator/"));
      for (auto& y : all.nodes())
        CAF_CHECK(is(*y, lamp, "on", 2s));
      CAF_CHECK_EQUAL(x->troupe({"release", lamp}).exit, 0);
      for (auto& y : all.nodes())
        CAF_CHECK(is(*y, lamp, "off", 2s));
    }
    const auto tree = x->troupe({"tree"}).out;
    for (const auto* name : {"attic/lamp", "boiler/lamp", "cellar/lamp", "rule/far-light"})
      CAF_CHECK(has(tree, name));
    CAF_CHECK_EQUAL(x->troupe({"complete", "--", "inspect", "stor"}).out, "store\n"); // each has one
    CAF_CHECK(has(x->troupe({"--node", "cellar", "status"}).out, "cellar"));
    CAF_CHECK_EQUAL(x->troupe({"get", "nobody/nothing"}).exit, 4);
    CAF_CHECK_EQUAL(x->troupe({"set", "nobody/nothing", "on"}).exit, 4);
  }
}

CAF_TEST(the journal of the far node names the person and the way) {
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  const auto rows = cellar.ask({"--node", "cellar", "log", "cellar/lamp"});
  std::string who;
  for (auto& x : rows)
    if (x.value("kind", "") == "command" && x.value("node", "cellar") == "cellar")
      who = x.value("who", "");
  CAF_CHECK(has(who, "operator, unix socket, node attic"));
  // And it is seen from everywhere.
  CAF_CHECK(has(boiler.ask({"log", "cellar/lamp"}).dump(), "node attic"));
}

CAF_TEST(who follows the journal hears every node and when one goes and what it wrote until it was followed again) {
  CAF_CHECK_EQUAL(cellar.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  auto follow = attic.follow({"log", "-f", "-n", "100"});
  const auto times = [&](const std::string& node, const std::string& text) {
    int n = 0;
    for (const auto& x : follow.lines())
      n += x.value("node", "") == node && x.contains("seq") && has(x.value("text", ""), text);
    return n;
  };
  const auto is_followed = [&](const std::string& node) {
    json last;
    for (const auto& x : follow.lines())
      if (x.contains("followed") && x["node"] == node)
        last = x["followed"];
    return last;
  };
  CAF_CHECK(within(5s, [&] { return times("cellar", "off -> on by operator/") == 1; })); // the past
  for (auto& x : all.nodes()) {
    CAF_CHECK_EQUAL(x->troupe({"set", x->name() + "/lamp", "on"}).exit, 0);
    CAF_CHECK(within(5s, [&] { return times(x->name(), "set " + x->name() + "/lamp on") >= 1; }));
  }
  cellar.kill();
  CAF_CHECK(within(5s, [&] { return is_followed("cellar") == json(false); }));
  cellar.start();
  CAF_CHECK(within(10s, [&] { return is_followed("cellar") == json(true); }));
  // It started before it was followed again.
  CAF_CHECK(within(5s, [&] {
    const auto lines = follow.lines();
    return std::any_of(lines.begin(), lines.end(), [](const json& x) { return x.value("node", "") == "cellar" && x.value("kind", "") == "start"; });
  }));
  CAF_CHECK_EQUAL(cellar.troupe({"set", "cellar/lamp", "on", "--for", "77s"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return times("cellar", "77s") >= 1; }));
  CAF_CHECK_EQUAL(times("cellar", "off -> on by operator/"), 2); // each once, though it told its last ones again
  // Of one node alone.
  auto alone = attic.follow({"--node", "boiler", "log", "-f", "-n", "1"});
  CAF_CHECK(within(5s, [&] { return !alone.lines().empty(); }));
  CAF_CHECK_EQUAL(attic.troupe({"set", "attic/lamp", "off"}).exit, 0);
  CAF_CHECK_EQUAL(boiler.troupe({"set", "boiler/lamp", "off"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return has(alone.said(), "set boiler/lamp off"); }));
  CAF_CHECK(!has(alone.said(), "attic/lamp"));
}

CAF_TEST(an actor of another node is tapped and killed and comes back) {
  auto tap = attic.follow({"tap", "cellar/lamp"});
  CAF_CHECK(within(5s, [&] {
    (void)attic.troupe({"set", "cellar/lamp", "on"});
    return tap.said().find("cellar/lamp") != std::string::npos;
  }));
  const auto incarnation = [&](test_node& by) {
    for (auto& x : by.ask({"ps"}))
      if (x.value("name", "") == "cellar/lamp")
        return x.value("incarnation", 0);
    return 0;
  };
  const auto before = incarnation(boiler);
  CAF_REQUIRE(before > 0);
  CAF_CHECK_EQUAL(boiler.troupe({"kill", "cellar/lamp"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return incarnation(attic) == before + 1; }));
  CAF_CHECK(is_good(attic, "cellar/lamp"));
}

CAF_TEST(a channel and a rule are added to other nodes and removed from a third) {
  CAF_CHECK_EQUAL(attic.troupe({"add", "channel", "cellar/new", "bus=cellar", "line=out.9", "direction=output"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(is(*x, "cellar/new", "off"));
  const auto added = attic.troupe({"add", "rule", "follow", "node=boiler", "outputs=[cellar/new]",
                                   "lua=set('cellar/new', on('attic/lamp'))"});
  CAF_CHECK_EQUAL(added.exit, 0);
  CAF_MESSAGE(added.out << added.err);
  CAF_CHECK_EQUAL(cellar.troupe({"set", "attic/lamp", "on"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(is(*x, "cellar/new", "on"));
  CAF_CHECK(has(attic.troupe({"why", "cellar/new"}).out, "rule/follow"));
  CAF_CHECK_EQUAL(cellar.troupe({"remove", "rule", "follow"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(is(*x, "cellar/new", "off"));
  CAF_CHECK_EQUAL(boiler.troupe({"remove", "channel", "cellar/new"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(within(5s, [&] { return x->troupe({"get", "cellar/new"}).exit == 4; }));
}

CAF_TEST(one house is applied over three nodes and exported from each) {
  const auto more = std::string{loop_house}
                    + "[channel.\"attic/new\"]\nbus = \"attic\"\nline = \"out.7\"\ndirection = \"output\"\n"
                      "[channel.\"boiler/new\"]\nbus = \"boiler\"\nline = \"out.7\"\ndirection = \"output\"\n"
                      "[channel.\"cellar/new\"]\nbus = \"cellar\"\nline = \"out.7\"\ndirection = \"output\"\n";
  const auto nothing_new = [&] {
    for (auto& x : all.nodes())
      for (const auto* name : {"attic/new", "boiler/new", "cellar/new"})
        CAF_CHECK_EQUAL(x->troupe({"get", name}).exit, 4);
  };
  const auto dry = attic.troupe({"apply", "-", "--dry-run"}, more);
  CAF_CHECK_EQUAL(dry.exit, 0);
  for (const auto* name : {"attic/new", "boiler/new", "cellar/new"})
    CAF_CHECK(has(dry.out, name));
  nothing_new();
  CAF_MESSAGE("a mistake in the part of one");
  const auto bad = boiler.troupe({"apply", "-", "--yes"}, more + "[channel.\"cellar/bad\"]\nbus = \"cellar\"\nline = \"out.7\"\ndirection = \"output\"\n");
  CAF_CHECK_EQUAL(bad.exit, 1);
  CAF_CHECK(has(bad.err, "cellar/bad"));
  CAF_CHECK(has(bad.err, "nothing was changed anywhere"));
  nothing_new();
  CAF_MESSAGE("and without");
  const auto good = boiler.troupe({"apply", "-", "--yes"}, more);
  CAF_CHECK_EQUAL(good.exit, 0);
  if (good.exit != 0)
    CAF_MESSAGE(good.err);
  for (auto& x : all.nodes())
    for (const auto* name : {"attic/new", "boiler/new", "cellar/new"})
      CAF_CHECK(is(*x, name, "off"));
  const auto exported = attic.troupe({"export"}).out;
  for (const auto* name : {"attic/new", "boiler/new", "cellar/new", "far-light"})
    CAF_CHECK(has(exported, name));
  CAF_CHECK_EQUAL(boiler.troupe({"export"}).out, exported);
  CAF_CHECK_EQUAL(cellar.troupe({"export"}).out, exported);
  CAF_MESSAGE("what was exported is what is");
  const auto same = cellar.troupe({"apply", "-", "--dry-run"}, exported);
  CAF_CHECK_EQUAL(same.exit, 0);
  CAF_CHECK(has(same.out, "nothing"));
}

CAF_TEST(what a pruned house leaves out goes also at nodes that it does not name) {
  const std::string house = loop_house;
  const auto rest = house.substr(house.find("[bus.boiler]"), house.find("[rule.") - house.find("[bus.boiler]"));
  const auto shows = [&](const char* name) { return has(boiler.ask({"list"}).dump(), name); };
  CAF_MESSAGE("without --prune they keep what they have");
  CAF_CHECK_EQUAL(boiler.troupe({"apply", "-", "--yes"}, rest).exit, 0);
  CAF_CHECK(shows("attic/lamp"));
  CAF_MESSAGE("with it they lose it");
  const auto dry = boiler.troupe({"apply", "-", "--prune", "--dry-run"}, rest);
  CAF_CHECK(has(dry.out, "attic/lamp"));
  CAF_CHECK(shows("attic/lamp"));
  const auto done = boiler.troupe({"apply", "-", "--prune", "--yes"}, rest);
  CAF_CHECK_EQUAL(done.exit, 0);
  CAF_MESSAGE(done.out << done.err);
  CAF_CHECK(within(5s, [&] { return !shows("attic/lamp"); }));
  CAF_CHECK(within(5s, [&] { return !has(cellar.troupe({"export"}).out, "attic/lamp"); }));
  CAF_CHECK(is(attic, "cellar/lamp", "off"));
  CAF_MESSAGE("also one that is away, when it is back");
  cellar.kill();
  CAF_REQUIRE(within(5s, [&] { return boiler.sees("cellar") == "down"; }));
  const auto only_boiler = rest.substr(0, rest.find("[bus.cellar]"));
  const auto partly = boiler.troupe({"apply", "-", "--prune", "--yes"}, only_boiler);
  CAF_CHECK_EQUAL(partly.exit, 0);
  CAF_CHECK(has(partly.out + partly.err, "cellar is not linked now"));
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(5s, [&] { return !shows("cellar/lamp"); }));
}

CAF_TEST(an export has the part of a node that is away and tells whose part is missing) {
  CAF_CHECK_EQUAL(attic.ask({"export"})["missing"].size(), 0u);
  const auto whole = boiler.troupe({"export"});
  CAF_CHECK_EQUAL(whole.exit, 0);
  cellar.kill();
  CAF_REQUIRE(within(5s, [&] { return boiler.sees("cellar") == "down"; }));
  CAF_MESSAGE("a node that has just started has it in its store");
  attic.kill();
  attic.start();
  CAF_REQUIRE(within(10s, [&] { return attic.sees("boiler") == "alive" && boiler.sees("attic") == "alive"; }));
  CAF_CHECK_EQUAL(attic.troupe({"export"}).exit, 0);
  CAF_CHECK_EQUAL(attic.troupe({"export"}).out, whole.out);
  CAF_MESSAGE("one with a new disk that meets nobody has not");
  boiler.kill();
  attic.kill();
  std::filesystem::remove_all(attic.dir() + "/data");
  attic.start();
  const auto partly = attic.troupe({"export"});
  CAF_CHECK_EQUAL(partly.exit, 7);
  CAF_CHECK(has(partly.err, "since it started"));
  CAF_CHECK(has(partly.out, "# The part of cellar is missing here"));
  CAF_CHECK(partly.out.find("cellar/lamp") == std::string::npos);
  const auto as_json = attic.troupe({"--json", "export"});
  CAF_CHECK_EQUAL(as_json.exit, 7);
  CAF_CHECK_EQUAL(nlohmann::json::parse(as_json.out)["missing"].dump(), "[\"boiler\",\"cellar\"]");
  const auto file = all / "partly.toml";
  CAF_CHECK_EQUAL(attic.troupe({"export", file}).exit, 7);
  CAF_CHECK(std::filesystem::exists(file));
  CAF_MESSAGE("and it comes with the others, its own part, too");
  boiler.start();
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(10s, [&] { return attic.troupe({"export"}).out == whole.out; }));
  CAF_CHECK_EQUAL(attic.troupe({"export"}).exit, 0);
}

CAF_TEST(the history has the changes of all nodes and each can be taken back from anywhere) {
  const auto add = [&](const std::string& node, const std::string& line) {
    return attic.troupe({"add", "channel", node + "/more", "bus=" + node, "line=" + line, "direction=output"}).exit;
  };
  CAF_REQUIRE_EQUAL(add("attic", "out.6"), 0);
  CAF_REQUIRE_EQUAL(add("cellar", "out.6"), 0);
  const auto newest_of = [&](test_node& by, const std::string& node) {
    for (const auto& x : by.ask({"history", "-n", "10"}))
      if (x.value("node", "") == node)
        return x["revision"].get<int>();
    return 0;
  };
  for (auto* by : {&attic, &boiler})
    for (const auto* node : {"attic", "boiler", "cellar"})
      CAF_CHECK(within(5s, [&] { return newest_of(*by, node) >= (std::string{"boiler"} == node ? 1 : 2); }));
  for (const auto& x : attic.ask({"--node", "attic", "history"}))
    CAF_CHECK(!has(x.value("text", ""), "cellar/more"));
  const auto before = [&](const std::string& node) { return node + "/" + std::to_string(newest_of(boiler, node) - 1); };
  CAF_CHECK(has(boiler.troupe({"complete", "--", "rollback", "cell"}).out, before("cellar") + "\n"));
  const auto plan = boiler.troupe({"rollback", before("cellar"), "--dry-run"}).out;
  CAF_CHECK(has(plan, "of cellar alone, other nodes stay as they are") && has(plan, "cellar/more"));
  CAF_CHECK_EQUAL(boiler.troupe({"rollback", before("cellar"), "--yes"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return attic.troupe({"get", "cellar/more"}).exit == 4; }));
  CAF_CHECK_EQUAL(attic.troupe({"get", "attic/more"}).exit, 0);
  CAF_CHECK_EQUAL(boiler.troupe({"--node", "attic", "rollback", before("cellar"), "--yes"}).exit, 2);
  CAF_CHECK_EQUAL(boiler.troupe({"rollback", "nobody/1", "--yes"}).exit, 3);
  CAF_MESSAGE("also of a node that is down");
  CAF_REQUIRE(within(5s, [&] { return newest_of(boiler, "cellar") == newest_of(cellar, "cellar"); })); // its part of the rollback
  cellar.kill();
  CAF_REQUIRE(within(5s, [&] { return boiler.sees("cellar") == "down"; }));
  const auto again = boiler.troupe({"rollback", before("cellar"), "--yes"});
  CAF_CHECK_EQUAL(again.exit, 0);
  CAF_CHECK(has(again.out, "cellar is not linked now"));
  cellar.start();
  CAF_CHECK(is(attic, "cellar/more", "off"));
}

CAF_TEST(a part for a node that is down is carried out when it is back) {
  cellar.kill();
  CAF_REQUIRE(within(5s, [&] { return attic.sees("cellar") == "down"; }));
  const auto said = attic.troupe({"apply", "-", "--yes"}, std::string{loop_house}
                    + "[channel.\"attic/new\"]\nbus = \"attic\"\nline = \"out.7\"\ndirection = \"output\"\n"
                      "[channel.\"cellar/new\"]\nbus = \"cellar\"\nline = \"out.7\"\ndirection = \"output\"\n");
  CAF_CHECK_EQUAL(said.exit, 0);
  CAF_CHECK(has(said.out + said.err, "cellar is not linked now"));
  CAF_CHECK_EQUAL(attic.troupe({"get", "attic/new"}).exit, 0);
  const auto not_yet = attic.troupe({"get", "cellar/new"});
  CAF_CHECK_EQUAL(not_yet.exit, 3);
  CAF_CHECK(has(not_yet.err, "cellar is not linked"));
  CAF_MESSAGE("what is wrong is refused here and changes nothing anywhere");
  const auto wrong = attic.troupe({"apply", "-", "--yes"},
                                  "[channel.\"cellar/none\"]\nbus = \"cellar\"\nline = \"out.7\"\ndirection = \"output\"\n");
  CAF_CHECK_EQUAL(wrong.exit, 1);
  CAF_CHECK(has(wrong.err, "nothing was changed anywhere"));
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(10s, [&] { return attic.reading("cellar/new") == "off"; }));
  CAF_CHECK_EQUAL(attic.troupe({"get", "cellar/none"}).exit, 4);
}

CAF_TEST(who watches hears at once that a node is lost and again when it is back) {
  auto watch = attic.follow({"watch", "cellar/"});
  CAF_REQUIRE(heard(watch, "cellar/lamp", "good", 5s));
  for (const bool kill : {true, false}) {
    CAF_MESSAGE((kill ? "kill -9" : "an ordered stop"));
    const auto before = std::chrono::steady_clock::now(); // how long it takes: bench_cluster_detection
    if (kill)
      cellar.kill();
    else
      CAF_CHECK_EQUAL(cellar.stop(), 0);
    CAF_CHECK(heard(watch, "cellar/lamp", "bad", 5s));
    const auto took = std::chrono::steady_clock::now() - before;
    CAF_MESSAGE("bad after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
    CAF_CHECK_EQUAL(last(watch, "cellar/lamp").value("reason", ""), "node_lost");
    CAF_CHECK(within(5s, [&] { return last(watch, "cellar/button").value("reason", "") == "node_lost"; })); // a line of its own
    cellar.start();
    CAF_CHECK(heard(watch, "cellar/lamp", "good", 10s));
    CAF_CHECK(watch.running());
    CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", kill ? "on" : "off"}).exit, 0);
    CAF_CHECK(within(5s, [&] { return last(watch, "cellar/lamp").value("text", "") == (kill ? "on" : "off"); }));
  }
}

CAF_TEST(I5 a rule keeps an output of another node and its death makes it safe within the lease) {
  // The button is attic's, the rule boiler's, the lamp cellar's.
  CAF_CHECK_EQUAL(cellar.troupe({"set", "attic/finger", "on"}).exit, 0);
  CAF_REQUIRE(is(cellar, "cellar/far", "on"));
  const auto story = cellar.troupe({"why", "cellar/far"}).out;
  CAF_CHECK(has(story, "attic/button"));
  CAF_CHECK(has(story, "rule/far-light"));
  CAF_MESSAGE("longer than its lease of 2 s");
  CAF_CHECK(!within(5s, [&] { return cellar.reading("cellar/far") != "on"; }));
  boiler.kill();
  const auto killed = std::chrono::steady_clock::now();
  CAF_CHECK(is(cellar, "cellar/far", "off", 5s));
  const auto took = std::chrono::steady_clock::now() - killed;
  CAF_MESSAGE("safe after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CAF_CHECK(took < 4s); // the lease, and the time to look
  boiler.start();
  CAF_CHECK(is(cellar, "cellar/far", "on"));
}

CAF_TEST(I5 a rule whose node is frozen loses its output within the lease) {
  CAF_CHECK_EQUAL(cellar.troupe({"set", "attic/finger", "on"}).exit, 0);
  CAF_REQUIRE(is(cellar, "cellar/far", "on"));
  boiler.freeze();
  const auto frozen = std::chrono::steady_clock::now();
  CAF_CHECK(is(cellar, "cellar/far", "off", 5s));
  CAF_CHECK(std::chrono::steady_clock::now() - frozen < 4s);
  boiler.thaw();
  CAF_CHECK(is(cellar, "cellar/far", "on"));
  REQUIRE_AGREE(all);
}

CAF_TEST(a rule holds its output again after the node of it was away for longer than the lease) {
  // Nothing that the rule reads changes meanwhile, and the output's actor lives on.
  CAF_CHECK_EQUAL(cellar.troupe({"set", "attic/finger", "on"}).exit, 0);
  CAF_REQUIRE(is(cellar, "cellar/far", "on"));
  cellar.freeze();
  (void)within(5s, [] { return false; });
  cellar.thaw();
  CAF_CHECK(is(cellar, "cellar/far", "on"));
  CAF_MESSAGE("and it stays so: what renews it is the wish that it has");
  CAF_CHECK(!within(3s, [&] { return cellar.reading("cellar/far") != "on"; }));
  REQUIRE_AGREE(all);
}

CAF_TEST(a command to a node that froze until it was down is never done) {
  cellar.freeze();
  auto set = attic.follow({"set", "cellar/lamp", "on"});
  CAF_CHECK(within(5s, [&] { return attic.sees("cellar") == "down"; }));
  CAF_CHECK(set.wait(15s) != 0); // nobody is told that it was done
  CAF_MESSAGE(set.said());
  (void)within(3s, [] { return false; });
  cellar.thaw();
  REQUIRE_AGREE(all);
  CAF_CHECK(is_good(attic, "cellar/lamp"));
  CAF_CHECK(!within(2s, [&] { return cellar.reading("cellar/lamp") == "on"; }));
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a command that waited in a frozen node is refused as stale when it wakes) {
  // The profile radio keeps the link for 10 s, so that the command is still there.
  const std::string house = loop_house;
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, house.substr(0, house.find("[rule.")), "profile = \"radio\"\n"};
  auto& attic = all["attic"];
  auto& cellar = all["cellar"];
  all.start();
  REQUIRE_AGREE(all);
  CAF_REQUIRE(within(5s, [&] { return attic.reading("cellar/lamp") == "off"; }));
  cellar.freeze();
  auto at_once = attic.follow({"set", "cellar/lamp", "on"});
  (void)within(1s, [] { return false; });
  auto later = attic.follow({"set", "cellar/lamp", "on"}); // it waits at attic for a sign of cellar
  (void)within(3s, [] { return false; });
  cellar.thaw();
  for (auto* x : {&at_once, &later}) {
    CAF_CHECK_EQUAL(x->wait(10s), 1);
    CAF_MESSAGE(x->said());
    CAF_CHECK(has(x->said(), "stale"));
  }
  CAF_CHECK(!within(1s, [&] { return cellar.reading("cellar/lamp") == "on"; }));
  CAF_CHECK(has(attic.ask({"--node", "cellar", "log", "-n", "100"}).dump(), "refused as stale"));
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on"}).exit, 0);
}
