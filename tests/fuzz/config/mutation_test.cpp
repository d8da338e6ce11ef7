#undef CAF_SUITE
#define CAF_SUITE mutation

#include "config/load/check.hpp"
#include "config/load/export.hpp"
#include "config/load/typed.hpp"
#include "config/schema/schema.hpp"
#include "tests/support/env_number.hpp"

#include <caf/test/dsl.hpp>

#include <fstream>
#include <random>
#include <sstream>

// Good files with random damage. Whatever comes in, reading it ends with a
// house or with a fatal problem, and what was accepted can be exported and read
// again.

using namespace troupe;

namespace {

using chance = std::mt19937_64;

std::string file(const std::string& name) {
  std::ifstream in{TROUPE_SOURCE_DIR "/" + name, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::size_t below(chance& dice, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>{0, n == 0 ? 0 : n - 1}(dice);
}

const std::vector<std::string>& splinters() {
  static const std::vector<std::string> all = {
    "\"", "'''", "\"\"\"", "[", "]", "[[", "{", "}", "=", ",", ".", "#", "\n", "\r\n", "\\", "\\u",
    "\xFF", "\xC2", std::string(1, '\0'), "\x7F", "0", "-1", "1e999", "-inf", "nan", "0x", "9223372036854775808",
    "true", "\"on\"", "1979-05-27T07:32:00Z", "\"5s\"", "\"0ms\"", "\"-1s\"", "\"8MiB\"", "[]", "{}",
    "[channel]", "[channel.\"a\"]", "[rule.\"a\".b]", "[[bus]]", "[node]", "a.b.c = 1",
    "kind = \"analog\"", "direction = \"output\"", "direction = \"input\"", "min = 5", "max = 1",
    "safe = 3", "substitute = \"on\"", "interlock = [\"hall/lamp\"]", "debounce = \"1s\"",
    "outputs = [\"hall/lamp\", \"x\"]", "edges = \"none\"", std::string(300, '['),
    std::string(300, 'a')};
  return all;
}

std::string damaged(std::string text, chance& dice) {
  const auto wounds = 1 + below(dice, 4);
  for (std::size_t i = 0; i < wounds; ++i) {
    const auto at = below(dice, text.size() + 1);
    const auto length = std::min(below(dice, 40), text.size() - at);
    switch (below(dice, 7)) {
    case 0: text.erase(at, length); break;
    case 1: text.insert(at, splinters()[below(dice, splinters().size())]); break;
    case 2: text.insert(at, text.substr(below(dice, text.size() + 1), length)); break;
    case 3:
      if (at < text.size())
        text[at] = static_cast<char>(below(dice, 256));
      break;
    case 4: text.resize(at); break;
    // A whole line elsewhere: well-formed more often, so it reaches the checks.
    case 5: {
      const auto from = text.rfind('\n', at);
      const auto begin = from == text.npos ? 0 : from + 1;
      const auto line = text.substr(begin, text.find('\n', begin) - begin) + "\n";
      const auto other = text.find('\n', below(dice, text.size() + 1));
      text.insert(other == text.npos ? text.size() : other + 1, line);
      break;
    }
    default: {
      const auto line = text.find('\n', at);
      text.insert(line == text.npos ? text.size() : line + 1,
                  splinters()[below(dice, splinters().size())] + "\n");
    }
    }
  }
  return text;
}

// @returns what is wrong with the reading of it, or nothing.
std::string house_trouble(const std::string& text) {
  const auto it = read_house({{"house.toml", text}});
  for (const auto& x : it.problems)
    if (x.to_string().empty() || x.text.empty())
      return "a problem without a text";
  const auto house = to_house(it.documents);
  if (any_fatal(it.problems))
    return {};
  if (!house)
    return "neither a house nor a problem: " + to_string(house.why());
  const auto again = parse_house(to_toml(it.documents), "export");
  if (!again.problems.empty())
    return "the export is refused: " + again.problems[0].to_string(0);
  const auto same = to_house(again.documents);
  if (!same || !(*same == *house))
    return "the export is another house";
  const auto docs = to_documents(*house);
  if (any_fatal(check(docs)))
    return "the settings are refused: " + check(docs)[0].to_string(0);
  return {};
}

} // namespace

CAF_TEST(damaged files end as a house or as a problem and never as a crash) {
  const auto seed = test::number<std::uint64_t>("TROUPE_SEED", 20240229);
  const auto rounds = test::number<std::uint64_t>("TROUPE_ROUNDS", 2000);
  CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << rounds);
  const std::string seeds[] = {
    file("config/examples/house.toml"), file("config/examples/options.toml"),
    "[bus.s]\ndriver = \"sim\"\n[channel.a]\nbus = \"s\"\nline = \"x\"\n"
    "[channel.o]\nbus = \"s\"\nline = \"y\"\ndirection = \"output\"\n"
    "[rule.r]\noutputs = [\"o\"]\nlua = '''\nset(\"o\", on(\"a\"))\n'''\n"};
  std::size_t houses = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    chance dice{seed + i};
    // The long file slows down, the short one reaches deep.
    const auto& good = seeds[i % 10 == 0 ? 0 : i % 10 == 1 ? 1 : 2];
    const auto text = damaged(good, dice);
    const auto trouble = house_trouble(text);
    if (!trouble.empty())
      CAF_FAIL(trouble << "\nrepeat with TROUPE_SEED=" << seed + i << " TROUPE_ROUNDS=1\n" << text);
    houses += any_fatal(read_house({{"", text}}).problems) ? 0 : 1;
  }
  // Damage that never leaves a house would not try what follows reading.
  CAF_MESSAGE(houses << " of " << rounds << " were still houses");
  CAF_CHECK(rounds < 100 || (houses > rounds / 50 && houses < rounds));
}

