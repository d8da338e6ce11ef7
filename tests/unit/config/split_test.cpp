#undef CAF_SUITE
#define CAF_SUITE split

#include "config/load/parse.hpp"
#include "config/load/split.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

/// "boiler: bus b, channel b/in; attic: rule r"
std::string parts_of(const split_house& x) {
  std::string all;
  for (const auto& [node, part] : x.of) {
    all += (all.empty() ? "" : "; ") + node + ":";
    for (const auto& y : part)
      all += (&y == &part.front() ? " " : ", ") + y.section + " " + y.name;
  }
  return all;
}

std::string problems_of(const split_house& x) {
  std::string all;
  for (const auto& y : x.problems)
    all += (all.empty() ? "" : "\n") + y.to_string(0);
  return all;
}

const std::string at_attic = "[bus.a]\ndriver = \"sim\"\nnode = \"attic\"\n";
const std::string at_here = "[bus.b]\ndriver = \"sim\"\n";
const std::string on_a = "[channel.\"a/in\"]\nbus = \"a\"\nline = \"x\"\n";
const std::string on_b = "[counter.\"b/n\"]\nbus = \"b\"\nline = \"x\"\n";

} // namespace

CAF_TEST(each document goes where it belongs) {
  const struct {
    const char* what;
    std::string toml;
    std::string parts;
    std::string problems;
  } rows[] = {
    {"nothing", "", "", ""},
    {"a node alone", at_here + on_b, "here: bus b, counter b/n", ""},
    {"two nodes", at_attic + at_here + on_a + on_b,
     "attic: bus a, channel a/in; here: bus b, counter b/n", ""},
    {"its own name written", "[bus.b]\ndriver = \"sim\"\nnode = \"here\"\n" + on_b,
     "here: bus b, counter b/n", ""},
    {"a rule goes by its own node, not by its outputs'",
     at_attic + on_a + "[rule.r]\nlua = \"x\"\n[rule.s]\nlua = \"x\"\nnode = \"server\"\n",
     "attic: bus a, channel a/in; here: rule r; server: rule s", ""},
    {"a drill stands where it is added, and breaks what it names elsewhere",
     "[drill.d]\nkind = \"stop-node\"\ntarget = \"attic\"\nat = \"03:00\"\n"
     "[drill.e]\nkind = \"stop-node\"\ntarget = \"attic\"\nat = \"03:00\"\nnode = \"server\"\n",
     "here: drill d; server: drill e", ""},
    {"a bus that is nowhere", at_here + "\n" + on_a + on_b, "here: bus b, counter b/n",
     "house.toml:5  channel 'a/in': bus is \"a\", which no node has. Add [bus.\"a\"] with its node, or "
     "correct the name."},
    {"a bus that is not written", "[channel.c]\nline = \"x\"\n", "",
     "house.toml:1  channel 'c': bus is \"\", which no node has. Add [bus.\"\"] with its node, or "
     "correct the name."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    const auto it = split(parse_house(x.toml, "house.toml").documents, "here");
    CAF_CHECK_EQUAL(parts_of(it), x.parts);
    CAF_CHECK_EQUAL(problems_of(it), x.problems);
  }
}

CAF_TEST(a channel follows its bus to the node that has it already) {
  const auto there = parse_house("[bus.a]\ndriver = \"sim\"\n", "attic.toml").documents;
  const auto fresh = parse_house(on_a, "house.toml").documents;
  const auto it = split(fresh, "here", at_node(there, "attic"));
  CAF_CHECK_EQUAL(parts_of(it), "attic: channel a/in");
  CAF_CHECK_EQUAL(problems_of(it), "");
  // Without the node's name it is not guessed.
  CAF_CHECK_EQUAL(problems_of(split(fresh, "here", there)),
                  "house.toml:2  channel 'a/in': bus is \"a\", and it is not known which node has it. "
                  "Add [bus.\"a\"] with its node, or correct the name.");
}

CAF_TEST(all parts together are the whole in its order) {
  const auto whole = parse_house(at_attic + at_here + on_a + on_b + "[rule.r]\nlua = \"x\"\n", "h").documents;
  const auto it = split(whole, "here");
  std::size_t sum = 0;
  for (const auto& [node, part] : it.of)
    sum += part.size();
  CAF_CHECK_EQUAL(sum, whole.size());
  CAF_CHECK(it.of.at("here").front() == whole[1]);
}

CAF_TEST(documents of another node carry its name and place) {
  const auto it = at_node(parse_house(at_attic + at_here + on_b + "[rule.r]\nlua = \"x\"\n", "h").documents, "boiler");
  CAF_REQUIRE_EQUAL(it.size(), 4u);
  CAF_CHECK_EQUAL(it[0].body["node"], "attic");
  CAF_CHECK_EQUAL(it[1].body["node"], "boiler");
  CAF_CHECK(!it[2].body.contains("node"));
  CAF_CHECK_EQUAL(it[3].body["node"], "boiler");
  CAF_CHECK_EQUAL(to_string(it[3].at), "node 'boiler'");
}
