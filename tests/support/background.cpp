#include "tests/support/background.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace troupe::test {

using clock = std::chrono::steady_clock;

background::background(const std::vector<std::string>& command, std::string output, int network)
  : output_(std::move(output)) {
  std::vector<char*> words;
  for (const auto& x : command)
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0)
    return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || (network >= 0 && ::setns(network, CLONE_NEWNET) != 0))
    ::_exit(126);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  const int to = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(to, 1);
  ::dup2(to, 2);
  ::execv(words[0], words.data());
  ::_exit(127);
}

background::background(background&& x) noexcept { *this = std::move(x); }

background& background::operator=(background&& x) noexcept {
  std::swap(pid_, x.pid_);
  std::swap(status_, x.status_);
  std::swap(output_, x.output_);
  return *this;
}

bool background::running() {
  int raw = 0;
  if (pid_ > 0 && ::waitpid(pid_, &raw, WNOHANG) == pid_) {
    status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    pid_ = 0;
  }
  return pid_ > 0;
}

std::string background::said() const {
  std::ostringstream all;
  all << std::ifstream{output_}.rdbuf();
  return all.str();
}

std::vector<nlohmann::json> background::lines() const {
  std::vector<nlohmann::json> out;
  std::istringstream text{said()};
  for (std::string line; std::getline(text, line);)
    if (auto x = nlohmann::json::parse(line, nullptr, false); x.is_object())
      out.push_back(std::move(x));
  return out;
}

void background::send(int signal) const {
  if (pid_ > 0)
    ::kill(pid_, signal);
}

int background::wait(std::chrono::milliseconds limit) {
  if (!within(limit, [&] { return !running(); }))
    kill();
  return status_;
}

void background::kill() {
  if (!running())
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
  status_ = 137;
}

bool within(std::chrono::milliseconds time, const std::function<bool()>& holds) {
  const auto until = clock::now() + time;
  while (!holds()) {
    if (clock::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return true;
}

} // namespace troupe::test
