#include "tests/support/test_house.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace troupe::test {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

namespace {

std::string program(const char* name) {
  return std::string{TROUPE_BIN} + "/" + name;
}

[[noreturn]] void exec(const std::vector<std::string>& args) {
  std::vector<char*> argv;
  for (const auto& x : args)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

int exit_status(int raw) {
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

struct pipe_pair {
  int read_end = -1, write_end = -1;
  pipe_pair() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
      throw std::runtime_error("pipe2 failed");
    read_end = fds[0];
    write_end = fds[1];
  }
};

} // namespace

finished run_program(const std::vector<std::string>& args, const std::string& input,
                     std::chrono::seconds limit, int network) {
  pipe_pair in, out, err;
  const auto pid = fork();
  if (pid == 0) {
    dup2(in.read_end, 0);
    dup2(out.write_end, 1);
    dup2(err.write_end, 2);
    if (network >= 0 && setns(network, CLONE_NEWNET) != 0)
      _exit(126);
    exec(args);
  }
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  // Small inputs only: they fit the pipe, so writing cannot block.
  if (write(in.write_end, input.data(), input.size()) < 0)
    kill(pid, SIGKILL);
  close(in.write_end);
  finished result;
  const auto until = clock::now() + limit;
  pollfd fds[2] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}};
  int open = 2;
  bool killed = false;
  while (open > 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0 && !killed) {
      kill(pid, SIGKILL);
      killed = true;
    }
    if (poll(fds, 2, static_cast<int>(left > 0 ? left : 1000)) < 0 || (killed && left < -2000))
      break;
    for (auto& fd : fds) {
      if (fd.fd < 0 || fd.revents == 0)
        continue;
      char bytes[65536];
      const auto n = read(fd.fd, bytes, sizeof bytes);
      if (n > 0) {
        (&fd == &fds[0] ? result.out : result.err).append(bytes, static_cast<std::size_t>(n));
      } else {
        fd.fd = -1;
        --open;
      }
    }
  }
  close(out.read_end);
  close(err.read_end);
  int raw = 0;
  waitpid(pid, &raw, 0);
  result.exit = exit_status(raw);
  return result;
}

test_house::test_house(std::string house_toml, std::string more_node_toml) {
  auto pattern = (fs::temp_directory_path() / "troupe-test.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make " + pattern);
  dir_ = pattern;
  house_ = dir_ + "/house.toml";
  std::ofstream{house_} << house_toml;
  std::ofstream{dir_ + "/node.toml"} << "name = \"test\"\ndata-dir = \"" << data_dir()
                                     << "\"\nsocket = \"" << socket() << "\"\n"
                                     << more_node_toml;
}

test_house::~test_house() {
  kill();
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

void test_house::environment(const std::string& name, const std::string& value) {
  environment_[name] = value;
}

void test_house::shift_clock(std::chrono::seconds by, bool synchronised) {
  const auto path = dir_ + "/clock";
  const std::array<std::int64_t, 2> told{by.count(), synchronised ? 1 : 0};
  // Written in place: the node has mapped the file.
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool written = pwrite(fd, told.data(), sizeof told, 0) == sizeof told;
  close(fd);
  if (!written)
    throw std::runtime_error("cannot write " + path);
  environment("LD_PRELOAD", TROUPE_SHIFTED_CLOCK);
  environment("TROUPE_CLOCK_FILE", path);
}

void test_house::start() {
  if (pid_ > 0)
    throw std::runtime_error("trouped runs already");
  const auto log_path = dir_ + "/log";
  pid_ = fork();
  if (pid_ == 0) {
    // A test that dies takes its node with it: nobody else knows its folder.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    for (const auto& [name, value] : environment_)
      setenv(name.c_str(), value.c_str(), 1);
    exec({program("trouped"), "--config", dir_ + "/node.toml", "--house", house_});
  }
  const auto until = clock::now() + std::chrono::seconds{10};
  while (troupe({"status"}).exit != 0) {
    int raw = 0;
    if (waitpid(pid_, &raw, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error("trouped ended with " + std::to_string(exit_status(raw)) + "\n" + log());
    }
    if (clock::now() > until)
      throw std::runtime_error("trouped does not answer\n" + log());
    pause(std::chrono::milliseconds{10});
  }
}

void test_house::kill() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int test_house::stop() {
  if (pid_ <= 0)
    return -1;
  ::kill(pid_, SIGTERM);
  const auto until = clock::now() + std::chrono::seconds{10};
  int raw = 0;
  while (waitpid(pid_, &raw, WNOHANG) == 0) {
    if (clock::now() > until) {
      kill();
      return 137;
    }
    pause(std::chrono::milliseconds{5});
  }
  pid_ = 0;
  return exit_status(raw);
}

std::string test_house::log() const {
  std::ostringstream text;
  text << std::ifstream{dir_ + "/log"}.rdbuf();
  return text.str();
}

finished test_house::troupe(std::vector<std::string> args, const std::string& input) const {
  args.insert(args.begin(), {program("troupe"), "--socket", socket()});
  return run_program(args, input);
}

nlohmann::json test_house::ask(std::vector<std::string> args) const {
  args.insert(args.begin(), "--json");
  const auto answer = troupe(args);
  if (answer.exit != 0)
    throw std::runtime_error("troupe failed (" + std::to_string(answer.exit) + "): " + answer.err + answer.out);
  return nlohmann::json::parse(answer.out);
}

void test_house::pause(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

} // namespace troupe::test
