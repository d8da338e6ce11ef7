#undef CAF_SUITE
#define CAF_SUITE nodes

#include "config/load/check.hpp"
#include "config/load/split.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

std::string all_of(const std::vector<problem>& found) {
  std::string all;
  for (const auto& x : found)
    all += (all.empty() ? "" : "\n") + x.to_string(0);
  return all;
}

std::vector<document> documents(const std::string& toml, const char* file) {
  auto it = parse_house(toml, file);
  CAF_REQUIRE(it.problems.empty());
  return it.documents;
}

/// A bus, an input 'NAME/in' and an output 'NAME/out'.
std::string hardware(const std::string& name, const std::string& node = {}, const std::string& more = {}) {
  return "[bus." + name + "]\ndriver = \"sim\"\n" + (node.empty() ? "" : "node = \"" + node + "\"\n")
         + "[channel.\"" + name + "/in\"]\nbus = \"" + name + "\"\nline = \"x\"\n"
         + "[channel.\"" + name + "/out\"]\nbus = \"" + name
         + "\"\nline = \"y\"\ndirection = \"output\"\n" + more;
}

std::string rule(const std::string& name, const std::string& output, const std::string& more = {}) {
  return "[rule." + name + "]\noutputs = [\"" + output + "\"]\nlua = \"x\"\n" + more;
}

const auto names_of_nodes = "Use one word of a-z 0-9 - _ . that begins with a letter or digit, as in "
                            "that node's node.toml.";

} // namespace

CAF_TEST(a house of several nodes is one house) {
  const struct {
    const char* what;
    std::string toml;
    std::string here;
    milliseconds suspect_after;
    std::string told;
  } rows[] = {
    {"a rule far from its output", hardware("a", "attic") + rule("r", "a/out", "node = \"boiler\"\n"),
     "", milliseconds{200}, ""},
    {"a node that is none",
     hardware("a", "the attic") + rule("r", "a/out", "node = \"a/b\"\n"), "", milliseconds{200},
     std::string{"house.toml:3  bus 'a': node is \"the attic\", which is no name of a node. "}
       + names_of_nodes + "\nhouse.toml:14  rule 'r': node is \"a/b\", which is no name of a node. "
       + names_of_nodes},
    {"an interlock over a link",
     hardware("a", "attic") + hardware("b", "boiler", "interlock = [\"a/out\"]\n"), "",
     milliseconds{200},
     "house.toml:21  channel 'b/out': interlock names 'a/out' of node 'attic', but this output is at "
     "'boiler', which decides it alone, also when no link stands. Name a channel of 'boiler', or let "
     "a rule look after the two."},
    {"a read-back over a link", hardware("a", "attic") + hardware("b", "boiler", "read-back = \"a/in\"\n"
                                                                  "read-back-within = \"2s\"\n"),
     "", milliseconds{200},
     "house.toml:21  channel 'b/out': read-back names 'a/in' of node 'attic', but this output is at "
     "'boiler', which decides it alone, also when no link stands. Name a channel of 'boiler', or let "
     "a rule look after the two."},
    {"two buses of one node", hardware("a", "attic") + hardware("b", "attic", "interlock = [\"a/out\"]\n"),
     "", milliseconds{200}, ""},
    {"one written, one not, seen from nowhere",
     hardware("a", "attic") + hardware("b", "", "interlock = [\"a/out\"]\n"), "", milliseconds{200}, ""},
    {"one written, one not, seen from there",
     hardware("a", "attic") + hardware("b", "", "interlock = [\"a/out\"]\n"), "attic",
     milliseconds{200}, ""},
    {"one written, one not, seen from another",
     hardware("a", "attic") + hardware("b", "", "interlock = [\"a/out\"]\n"), "boiler",
     milliseconds{200},
     "house.toml:20  channel 'b/out': interlock names 'a/out' of node 'attic', but this output is at "
     "'boiler', which decides it alone, also when no link stands. Name a channel of 'boiler', or let "
     "a rule look after the two."},
    {"a lease shorter than a pause of the link",
     hardware("a", "attic") + rule("r", "a/out", "lease = \"4s\"\nnode = \"boiler\"\n"), "",
     milliseconds{5000},
     "house.toml:14  note: rule 'r': lease is 4s, but it runs at 'boiler' and drives 'a/out' of "
     "'attic': a link may be silent for 5s before anybody suspects it, and the output would be safe "
     "meanwhile. Use 5s or more, or run the rule at 'attic'."},
    {"the same lease beside its output",
     hardware("a", "attic") + rule("r", "a/out", "lease = \"4s\"\nnode = \"attic\"\n"), "",
     milliseconds{5000}, ""},
    {"the same lease with a quicker profile",
     hardware("a", "attic") + rule("r", "a/out", "lease = \"4s\"\nnode = \"boiler\"\n"), "",
     milliseconds{4000}, ""},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(all_of(read_house({{"house.toml", x.toml}}, {}, {x.here, x.suspect_after}).problems),
                    x.told);
  }
}

