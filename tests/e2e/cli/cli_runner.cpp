#include "tests/e2e/cli/cli_runner.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

namespace {

std::string slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

} // namespace

cli_runner::cli_runner() {
  char name[] = "/tmp/troupe-cli-XXXXXX";
  dir = mkdtemp(name);
}

cli_runner::~cli_runner() {
  stop_node();
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
}

std::string cli_runner::start_node(const std::vector<std::string>& more) {
  std::vector<std::string> words = {TROUPE_BIN "/fake_node", socket()};
  words.insert(words.end(), more.begin(), more.end());
  node_ = start(words, "node");
  for (int i = 0; i < 1000 && slurp(dir + "/node.out").find('\n') == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return slurp(dir + "/node.out");
}

void cli_runner::stop_node() {
  if (node_ > 0) {
    kill(node_, SIGTERM);
    waitpid(node_, nullptr, 0);
    node_ = -1;
  }
}

std::string cli_runner::node_log() const {
  return slurp(dir + "/node.err");
}

pid_t cli_runner::start(std::vector<std::string> words, const std::string& name) {
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

cli_runner::outcome cli_runner::troupe(std::vector<std::string> args, const std::string& input) {
  args.insert(args.begin(), {"--socket", socket()});
  return plain_troupe(std::move(args), input);
}

cli_runner::outcome cli_runner::plain_troupe(std::vector<std::string> args, const std::string& input) {
  std::ofstream{dir + "/cli.in", std::ios::trunc} << input;
  args.insert(args.begin(), {TROUPE_BIN "/troupe"});
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

} // namespace troupe::test
