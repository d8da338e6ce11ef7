#undef CAF_SUITE
#define CAF_SUITE command_line

#include <caf/test/dsl.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using json = nlohmann::json;

struct outcome {
  int exit = -1;
  std::string out;
  std::string err;
};

std::string slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

/// A fake node in a process of its own, and `troupe` to talk to it.
struct fixture {
  std::string dir;
  pid_t node = -1;

  fixture() {
    char name[] = "/tmp/troupe-cli-XXXXXX";
    dir = mkdtemp(name);
    node = start({TROUPE_BIN "/fake_node", socket()}, "node");
    for (int i = 0; i < 1000 && slurp(dir + "/node.out").empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    CAF_REQUIRE_EQUAL(slurp(dir + "/node.out"), "ready\n");
  }

  ~fixture() {
    stop_node();
    std::error_code ignored;
    std::filesystem::remove_all(dir, ignored);
  }

  std::string socket() const { return dir + "/control.sock"; }

  void stop_node() {
    if (node > 0) {
      kill(node, SIGTERM);
      waitpid(node, nullptr, 0);
      node = -1;
    }
  }

  pid_t start(std::vector<std::string> words, const std::string& name) {
    std::vector<char*> argv;
    for (auto& w : words)
      argv.push_back(w.data());
    argv.push_back(nullptr);
    const auto in = dir + "/" + name + ".in", out = dir + "/" + name + ".out",
               err = dir + "/" + name + ".err";
    const pid_t pid = fork();
    if (pid != 0)
      return pid;
    dup2(open(in.c_str(), O_RDONLY | O_CREAT, 0600), 0);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    setenv("TZ", "UTC", 1);
    execv(argv[0], argv.data());
    _exit(127);
  }

  outcome troupe(std::vector<std::string> args, const std::string& input = "") {
    std::ofstream{dir + "/cli.in", std::ios::trunc} << input;
    args.insert(args.begin(), {TROUPE_BIN "/troupe", "--socket", socket()});
    const pid_t pid = start(args, "cli");
    int status = 0;
    for (int i = 0; i < 2000 && waitpid(pid, &status, WNOHANG) == 0; ++i) {
      if (i == 1999) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, slurp(dir + "/cli.out"),
            slurp(dir + "/cli.err")};
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(command_line_tests, fixture)

CAF_TEST(every command works and its json is json) {
  const std::vector<std::vector<std::string>> commands = {
    {"status"}, {"tree"}, {"ps"}, {"buses"}, {"get", "hall/lamp", }, {"list"}, {"list", "hall/"},
    {"why", "hall/lamp"}, {"post-mortem", "rule/night-setback"}, {"log"}, {"log", "hall/lamp"},
    {"watch", "-n", "1"}, {"tap", "hall/lamp", "-n", "1"}, {"set", "hall/lamp", "off", "--for", "10m"},
    {"set", "hall/lamp", "-3.5"}, {"release", "hall/lamp"}, {"force", "kitchen/leak", "on"},
    {"force", "kitchen/leak", "--off"}, {"count", "water/main"}, {"count", "water/main", "12.5"},
    {"kill", "hall/lamp"}, {"restart", "hall/lamp"}, {"quarantine", "hall/lamp"},
    {"unquarantine", "hall/lamp"}, {"hang", "hall/lamp"}, {"fault", "sim", "leak", "on"},
    {"add", "channel", "hall/fan", "bus=gpio", "line=17"}, {"replace", "channel", "hall/lamp", "bus=gpio"},
    {"remove", "channel", "hall/motion"}, {"apply", "-", "--dry-run"}, {"apply", "-", "--yes"},
    {"export"}, {"history"}, {"rollback", "6", "--yes"}, {"version"}, {"config", "explain", "channel"}};
  for (auto& words : commands) {
    CAF_MESSAGE(words.front());
    const auto plain = troupe(words);
    CAF_CHECK_EQUAL(plain.exit, 0);
    CAF_CHECK(!plain.out.empty());
    CAF_CHECK_EQUAL(plain.err, "");
    CAF_CHECK(!has(plain.out, "\x1b["));
    if (words.front() == "remove")
      continue; // it is gone now
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
  for (const char* shell : {"bash", "zsh", "fish"})
    CAF_CHECK(has(troupe({"completion", shell}).out, "troupe complete --"));
}

CAF_TEST(a piece of house toml is added thing by thing) {
  const auto got = troupe({"add", "--from", "-"}, "[channel.\"hall/fan\"]\nbus = \"gpio\"\nline = \"4\"\n"
                                                  "[rule.fan]\nlua = \"x\"\n");
  CAF_CHECK_EQUAL(got.exit, 0);
  CAF_CHECK(has(got.out, "+ add    channel  hall/fan") && has(got.out, "+ add    rule     fan"));
}

CAF_TEST_FIXTURE_SCOPE_END()
