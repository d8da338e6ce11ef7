#include "tests/e2e/discovery/village.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace troupe::test {

namespace {

void write_file(const std::string& name, const std::string& text) {
  std::ofstream{name} << text;
}

std::string isolate() {
  for (const auto* x : {"avahi-daemon", "dbus-daemon", "ip", "nsenter", "unshare"}) {
    bool found = false;
    for (const auto* folder : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
      found = found || std::filesystem::exists(std::string{folder} + x);
    if (!found)
      return std::string{x} + " is not installed (packaging/test-packages)";
  }
  // Not in a user namespace: avahi-daemon gives its folder to its own user, who
  // does not exist there.
  if (::geteuid() != 0)
    return "avahi-daemon wants root; run the test as root";
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
    return std::string{"the kernel allows no network namespace: "} + std::strerror(errno);
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return std::string{"the kernel allows no private mounts: "} + std::strerror(errno);
  return {};
}

const auto* const before_main = &no_village();

} // namespace

const std::string& no_village() {
  static const std::string why = isolate();
  return why;
}

bool skipped() {
  if (no_village().empty())
    return false;
  std::printf("SKIPPED: discovery needs avahi-daemons in namespaces of their own, and %s\n", no_village().c_str());
  return true;
}

bool within(int seconds, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

process::process(const std::vector<std::string>& command, const std::string& output) : output_{output} {
  std::vector<char*> words;
  for (const auto& x : command)
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    std::abort();
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(1);
    const int to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(ends[0], 0);
    ::dup2(to, 1);
    ::dup2(to, 2);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  ::close(ends[0]);
  input_ = ends[1];
}

std::string process::said() const {
  std::ostringstream all;
  all << std::ifstream{output_}.rdbuf();
  return all.str();
}

bool process::says(const std::string& what, int within_s) const {
  return within(within_s, [&] { return said().find(what) != std::string::npos; });
}

void process::send(int signal) const { ::kill(pid_, signal); }

void process::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
  if (input_ >= 0)
    ::close(input_);
  input_ = -1;
}

bool process::end(int within_s) {
  ::close(input_);
  input_ = -1;
  const bool ended = within(within_s, [&] { return ::waitpid(pid_, nullptr, WNOHANG) == pid_; });
  if (ended)
    pid_ = -1;
  kill();
  return ended;
}

machine::machine(const std::string& name) : name_{name} {
  held_ = std::make_unique<process>(
    std::vector<std::string>{"unshare", "--net", "--mount", "sh", "-c",
                             "mount -t tmpfs none /run && mkdir /run/avahi-daemon && ip link set lo up && "
                             "echo ready && exec sleep 600"},
    folder_ / "machine");
  if (!held_->says("ready"))
    std::abort();
  write_file(folder_ / "bus.conf",
             "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
             " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
             "<busconfig><type>system</type><listen>unix:path="
               + (folder_ / "bus")
               + "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
                 "<allow send_type=\"*\"/><allow receive_type=\"*\"/></policy></busconfig>\n");
  write_file(folder_ / "avahi.conf", "[server]\nhost-name=" + name_
                                       + "\nallow-interfaces=v0\nuse-ipv4=yes\nuse-ipv6=yes\n"
                                         "[wide-area]\nenable-wide-area=no\n"
                                         "[publish]\npublish-workstation=no\n");
}

std::vector<std::string> machine::inside(const std::vector<std::string>& command) const {
  std::vector<std::string> all{"nsenter", "-t", std::to_string(held_->pid()), "-n", "-m", "env",
                               "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + (folder_ / "bus")};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

bool machine::run(const std::vector<std::string>& command) {
  process it{inside(command), folder_ / "run"};
  int status = 0;
  const bool ended = within(10, [&] { return ::waitpid(it.pid(), &status, WNOHANG) == it.pid(); });
  return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void machine::start_bus() {
  std::filesystem::remove(folder_ / "bus");
  bus_ = std::make_unique<process>(
    inside({"dbus-daemon", "--config-file=" + (folder_ / "bus.conf"), "--nofork", "--nopidfile"}),
    folder_ / "bus.out");
  within(10, [&] { return std::filesystem::exists(folder_ / "bus"); });
}

void machine::start_avahi() {
  // A killed one leaves its pid file, and the next believes it.
  run({"rm", "-f", "/run/avahi-daemon/pid", "/run/avahi-daemon/socket"});
  avahi_ = std::make_unique<process>(inside({"avahi-daemon", "-f", folder_ / "avahi.conf", "--no-drop-root",
                                             "--no-chroot", "--no-rlimits"}),
                                     folder_ / ("avahi.out" + std::to_string(++started_)));
}

std::unique_ptr<process> machine::discover(const std::string& name, int port, const std::string& house) {
  return std::make_unique<process>(inside({TROUPE_BIN "/discover", name, std::to_string(port), house}),
                                   folder_ / ("discover.out" + std::to_string(++started_)));
}

bool join(machine& one, machine& other, bool ipv4) {
  if (!one.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns",
                std::to_string(other.pid())}))
    return false;
  int n = 0;
  for (auto* x : {&one, &other}) {
    ++n;
    // Only saves a second or two where the kernel lets us.
    x->run({"sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/v0/accept_dad"});
    if (ipv4 && !x->run({"ip", "addr", "add", "10.77.0." + std::to_string(n) + "/24", "dev", "v0"}))
      return false;
    if (!x->run({"ip", "link", "set", "v0", "up", "multicast", "on"}))
      return false;
  }
  return true;
}

} // namespace troupe::test
