#pragma once

#include <atomic>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace troupe::test {

/// Processes at this one's priority that never rest; gone with the object, and with
/// this process.
class busy_loops {
public:
  explicit busy_loops(unsigned many) {
    for (unsigned i = 0; i < many; ++i) {
      const auto pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (std::atomic<unsigned> x{0};; ++x) {
        }
      }
      pids_.push_back(pid);
    }
  }
  ~busy_loops() {
    for (const auto pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  busy_loops(const busy_loops&) = delete;
  busy_loops& operator=(const busy_loops&) = delete;

private:
  std::vector<pid_t> pids_;
};

} // namespace troupe::test
