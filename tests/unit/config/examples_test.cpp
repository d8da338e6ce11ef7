#undef CAF_SUITE
#define CAF_SUITE examples

#include "config/load/check.hpp"
#include "config/load/typed.hpp"
#include "config/schema/reference.hpp"
#include "config/schema/schema.hpp"

#include <caf/test/dsl.hpp>

#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

std::string file(const std::string& name) {
  std::ifstream in{TROUPE_SOURCE_DIR "/" + name, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string without_comment_marks(const std::string& text) {
  std::istringstream in{text};
  std::string out, line;
  while (std::getline(in, line))
    // "#key = value" is an option, "# text" is not.
    out += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  return out;
}

} // namespace

// To mend a failure: troupe-config-docs ROOT, and look at the difference.
CAF_TEST(what is made from the schema is in step with it) {
  CAF_CHECK(file("docs/configuration.md") == schema::reference_page());
  CAF_CHECK(file("config/examples/node.toml") == schema::node_example());
  CAF_CHECK(file("config/examples/options.toml") == schema::options_example());
}

CAF_TEST(the example house has not a single problem) {
  const auto text = file("config/examples/house.toml");
  CAF_REQUIRE(!text.empty());
  const auto it = read_house({{"house.toml", text}});
  for (const auto& x : it.problems)
    CAF_ERROR(x.to_string());
  const auto house = to_house(it.documents);
  CAF_REQUIRE(house);
  CAF_CHECK_EQUAL(house->buses.size(), 1u);
  CAF_CHECK(house->channels.size() >= 15);
  CAF_CHECK_EQUAL(house->counters.size(), 2u);
  CAF_CHECK(house->rules.size() >= 4);
}

CAF_TEST(the worked example of the format page is a house and its mistake is told as shown) {
  const auto page = file("docs/formats/house.md");
  const auto block = [&](const std::string& begin) {
    const auto from = page.find(begin, page.find("## Example"));
    const auto text = from + begin.find('\n') + 1;
    return from == page.npos ? std::string{} : page.substr(text, page.find("```", text) - text);
  };
  auto toml = block("```toml\n");
  CAF_REQUIRE(!toml.empty());
  CAF_CHECK(read_house({{"house.toml", toml}}).problems.empty());
  const std::string output = "direction = \"output\"\n";
  toml.insert(toml.find(output) + output.size(), "lease = \"100ms\"\n");
  const auto it = read_house({{"house.toml", toml}});
  CAF_REQUIRE_EQUAL(it.problems.size(), 1u);
  CAF_CHECK_EQUAL(it.problems[0].to_string() + "\n", block("```\nhouse.toml:"));
}

CAF_TEST(the node example is the defaults with and without its comment marks) {
  const auto text = file("config/examples/node.toml");
  for (const auto& x : {text, without_comment_marks(text)}) {
    const auto it = parse_node(x, "node.toml");
    for (const auto& y : it.problems)
      CAF_ERROR(y.to_string());
    CAF_CHECK(it.node == node_config{});
  }
  CAF_CHECK_EQUAL(parse_node(without_comment_marks(text), "").as_written.body.size(),
                  schema::node_section().options.size());
}

CAF_TEST(every option in the options example is well written) {
  const auto it = parse_house(without_comment_marks(file("config/examples/options.toml")), "o");
  CAF_CHECK(it.problems.empty());
  CAF_REQUIRE_EQUAL(it.documents.size(), schema::house_sections().size());
  for (const auto& x : it.documents) {
    const auto& known = *schema::find_section(x.section);
    CAF_CHECK_EQUAL(x.body.size(), known.options.size());
  }
  for (const auto& x : check(it.documents))
    // All options in one thing contradict each other, but each has a good value.
    CAF_CHECK(x.text.find("is only for") != std::string::npos || x.code == errc::not_found
              || x.code == errc::conflict || x.text.find("the channel is") != std::string::npos);
}
