// What `troupe diff`, `replicas` and `backup` decide and show.

#undef CAF_SUITE
#define CAF_SUITE store_views
#include <caf/test/dsl.hpp>

#include "apps/cli/difference.hpp"
#include "apps/cli/new_file.hpp"
#include "apps/cli/store_view.hpp"
#include "apps/cli/views.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <fstream>

using namespace troupe;
using namespace troupe::cli;
using nlohmann::json;

namespace {

json entry(std::vector<std::pair<std::string, std::uint64_t>> slots) {
  auto all = json::array();
  for (const auto& [stream, seq] : slots)
    all.push_back({{"stream", stream}, {"seq", seq}, {"at", 1000}, {"node", "attic"}});
  return {{"value", "x"}, {"slots", all}};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

style plain() {
  style how;
  how.width = 200;
  return how;
}

std::string text_of(const std::string& file) {
  std::ifstream from{file};
  return {std::istreambuf_iterator<char>{from}, {}};
}

} // namespace

CAF_TEST(who is ahead) {
  using vectors = arrived;
  struct {
    const char* what;
    json first, second;
    vectors first_has, second_has;
    verdict is;
  } const cases[] = {
    {"written at the first and not heard", entry({{"a", 5}}), entry({}), {{"a", 5}}, {{"a", 4}}, verdict::first_ahead},
    {"written at the second and not heard", entry({{"a", 3}}), entry({{"b", 1}}), {{"a", 3}}, {{"a", 3}, {"b", 1}}, verdict::second_ahead},
    {"both sides of a cut", entry({{"a", 5}}), entry({{"b", 7}}), {{"a", 5}, {"b", 6}}, {{"a", 4}, {"b", 7}}, verdict::both},
    {"deleted and collected at the first", entry({}), entry({{"a", 3}}), {{"a", 3}, {"b", 2}}, {{"a", 3}, {"b", 1}}, verdict::first_ahead},
    {"deleted and collected at the second", entry({{"a", 3}}), entry({}), {{"a", 3}}, {{"a", 3}, {"b", 1}}, verdict::second_ahead},
    {"both have heard the same", entry({{"a", 5}}), entry({}), {{"a", 5}}, {{"a", 5}}, verdict::diverged},
    {"the same, and one writes elsewhere meanwhile", entry({{"a", 5}}), entry({}), {{"a", 5}, {"b", 9}}, {{"a", 5}, {"b", 8}}, verdict::first_ahead},
    {"nothing of it anywhere", entry({}), entry({}), {}, {}, verdict::diverged},
  };
  for (const auto& x : cases) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(judge(x.first, x.second, x.first_has, x.second_has) == x.is);
  }
}

CAF_TEST(entries differ by what is visible of them) {
  const auto row = [](const char* kind, const char* key, const char* hash) { return json{{"kind", kind}, {"key", key}, {"hash", hash}}; };
  const json a = {row("map", "same", "1"), row("map", "other", "2"), row("map", "only a", "3"), row("map", "siblings", "4"), row("map", "siblings", "5"),
                  row("own", "same", "6")};
  const json b = {row("map", "same", "1"), row("map", "other", "9"), row("map", "siblings", "5"), row("own", "same", "6"), row("ctr", "only b", "7")};
  std::vector<std::string> names;
  for (const auto& x : differing(a, b))
    names.push_back(x.kind + " " + x.key);
  CAF_CHECK(names == (std::vector<std::string>{"ctr only b", "map only a", "map other", "map siblings"}));
  CAF_CHECK(differing(a, a).empty());
  CAF_CHECK(differing(json(), json("nonsense")).empty());
}

CAF_TEST(only buckets that differ are looked into) {
  const json a{{"sums", {"1", "2", "3"}}}, b{{"sums", {"1", "x", "3"}}}, c{{"sums", {"1"}}};
  CAF_CHECK(differing_buckets(a, a).empty());
  CAF_CHECK(differing_buckets(a, b) == (std::vector<std::size_t>{1}));
  CAF_CHECK(differing_buckets(a, c) == (std::vector<std::size_t>{1, 2}));
}

