#undef CAF_SUITE
#define CAF_SUITE placement

#include "cluster/ownership/placement.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <cmath>

using namespace troupe::cluster;

namespace {

using order = std::vector<std::string>;

place node(const std::string& name, bool server = false) {
  place x;
  x.name = name;
  x.server = server;
  return x;
}

roaming rule(const std::string& name, order outputs = {"boiler/pump"}) {
  roaming x;
  x.name = name;
  x.outputs = std::move(outputs);
  return x;
}

const std::map<std::string, std::string> owners{{"boiler/pump", "boiler"}, {"attic/fan", "attic"}};

/// The order of one rule.
order of(const roaming& x, const std::vector<place>& nodes) { return rank({x}, nodes, owners).at(x.name); }

} // namespace

CAF_TEST(a rule lives next to its outputs and then on servers) {
  const std::vector<place> nodes{node("attic"), node("boiler"), node("server-1", true)};
  CAF_CHECK_EQUAL(of(rule("pump"), nodes), (order{"boiler", "server-1", "attic"}));
  auto both = of(rule("both", {"boiler/pump", "attic/fan"}), nodes);
  CAF_CHECK_EQUAL(both.back(), "server-1"); // each of the boards has one of them
}

CAF_TEST(what the rule prefers comes first) {
  const std::vector<place> nodes{node("attic"), node("boiler"), node("server-1", true)};
  auto x = rule("pump");
  x.nodes = {"attic", "nobody"};
  CAF_CHECK_EQUAL(of(x, nodes), (order{"attic", "boiler", "server-1"}));
  x.only = true;
  CAF_CHECK_EQUAL(of(x, nodes), (order{"attic"}));
}

CAF_TEST(who may not run it is not named) {
  std::vector<place> nodes{node("attic"), node("boiler"), node("server-1", true)};
  nodes[1].takes = false; // it drains
  nodes[2].labels = {"ups", "modem"};
  auto x = rule("pump");
  CAF_CHECK_EQUAL(of(x, nodes), (order{"server-1", "attic"}));
  x.labels = {"ups"};
  CAF_CHECK_EQUAL(of(x, nodes), (order{"server-1"}));
  x.labels = {"ups", "lift"};
  CAF_CHECK(of(x, nodes).empty());
}

CAF_TEST(who is not there comes last and who flaps after its equals) {
  std::vector<place> nodes{node("attic"), node("boiler"), node("server-1", true), node("server-2", true)};
  nodes[1].alive = false;
  CAF_CHECK_EQUAL(of(rule("pump"), nodes).back(), "boiler");
  const auto first = of(rule("pump"), nodes).front();
  for (auto& x : nodes)
    x.flapping = x.name == first;
  CAF_CHECK(of(rule("pump"), nodes).front() != first);
  CAF_CHECK(of(rule("pump"), nodes).front() != "boiler");
}

CAF_TEST(capacity is given out by priority and the rest goes elsewhere) {
  std::vector<place> nodes{node("boiler"), node("server-1", true)};
  nodes[0].capacity = 1;
  auto less = rule("a"), more = rule("z");
  more.priority = 5;
  const auto all = rank({less, more}, nodes, owners);
  CAF_CHECK_EQUAL(all.at("z").front(), "boiler");
  CAF_CHECK_EQUAL(all.at("a"), (order{"server-1", "boiler"})); // full is last, not out
}

CAF_TEST(rules that are to be spread avoid each other) {
  const std::vector<place> nodes{node("boiler"), node("server-1", true)};
  auto one = rule("a"), two = rule("b");
  one.spread = two.spread = "pumps";
  const auto all = rank({one, two}, nodes, owners);
  CAF_CHECK(all.at("a").front() != all.at("b").front());
}

CAF_TEST(rendezvous hashing is even and moves only what was on the lost node) {
  std::vector<place> nodes;
  for (int i = 0; i < 5; ++i)
    nodes.push_back(node("n" + std::to_string(i)));
  std::vector<roaming> rules;
  for (int i = 0; i < 1000; ++i)
    rules.push_back(rule("rule-" + std::to_string(i), {"elsewhere"}));
  const auto before = rank(rules, nodes, owners);
  std::map<std::string, int> count;
  for (const auto& [name, where] : before)
    ++count[where.front()];
  for (const auto& [name, n] : count)
    CAF_CHECK(std::abs(n - 200) < 60); // four standard deviations of a fair share
  nodes[2].alive = false;
  for (const auto& [name, where] : rank(rules, nodes, owners))
    CAF_CHECK_EQUAL(where.front(), before.at(name).front() == "n2" ? before.at(name)[1] : before.at(name).front());
}

CAF_TEST(every node works out the same whatever order it hears things in) {
  std::vector<place> nodes{node("attic"), node("boiler"), node("server-1", true), node("server-2", true)};
  std::vector<roaming> rules{rule("a"), rule("b", {"attic/fan"}), rule("c", {"elsewhere"})};
  const auto once = rank(rules, nodes, owners);
  std::reverse(nodes.begin(), nodes.end());
  std::reverse(rules.begin(), rules.end());
  CAF_CHECK(rank(rules, nodes, owners) == once);
}
