#include "tests/support/switchboard.hpp"

#include "tests/support/test_house.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace troupe::test {

namespace {

using clock = std::chrono::steady_clock;

std::string ip_program() {
  for (const auto* x : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"})
    if (std::filesystem::exists(x))
      return x;
  return {};
}

/// A tap in a namespace of its own, or -1 with errno.
struct socket_pair_of_machine {
  int network = -1, tap = -1;
};

socket_pair_of_machine make_machine() {
  socket_pair_of_machine out;
  int why = 0;
  // The thread takes the namespace with it; the descriptors keep it.
  std::thread{[&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      why = errno;
      return;
    }
    out.network = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    // Saves the second in which an IPv6 address is only tentative.
    std::ofstream{"/proc/sys/net/ipv6/conf/default/accept_dad"} << "0";
    out.tap = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ifreq how{};
    how.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strcpy(how.ifr_name, "t0");
    if (out.tap < 0 || ::ioctl(out.tap, TUNSETIFF, &how) != 0) {
      why = errno;
      if (out.tap >= 0)
        ::close(out.tap);
      out.tap = -1;
    }
  }}.join();
  errno = why;
  return out;
}

std::string isolate() {
  if (ip_program().empty())
    return "ip is not installed (packaging/test-packages)";
  if (::geteuid() != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return std::string{"the kernel gives no network namespaces to this user: "} + std::strerror(errno);
  const auto probe = make_machine();
  const std::string why = probe.tap >= 0 ? "" : std::string{"no tap device in a network namespace: "} + std::strerror(errno);
  ::close(probe.tap);
  ::close(probe.network);
  return why;
}

const auto* const before_main = &no_networks();

} // namespace

const std::string& no_networks() {
  static const std::string why = isolate();
  return why;
}

struct switchboard::parts {
  using address = std::array<unsigned char, 6>;
  struct frame {
    clock::time_point due;
    std::uint64_t order;
    int to;
    std::vector<unsigned char> bytes;
    bool operator<(const frame& x) const { return due != x.due ? due > x.due : order > x.order; }
  };

  std::mutex mutex;
  std::vector<socket_pair_of_machine> machines;
  std::map<address, int> seen;
  std::set<std::pair<int, int>> cuts;
  std::priority_queue<frame> late;
  std::uint64_t sent = 0;
  double loss = 0;
  std::chrono::milliseconds delay{0};
  std::mt19937 chance{7};
  int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::atomic<bool> ends{false};
  std::thread thread;

  void nudge() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake, &one, sizeof one);
  }

  void put(int to, const std::vector<unsigned char>& bytes) const {
    // A full or closed interface loses it, as a wire would.
    [[maybe_unused]] const auto n = ::write(machines[static_cast<std::size_t>(to)].tap, bytes.data(), bytes.size());
  }

  void forward(int from, int to, const std::vector<unsigned char>& bytes) {
    if (to == from || cuts.contains({from, to}))
      return;
    if (loss > 0 && std::uniform_real_distribution<>{0, 1}(chance) < loss)
      return;
    if (delay.count() == 0)
      put(to, bytes);
    else
      late.push({clock::now() + delay, ++sent, to, bytes});
  }

  void take(int from) {
    std::vector<unsigned char> bytes(65536);
    const auto n = ::read(machines[static_cast<std::size_t>(from)].tap, bytes.data(), bytes.size());
    if (n < 14)
      return;
    bytes.resize(static_cast<std::size_t>(n));
    address to{}, by{};
    std::memcpy(to.data(), bytes.data(), 6);
    std::memcpy(by.data(), bytes.data() + 6, 6);
    seen[by] = from;
    if (const auto at = seen.find(to); at != seen.end())
      return forward(from, at->second, bytes);
    for (int port = 0; port < static_cast<int>(machines.size()); ++port)
      forward(from, port, bytes);
  }

  int until_next() const {
    if (late.empty())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(late.top().due - clock::now()).count();
    return static_cast<int>(std::max<long>(left, 0));
  }

  void run() {
    std::vector<pollfd> fds;
    while (!ends) {
      int wait = -1;
      {
        std::lock_guard lock{mutex};
        fds.assign(1, {wake, POLLIN, 0});
        for (auto& x : machines)
          fds.push_back({x.tap, POLLIN, 0});
        wait = until_next();
      }
      if (::poll(fds.data(), fds.size(), wait) < 0)
        continue;
      std::uint64_t nudges;
      [[maybe_unused]] const auto n = ::read(wake, &nudges, sizeof nudges);
      std::lock_guard lock{mutex};
      for (std::size_t i = 1; i < fds.size(); ++i)
        if (fds[i].revents & POLLIN)
          take(static_cast<int>(i - 1));
      for (; !late.empty() && late.top().due <= clock::now(); late.pop())
        put(late.top().to, late.top().bytes);
    }
  }
};

switchboard::switchboard() : parts_{std::make_unique<parts>()} {
  parts_->thread = std::thread{[this] { parts_->run(); }};
}

switchboard::~switchboard() {
  parts_->ends = true;
  parts_->nudge();
  parts_->thread.join();
  for (auto& x : parts_->machines) {
    ::close(x.tap);
    ::close(x.network);
  }
  ::close(parts_->wake);
}

int switchboard::plug_in() {
  const auto made = make_machine();
  if (made.tap < 0)
    throw std::runtime_error(std::string{"no machine: "} + std::strerror(errno));
  int port = 0;
  {
    std::lock_guard lock{parts_->mutex};
    port = static_cast<int>(parts_->machines.size());
    parts_->machines.push_back(made);
  }
  parts_->nudge();
  ip(port, "link set lo up");
  ip(port, "link set t0 up");
  return port;
}

int switchboard::network(int port) const {
  std::lock_guard lock{parts_->mutex};
  return parts_->machines.at(static_cast<std::size_t>(port)).network;
}

void switchboard::quality(double loss, std::chrono::milliseconds delay) {
  std::lock_guard lock{parts_->mutex};
  parts_->loss = loss;
  parts_->delay = delay;
}

void switchboard::cut(int from, int to, bool is_cut) {
  std::lock_guard lock{parts_->mutex};
  if (is_cut)
    parts_->cuts.insert({from, to});
  else
    parts_->cuts.erase({from, to});
}

void switchboard::cable(int port, bool is_in) { ip(port, is_in ? "link set t0 up" : "link set t0 down"); }

void switchboard::ip(int port, const std::string& args) const {
  std::vector<std::string> words{ip_program()};
  std::istringstream text{args};
  for (std::string word; text >> word;)
    words.push_back(word);
  const auto said = run_program(words, {}, std::chrono::seconds{10}, network(port));
  if (said.exit != 0)
    throw std::runtime_error("ip " + args + ": " + said.err);
}

} // namespace troupe::test
