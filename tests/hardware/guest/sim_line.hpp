#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

// The outside world of the guest: pins of gpio-sim, moved and watched through
// sysfs, not through the GPIO character device that the driver uses.

namespace troupe::hardware {

inline std::string first_word(const std::string& path) {
  std::ifstream file{path};
  std::string word;
  file >> word;
  return word;
}

inline void put(const std::string& path, const std::string& text) {
  std::ofstream{path} << text << std::flush;
}

/// A chip of gpio-sim, by its label, which is also its folder's name.
class sim_chip {
public:
  explicit sim_chip(std::string label) : folder_("/sys/kernel/config/gpio-sim/" + label) {}

  void plug() { put(folder_ + "/live", "1"); }
  void unplug() { put(folder_ + "/live", "0"); }

  std::string name() const { return first_word(folder_ + "/bank0/chip_name"); }

  std::string pin(unsigned offset) const {
    return "/sys/devices/platform/" + first_word(folder_ + "/dev_name") + "/" + name()
           + "/sim_gpio" + std::to_string(offset);
  }

private:
  std::string folder_;
};

/// One pin. Look it up anew after the chip was unplugged.
class sim_line {
public:
  sim_line(const sim_chip& chip, unsigned offset)
      : pin_(chip.pin(offset)),
        pull_(open((pin_ + "/pull").c_str(), O_WRONLY | O_CLOEXEC)) {
    if (pull_ < 0) {
      std::perror(pin_.c_str());
      std::exit(125);
    }
  }
  ~sim_line() { close(pull_); }
  sim_line(const sim_line&) = delete;
  sim_line& operator=(const sim_line&) = delete;

  void drive(bool high) const {
    const char* word = high ? "pull-up" : "pull-down";
    if (pwrite(pull_, word, std::strlen(word), 0) < 0)
      std::perror("pull");
  }

  bool shown() const { return first_word(pin_ + "/value") == "1"; }
  std::string pull() const { return first_word(pin_ + "/pull"); }

private:
  std::string pin_;
  int pull_;
};

/// Pulses from a process of their own. With a window the process never runs more
/// than so many pulses ahead of `seen`, so that the kernel's buffer cannot
/// overflow however slow the reader is; only then is an exact count a claim about
/// the driver and not about how busy this machine is.
class pulse_source {
public:
  pulse_source()
      : seen_(new (mmap(nullptr, sizeof(std::atomic<unsigned>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<unsigned>{0}) {}
  ~pulse_source() { munmap(seen_, sizeof *seen_); }
  pulse_source(const pulse_source&) = delete;
  pulse_source& operator=(const pulse_source&) = delete;

  void start(const sim_line& pin, unsigned pulses, unsigned window) {
    *seen_ = 0;
    child_ = fork();
    if (child_ != 0)
      return;
    for (unsigned i = 0; i < pulses; ++i) {
      while (window != 0 && i >= *seen_ + window)
        sched_yield();
      pin.drive(true);
      pin.drive(false);
    }
    _exit(0);
  }

  void wait() const { waitpid(child_, nullptr, 0); }
  void saw_one() { ++*seen_; }

private:
  std::atomic<unsigned>* seen_;
  pid_t child_ = -1;
};

} // namespace troupe::hardware