CAF_TEST(a difference says where the newer one is) {
  json x{{"nodes", {"attic", "boiler"}}, {"equal", false}, {"count", 3}, {"more", 2},
         {"entries", {{{"kind", "map"}, {"key", "desired/attic/bus/sim"}, {"what", "first_ahead"}, {"first", entry({{"a", 1}})}, {"second", entry({})}},
                      {{"kind", "own"}, {"key", "rule/night"}, {"what", "diverged"}, {"first", entry({{"a", 2}})}, {"second", entry({})}}}}};
  const auto text = show_difference(x, plain(), 61'000);
  for (const auto* part : {"desired/attic/bus/sim", "on its way to boiler", "x by attic 1 m", "✗ diverged", "and 2 more", "keep copies"})
    CAF_CHECK(has(text, part));
  x = {{"nodes", {"attic", "boiler"}}, {"equal", true}, {"count", 1204}, {"digest", "3f2a91c0aabbccdd"}, {"entries", json::array()}};
  CAF_CHECK(has(show_difference(x, plain(), 0), "equal attic and boiler: 1 204 entries, digest 3f2a91c0\n"));
  CAF_CHECK(!show_difference(json(), plain(), 0).empty());
}

CAF_TEST(replicas show digests and progress and who is away for how long) {
  const auto member = [](const char* name, json more) {
    json x{{"name", name}, {"linked", true}, {"equal", true}, {"entries", 0}, {"bytes", 0}, {"behind_s", nullptr}, {"heard_s", 0.1}, {"repaired", 0}};
    x.update(more);
    return x;
  };
  const json x{{"node", "attic"}, {"entries", 412}, {"pending", 0}, {"bytes_per_day", 1000}, {"budget_per_day", 2000}, {"digest", "3f2a91c0aabbccdd"},
               {"events", 1204}, {"event_bytes", 4096}, {"streams", 7},
               {"check_points", {{"every_s", 60.0}, {"covered_by", "server-1"}, {"why", ""}, {"covers", {"garage", "garden"}}}},
               {"catching_up", {{"operations", 5000}, {"done", 1200}, {"for_s", 2.0}, {"away_s", 60.0}}},
               {"members", {member("boiler", {{"digest", "3f2a91c0aabbccdd"}, {"digest_equal", true}, {"events", 77}, {"bytes_per_day", 5000}}),
                            member("cellar", {{"digest", "11112222aabbccdd"}, {"digest_equal", false}, {"repairing", 3}}),
                            member("garage", {{"linked", false}, {"equal", false}, {"entries", 38}, {"bytes", 900}, {"behind_s", 3600.0}}),
                            member("garden", {{"equal", false}, {"lacks", 12}})}}};
  const auto text = show_replicas(x, plain());
  for (const auto* part : {"digest 3f2a91c0, 1 204 events", "7 streams", "check points every 60 s, covered by server-1; covers garage, garden\n", "catches up: 1 200 of 5 000 changes", "✗ 11112222", "✗ is repaired",
                           "3 of 64 parts of the store differ", "✗ not linked", "1 h 0 m", "◐ has more"})
    if (!has(text, part))
      CAF_ERROR("'" << part << "' is not in\n" << text);
  CAF_CHECK(!show_replicas(json(), plain()).empty());
  const json alone{{"check_points", {{"every_s", 10.0}, {"covered_by", nullptr}, {"why", "no server in another power domain"}}}};
  CAF_CHECK(has(show_replicas(alone, plain()), "\ncheck points every 10 s: no server in another power domain\n"));
}

CAF_TEST(a file is whole under its name or not there) {
  test::temp_folder folder;
  const auto name = folder / "house.backup";
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator{std::filesystem::path{name}.parent_path()}, std::filesystem::directory_iterator{});
  };
  {
    new_file x{name};
    CAF_REQUIRE(x.open(false));
    CAF_CHECK(x.write("half"));
    CAF_CHECK(!std::filesystem::exists(name));
  }
  CAF_CHECK_EQUAL(files(), 0);
  {
    new_file x{name};
    CAF_REQUIRE(x.open(false));
    CAF_CHECK(x.write("who"));
    CAF_CHECK(x.write("le"));
    CAF_CHECK(x.finish());
  }
  CAF_CHECK_EQUAL(text_of(name), "whole");
  {
    new_file x{name};
    CAF_CHECK(!x.open(false));
    CAF_CHECK(x.open(true));
    CAF_CHECK(x.write("half"));
  }
  CAF_CHECK_EQUAL(text_of(name), "whole");
  {
    new_file x{name}, y{folder / "other"};
    CAF_CHECK(x.open(true));
    CAF_CHECK(x.write("new"));
    CAF_CHECK(x.finish());
    CAF_CHECK(y.open(false));
    std::ofstream{folder / "other"} << "somebody else's";
    CAF_CHECK(!y.finish()); // it came meanwhile
  }
  CAF_CHECK_EQUAL(text_of(name), "new");
  CAF_CHECK_EQUAL(text_of(folder / "other"), "somebody else's");
  CAF_CHECK_EQUAL(files(), 2);
  CAF_CHECK(!new_file{folder / "no/such/folder"}.open(false));
  CAF_CHECK(!new_file{"/dev/null"}.open(true));
}
