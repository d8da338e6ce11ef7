#undef CAF_SUITE
#define CAF_SUITE command_line

#include "tests/e2e/cli/cli_runner.hpp"

#include <caf/test/dsl.hpp>

#include <sstream>

using namespace troupe::test;

namespace {

struct cli_fixture : cli_runner {
  cli_fixture() { CAF_REQUIRE_EQUAL(start_node({}), "ready\n"); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(command_line_tests, cli_fixture)

CAF_TEST(every command works and its json is json) {
  const std::vector<std::vector<std::string>> commands = {
    {"status"}, {"tree"}, {"ps"}, {"buses"}, {"get", "hall/lamp", }, {"list"}, {"list", "hall/"},
    {"why", "hall/lamp"}, {"inspect", "rule/night-setback"}, {"post-mortem", "rule/night-setback"}, {"log"}, {"log", "hall/lamp"},
    {"watch", "-n", "1"}, {"tap", "hall/lamp", "-n", "1"}, {"set", "hall/lamp", "off", "--for", "10m"},
    {"set", "hall/lamp", "-3.5"}, {"pulse", "hall/lamp", "500ms"}, {"release", "hall/lamp"}, {"force", "kitchen/leak", "on"},
    {"force", "kitchen/leak", "--off"}, {"count", "water/main"}, {"count", "water/main", "12.5"},
    {"kill", "hall/lamp"}, {"restart", "hall/lamp"}, {"quarantine", "hall/lamp"},
    {"unquarantine", "hall/lamp"}, {"hang", "hall/lamp"}, {"fault", "sim", "leak", "on"},
    {"add", "channel", "hall/fan", "bus=gpio", "line=17"}, {"replace", "channel", "hall/lamp", "bus=gpio"},
    {"remove", "channel", "hall/motion"}, {"apply", "-", "--dry-run"}, {"apply", "-", "--yes"},
    {"members"}, {"replicas"}, {"diff", "attic", "attic"}, {"approve", "garden"}, {"drain", "boiler"}, {"undrain", "boiler"}, {"leave", "boiler", "--yes"},
    {"remove-node", "boiler", "--yes"}, {"reload"}, {"--node", "boiler", "status"}, {"export"}, {"history"}, {"rollback", "6", "--yes"}, {"version"}, {"config", "explain", "channel"}};
  for (auto& words : commands) {
    CAF_MESSAGE(words.front());
    const auto plain = troupe(words);
    CAF_CHECK_EQUAL(plain.exit, 0);
    CAF_CHECK(!plain.out.empty());
    CAF_CHECK_EQUAL(plain.err, "");
    CAF_CHECK(!has(plain.out, "\x1b["));
    if (words.front() == "remove" || words.front() == "approve")
      continue; // it is done now
    auto as_json = words;
    as_json.insert(as_json.begin(), "--json");
    const auto got = troupe(as_json);
    CAF_CHECK_EQUAL(got.exit, 0);
    CAF_CHECK(json::accept(got.out));
  }
}

CAF_TEST(every command explains itself with an example) {
  const auto all = troupe({"complete", "--", ""});
  std::istringstream commands{all.out};
  int seen = 0;
  for (std::string command; std::getline(commands, command); ++seen) {
    CAF_MESSAGE(command);
    const auto help = troupe({command, "--help"});
    CAF_CHECK_EQUAL(help.exit, 0);
    CAF_CHECK(has(help.out, "Examples:") || has(help.out, "Subcommands:"));
  }
  CAF_CHECK(seen > 30);
}

CAF_TEST(exit codes tell scripts what happened) {
  const std::vector<std::tuple<std::vector<std::string>, int, const char*>> table = {
    {{"get", "nope"}, 4, "nope"},
    {{"kill", "nope"}, 4, "nope"},
    {{"set", "garden/valve", "on"}, 1, "kitchen/leak"},
    {{"set", "hall/lamp"}, 2, "VALUE"},
    {{"set", "hall/lamp", "on", "--priority", "17"}, 2, "17"},
    {{"stauts"}, 2, "did you mean 'status'?"},
    {{"apply", "-"}, 2, "--yes"},
    {{"shutdown"}, 2, "--yes"},
    {{"leave", "boiler"}, 2, "--yes"},
    {{"remove-node", "boiler"}, 2, "--yes"},
    {{"drain", "nope"}, 4, "nope"},
    {{"approve", "boiler"}, 1, "boiler"},
    {{"--node", "nope", "status"}, 4, "nope"},
    {{"rollback", "x", "--yes"}, 2, "'x' is no revision"},
    {{"rollback", "/6", "--yes"}, 2, "'/6' is no revision"},
    {{"--node", "garage", "status"}, 3, "garage is suspect"},
    {{"--host", "x", "status"}, 2, "--socket"},
    {{"apply", "/nonexistent"}, 1, "/nonexistent"},
    {{"add", "channel"}, 2, "--from"},
    {{"config", "explain", "channel.leas"}, 4, "channel.lease"},
    {{"check", "/nonexistent"}, 1, "/nonexistent"}};
  for (auto& [words, exit, part] : table) {
    CAF_MESSAGE(part);
    const auto got = troupe(words);
    CAF_CHECK_EQUAL(got.exit, exit);
    CAF_CHECK(has(got.err, part));
  }
}

CAF_TEST(check tells all problems and needs no node) {
  stop_node();
  const auto bad = troupe({"check", "-"}, "[bus.a]\ndriver = \"sim\"\n[channel.x]\nbus = \"b\"\nlin = \"1\"\n");
  CAF_CHECK_EQUAL(bad.exit, 5);
  CAF_CHECK(has(bad.out, "standard input:4") && has(bad.out, "standard input:5"));
  CAF_CHECK(json::accept(troupe({"--json", "check", "-"}, "x").out));
  const auto good = troupe({"check", "-"}, "[bus.a]\ndriver = \"sim\"\n");
  CAF_CHECK_EQUAL(good.exit, 0);
  CAF_CHECK_EQUAL(good.out, "● no problems\n");
}

CAF_TEST(without a node commands say what to do and completion is silent) {
  stop_node();
  const auto got = troupe({"status"});
  CAF_CHECK_EQUAL(got.exit, 3);
  CAF_CHECK(has(got.err, "no trouped listens at " + socket()) && has(got.err, "TROUPE_SOCKET"));
  CAF_CHECK_EQUAL(troupe({"--json", "tree"}).exit, 3);
  const auto words = troupe({"complete", "--", "get", ""});
  CAF_CHECK_EQUAL(words.out + words.err, "");
  CAF_CHECK_EQUAL(words.exit, 0);
}

CAF_TEST(completion knows commands options and names) {
  CAF_CHECK_EQUAL(troupe({"complete", "--", "unq"}).out, "unquarantine\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "set", "hall/"}).out, "hall/lamp\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "kill", "rule/n"}).out, "rule/night-setback\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "set", "hall/lamp", "on", "--pri"}).out, "--priority\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "drain", "b"}).out, "boiler\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "--node", ""}).out, "attic\nboiler\ngarage\ngarden\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "--node", "boiler", "kill", "rule/n"}).out, "rule/night-setback\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "--node", "garage", "kill", ""}).out, "");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "rollback", ""}).out, "7\n6\n");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "--identity", ""}).out, "");
  CAF_CHECK_EQUAL(troupe({"complete", "--", "--ho"}).out, "--host\n");
  for (const char* shell : {"bash", "zsh", "fish"})
    CAF_CHECK(has(troupe({"completion", shell}).out, "troupe complete --"));
}

CAF_TEST(a piece of house toml is added thing by thing) {
  const auto got = troupe({"add", "--from", "-"}, "[channel.\"hall/fan\"]\nbus = \"gpio\"\nline = \"4\"\n"
                                                  "[rule.fan]\nlua = \"x\"\n");
  CAF_CHECK_EQUAL(got.exit, 0);
  CAF_CHECK(has(got.out, "+ add    channel  hall/fan") && has(got.out, "+ add    rule     fan"));
}

CAF_TEST(another node is asked through this one) {
  CAF_CHECK_EQUAL(json::parse(troupe({"--json", "--node", "boiler", "status"}).out).value("node", ""), "boiler");
  CAF_CHECK_EQUAL(troupe({"--node", "boiler", "set", "hall/lamp", "off"}).exit, 0);
  const auto there = json::parse(troupe({"--json", "--node", "boiler", "get", "hall/lamp"}).out);
  const auto here = json::parse(troupe({"--json", "get", "hall/lamp"}).out);
  CAF_CHECK_EQUAL(there.value("text", ""), "off");
  CAF_CHECK_EQUAL(here.value("text", ""), "on");
  CAF_CHECK_EQUAL(troupe({"--node", "boiler", "watch", "-n", "2"}).exit, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
