#undef CAF_SUITE
#define CAF_SUITE membership_unit

#include "cluster/link/membership_unit.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/unit_bench.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;
using kind = membership_message::kind;

namespace {

struct fake_wire final : wire {
  std::vector<heard> links() override { return standing_links; }
  void beat(const std::vector<std::string>& names) override { order.push_back("beat"), beats.insert(beats.end(), names.begin(), names.end()); }
  void dial(const member& whom) override { order.push_back("dial " + whom.name); }
  void send(const std::string& to, const membership_message& what) override {
    order.push_back("send " + to);
    letters.emplace_back(to, what);
  }
  void drop(const std::string& name, const std::string& why) override { order.push_back("drop " + name + ": " + why); }

  std::vector<heard> standing_links;
  std::vector<std::string> order, beats;
  std::vector<std::pair<std::string, membership_message>> letters;
};

struct unit_fixture {
  moved_clock clock;
  fake_store disk;
  fake_wire net;
  member_table table;
  std::vector<std::string> changes;
  std::unique_ptr<bench_context> context;
  std::unique_ptr<unit> inside;
  caf::message_handler handler;
  make_unit make;

  unit_fixture() {
    membership_setup setup;
    setup.how.self = "b";
    setup.how.addresses = {"b:4710"};
    setup.peers = {{"a", {"a:4710"}}, {"c", {"c:4710"}}};
    make = make_membership_unit(setup, net, table, disk, clock);
    table.listen([this](const auto& x) { changes.push_back(x.now.name + " " + to_string(x.now.is)); });
    start();
  }
  void start() {
    inside.reset();
    context = std::make_unique<bench_context>(clock, "membership");
    inside = make(*context);
    inside->start();
    handler = inside->messages();
  }
  template <class T>
  caf::optional<caf::message> tell(T x) {
    auto content = caf::make_message(std::move(x));
    return handler(content);
  }
  void pass(mono_ns length, bool heard_too = true) {
    for (const auto end = clock.now + length; context->timers.at(0) <= end;) {
      clock.now = context->timers.at(0);
      for (auto& x : net.standing_links)
        if (heard_too)
          x.last_heard = clock.now;
      context->timers.erase(0);
      inside->on_timer(0);
    }
  }
  void link(const std::string& name) {
    net.standing_links.push_back({name, clock.now, {}});
    tell(link_is_up{name, 1});
  }
  standing sees(const std::string& name) {
    for (const auto& x : table.members())
      if (x.name == name)
        return x.is;
    return standing::unknown;
  }
  bool did(const std::string& what) { return std::count(net.order.begin(), net.order.end(), what) > 0; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(thin_actor, unit_fixture)

CAF_TEST(it dials beats and shows what it sees) {
  CAF_CHECK(did("dial c"));
  CAF_CHECK(!did("dial a")); // a dials us
  link("a");
  link("c");
  CAF_CHECK(sees("a") == standing::alive);
  CAF_CHECK((changes == std::vector<std::string>{"a alive", "c alive"}));
  net.beats.clear();
  pass(sec);
  CAF_CHECK(net.beats.size() >= 2 * 19);
  CAF_CHECK_EQUAL(table.look().self, "b");
}

CAF_TEST(a death is in the table in the journal and told before the link is cut) {
  link("a");
  link("c");
  pass(2 * sec);
  net.standing_links.pop_back();
  net.order.clear();
  disk.events.clear();
  tell(link_is_down{"c", "end of file", true});
  CAF_CHECK(did("dial c"));
  tell(dial_failed{"c", "connection refused", dial_end::refused});
  CAF_CHECK(sees("c") == standing::down);
  CAF_CHECK_EQUAL(changes.back(), "c down");
  CAF_REQUIRE(!disk.events.empty());
  const auto& last = disk.events.back();
  CAF_CHECK_EQUAL(last.kind, "node");
  CAF_CHECK_EQUAL(last.subject, "c");
  CAF_CHECK(last.level == storage::severity::alarm);
  CAF_CHECK_EQUAL(last.text, "suspect -> down: its process is gone: end of file, and its host refuses connections");
  CAF_CHECK(table.look().flaps.at("c") > 999);
}

CAF_TEST(commands are answered journalled with who and told) {
  link("a");
  net.letters.clear();
  auto answer = tell(node_command{node_command::kind::drain, "", "anna"});
  CAF_REQUIRE(answer);
  CAF_CHECK_EQUAL(answer->get_as<std::string>(0), "draining");
  CAF_REQUIRE_EQUAL(net.letters.size(), 1u);
  CAF_CHECK(net.letters[0].second.members.at(0).draining);
  CAF_CHECK_EQUAL(disk.events.back().who, "anna");
  tell(node_found{"d", {"d:4710"}});
  CAF_CHECK(sees("d") == standing::waiting);
  tell(node_command{node_command::kind::approve, "d", "anna"});
  CAF_CHECK(did("dial d"));
  answer = tell(node_command{node_command::kind::remove, "nobody", "anna"});
  CAF_REQUIRE(answer);
  CAF_CHECK(answer->match_elements<caf::error>());
  net.order.clear();
  tell(node_command{node_command::kind::remove, "a", "anna"});
  CAF_CHECK_EQUAL(net.order.front(), "send a");
  CAF_CHECK_EQUAL(net.order.back(), "drop a: membership: removed");
}

CAF_TEST(a crash forgets no member no link and no removal) {
  link("a");
  link("c");
  letter_came view{"a", {kind::view, {}, 0, {}}};
  member d;
  d.name = "d", d.incarnation = 4, d.addresses = {"d:4710"}, d.is = standing::alive, d.direct = true;
  view.what.members = {d};
  tell(view);
  tell(node_command{node_command::kind::remove, "c", "anna"});
  net.standing_links.pop_back();
  tell(link_is_down{"c", "dropped", false});
  net.order.clear();
  changes.clear();
  start();
  CAF_CHECK(sees("a") == standing::alive);
  CAF_CHECK(sees("c") == standing::removed);
  CAF_CHECK(did("dial d"));
  pass(2 * sec);
  CAF_CHECK(std::count(changes.begin(), changes.end(), "a down") == 0);
  tell(link_is_up{"c", 7});
  CAF_CHECK(did("drop c: membership: removed"));
}

CAF_TEST(an ordered stop says goodbye) {
  link("a");
  net.letters.clear();
  inside->stop();
  CAF_REQUIRE(!net.letters.empty());
  CAF_CHECK(net.letters.back().second.what == kind::goodbye);
}

CAF_TEST_FIXTURE_SCOPE_END()
