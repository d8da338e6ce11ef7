#pragma once

#include <fmt/format.h>

#include <fcntl.h>
#include <net/if.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace troupe::bench {

/// A bridge and network namespaces of our own, which ends of cables hang on;
/// gone with the object. Wants root; see `usable`.
class wires {
public:
  /// @param spaces how many namespaces; they are 1, 2, ... with the address 10.99.0.N
  explicit wires(int spaces) : tag_(fmt::format("tb{}", ::getpid() % 100000)), spaces_(spaces) {
    ok_ = run("ip netns add {0}-hub && ip -n {0}-hub link set lo up && ip -n {0}-hub link add br0 type bridge && "
              "ip -n {0}-hub link set br0 up", tag_);
    for (int i = 1; ok_ && i <= spaces_; ++i)
      ok_ = run("ip netns add {0}-{1} && ip -n {0}-{1} link set lo up && "
                "ip -n {0}-hub link add port{1} type veth peer name eth0 netns {0}-{1} && "
                "ip -n {0}-hub link set port{1} master br0 up && "
                "ip -n {0}-{1} addr add 10.99.0.{1}/24 dev eth0 && ip -n {0}-{1} link set eth0 up", tag_, i);
    // A socket of the hub: a cut is one message then, and no program that has to start.
    const int home = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), hub = hub_space();
    if (ok_ && home >= 0 && hub >= 0 && ::setns(hub, CLONE_NEWNET) == 0) {
      hub_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
      for (int i = 1; i <= spaces_; ++i)
        ports_.push_back(::if_nametoindex(fmt::format("port{}", i).c_str()));
      ok_ = ::setns(home, CLONE_NEWNET) == 0 && hub_ >= 0;
    } else {
      ok_ = false;
    }
    for (const int fd : {home, hub})
      if (fd >= 0)
        ::close(fd);
  }
  ~wires() {
    if (hub_ >= 0)
      ::close(hub_);
    for (int i = 1; i <= spaces_; ++i)
      (void)run("ip netns del {}-{}", tag_, i);
    (void)run("ip netns del {}-hub", tag_);
  }
  wires(const wires&) = delete;
  wires& operator=(const wires&) = delete;

  [[nodiscard]] bool usable() const noexcept { return ok_; }
  [[nodiscard]] std::string space(int i) const { return fmt::format("{}-{}", tag_, i); }
  /// This process moves to the bridge, with the address 10.99.0.N; before it has threads.
  [[nodiscard]] bool enter_hub(int n) {
    const int fd = hub_space();
    const bool in = fd >= 0 && run("ip -n {0}-hub addr add 10.99.0.{1}/24 dev br0", tag_, n) && ::setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0)
      ::close(fd);
    return in;
  }
  /// Nothing passes, and no end sees a lost carrier.
  bool cut(int i) const { return port(i, BR_STATE_DISABLED); }
  bool heal(int i) const { return port(i, BR_STATE_FORWARDING); }

private:
  [[nodiscard]] int hub_space() const { return ::open(fmt::format("/run/netns/{}-hub", tag_).c_str(), O_RDONLY | O_CLOEXEC); }
  /// State of a port of the bridge, by rtnetlink(7): at once, and with no wait for readers in the
  /// kernel, which taking the port off the bridge has (up to 0.2 s).
  [[nodiscard]] bool port(int i, std::uint8_t state) const {
    struct {
      nlmsghdr head{};
      ifinfomsg link{};
      rtattr outer{};
      rtattr inner{};
      std::uint8_t state = 0;
      std::uint8_t padding[3]{};
    } x;
    x.head.nlmsg_len = sizeof x;
    x.head.nlmsg_type = RTM_SETLINK;
    x.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    x.link.ifi_family = AF_BRIDGE;
    x.link.ifi_index = static_cast<int>(ports_.at(static_cast<std::size_t>(i - 1)));
    x.outer.rta_type = IFLA_PROTINFO | NLA_F_NESTED;
    x.outer.rta_len = sizeof x.outer + sizeof x.inner + 4;
    x.inner.rta_type = IFLA_BRPORT_STATE;
    x.inner.rta_len = sizeof x.inner + 1;
    x.state = state;
    struct {
      nlmsghdr head{};
      nlmsgerr said{};
      char more[256]{};
    } answer;
    return ::send(hub_, &x, sizeof x, 0) == static_cast<ssize_t>(sizeof x) && ::recv(hub_, &answer, sizeof answer, 0) > 0
           && answer.head.nlmsg_type == NLMSG_ERROR && answer.said.error == 0;
  }
  template <class... T>
  static bool run(fmt::format_string<T...> how, T&&... with) {
    return std::system((fmt::format(how, std::forward<T>(with)...) + " 2>/dev/null").c_str()) == 0;
  }
  std::string tag_;
  int spaces_;
  int hub_ = -1;
  std::vector<unsigned> ports_; ///< by interface number
  bool ok_ = false;
};

} // namespace troupe::bench