CAF_TEST(what other nodes run is known and not judged) {
  const auto attic = at_node(documents(hardware("a") + rule("fan", "a/out"), "attic.toml"), "attic");
  const struct {
    const char* what;
    std::string toml;
    std::string told;
  } rows[] = {
    {"a rule here drives an output there", rule("r", "a/out", "priority = 9\n"), ""},
    {"a channel here on a bus there", "[channel.more]\nbus = \"a\"\nline = \"z\"\n", ""},
    {"nothing of the sort there", rule("r", "a/oot", "priority = 9\n"),
     "house.toml:2  rule 'r': outputs names 'a/oot', which does not exist. Did you mean 'a/out'?"},
    {"an input there", rule("r", "a/in", "priority = 9\n"),
     "house.toml:2  rule 'r': outputs names 'a/in', which is an input. Name an output channel, or set "
     "its direction."},
    {"the name of a bus there", "[bus.a]\ndriver = \"sim\"\n",
     "house.toml:1  bus 'a': the name is used twice; another bus (node 'attic') has it already. Choose "
     "another name, or remove one of them."},
    {"a counter with the name of a channel there",
     "[bus.b]\ndriver = \"sim\"\n[counter.\"a/in\"]\nbus = \"b\"\nline = \"z\"\n",
     "house.toml:3  counter 'a/in': the name is used twice; a channel (node 'attic') has it already. "
     "Choose another name, or remove one of them."},
    {"a line that is taken there", "[channel.more]\nbus = \"a\"\nline = \"x\"\n",
     "house.toml:3  channel 'more': line \"x\" of bus 'a' is taken by channel 'a/in' (node 'attic'). "
     "One line has one user: correct the line, or remove one of them."},
    {"two rules of two nodes at one priority", rule("r", "a/out"),
     "house.toml:2  rule 'r': it drives 'a/out' at priority 10, and so does rule 'fan' (node "
     "'attic'): the last to speak would win. Give the more important one a lower number."},
    {"an interlock over a link", hardware("b", "", "interlock = [\"a/out\"]\n"),
     "house.toml:10  channel 'b/out': interlock names 'a/out' of node 'attic', but this output is at "
     "'boiler', which decides it alone, also when no link stands. Name a channel of 'boiler', or let "
     "a rule look after the two."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(all_of(check(documents(x.toml, "house.toml"), {}, attic, {"boiler", milliseconds{200}})),
                    x.told);
  }
}

CAF_TEST(what is wrong elsewhere is told there) {
  // Every sort of mistake that `check` knows, all on another node.
  const auto broken = documents("[bus.a]\ndriver = \"sim\"\nnode = \"no name\"\nchip = \"idle\"\n"
                                "[channel.in]\nbus = \"a\"\nline = \"x\"\nscale = 0\npoll-every = 5\nnix = 1\n"
                                "[channel.out]\nbus = \"a\"\nline = \"x\"\ndirection = \"output\"\n"
                                "interlock = [\"out\", \"nix\"]\nread-back = \"nix\"\nsafe = 4\n"
                                "[channel.lost]\nbus = \"nix\"\nline = \"x\"\nstale-after = \"1s\"\nkind = \"analog\"\n"
                                "[counter.in]\nbus = \"nix\"\nline = \"z\"\ndebounce = \"1s\"\nmax-rate = 100\n"
                                "[rule.r]\noutputs = [\"in\", \"nix\", \"nix\", \"out\"]\nlua = \"bad\"\n"
                                "every = \"1m\"\n"
                                "[rule.s]\noutputs = [\"out\"]\nlua = \"bad\"\n"
                                "[channel.\"No Name\"]\nbus = \"a\"\nline = \"w\"\n",
                                "broken.toml");
  const auto complain = [](const std::string&) { return std::optional<std::string>{"bad"}; };
  // The mistakes are there, or this test shows nothing.
  CAF_CHECK(check(broken, complain).size() > 15);
  CAF_CHECK_EQUAL(all_of(check({}, complain, broken)), "");
  CAF_CHECK_EQUAL(all_of(check({}, complain, at_node(broken, "attic"), {"boiler", milliseconds{9000}})), "");
}