CAF_TEST(a damaged node file ends as a node or as a problem) {
  const auto seed = test::number<std::uint64_t>("TROUPE_SEED", 20240229);
  const auto rounds = test::number<std::uint64_t>("TROUPE_ROUNDS", 2000);
  CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << rounds);
  const std::string good = "name = \"boiler\"\ndrivers = [\"gpio\"]\nworker-threads = 4\n"
                           "store-memory = \"16MiB\"\ncheckpoint-every = \"30s\"\n"
                           "lock-memory = true\nlog-level = \"debug\"\n";
  for (std::uint64_t i = 0; i < rounds; ++i) {
    chance dice{seed + i};
    const auto it = parse_node(damaged(good, dice), "node.toml");
    // Also after a problem the settings are within their limits.
    CAF_REQUIRE(it.node.worker_threads >= 1 && it.node.worker_threads <= 64);
    CAF_REQUIRE(it.node.checkpoint_every.count() >= 100);
    for (const auto& x : it.problems)
      CAF_REQUIRE(!x.to_string().empty());
  }
}

CAF_TEST(requests with any JSON end as a document or as a problem) {
  const auto seed = test::number<std::uint64_t>("TROUPE_SEED", 20240229);
  chance dice{seed};
  using nlohmann::json;
  const json values[] = {nullptr, true, 0, -1, 1.5, 1e300, UINT64_MAX, "", "5s", "on", "\x01", "8MiB",
                         json::array(), json::array({1, nullptr}), json::array({"a"}),
                         json::object(), json{{"a", nullptr}}, std::string(100000, 'x')};
  for (int i = 0; i < 1000; ++i) {
    const auto& sections = schema::house_sections();
    const auto& known = *sections[below(dice, sections.size())];
    auto body = json::object();
    const auto keys = below(dice, 6);
    for (std::size_t k = 0; k < keys; ++k)
      body[known.options[below(dice, known.options.size())].key]
        = values[below(dice, std::size(values))];
    const auto doc = make_document(known.name, "x", body);
    const auto found = check({doc});
    const auto house = to_house({doc});
    CAF_REQUIRE(house || any_fatal(found));
    CAF_REQUIRE(!to_toml({doc}).empty());
  }
}
