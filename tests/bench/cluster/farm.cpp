#include "tests/bench/cluster/farm.hpp"

#include "apps/client/node.hpp"
#include "tests/support/free_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace troupe::bench {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

using test::free_port;

std::int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

void sleep_until_ns(std::int64_t at) {
  const timespec t{static_cast<time_t>(at / 1'000'000'000), static_cast<long>(at % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

void pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

farm::farm() {
  auto pattern = (fs::temp_directory_path() / "troupe-farm.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make " + pattern);
  dir_ = pattern;
}

void farm::kill_all() {
  for (const auto& [name, pid] : pids_)
    ::kill(pid, SIGKILL);
  for (const auto& [name, pid] : pids_)
    waitpid(pid, nullptr, 0);
  pids_.clear();
}

farm::~farm() {
  kill_all();
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

void farm::add(plan x) {
  static std::set<int> taken;
  int port = free_port();
  while (!taken.insert(port).second)
    port = free_port();
  ports_[x.name] = port;
  plans_[x.name] = std::move(x);
}

void farm::write() {
  for (const auto& [name, x] : plans_) {
    fs::create_directories(folder(name) + "/pki");
    (void)test::write_credentials(folder(name) + "/pki", authority_.issue(name), authority_.certificate());
    std::string peers;
    for (const auto& peer : x.peers)
      peers += fmt::format("{}\"{}@{}:{}\"", peers.empty() ? "" : ", ", peer, plans_.at(peer).address, ports_.at(peer));
    std::ofstream{config_file(name)} << fmt::format("name = \"{0}\"\ndata-dir = \"{1}/data\"\npki-dir = \"{1}/pki\"\n"
                                                    "socket = \"{1}/s\"\nlisten = [\"{2}:{3}\"]\npeers = [{4}]\n{5}",
                                                    name, folder(name), x.address, ports_.at(name), peers, x.more);
    std::ofstream{house_file(name)} << x.house;
  }
}

void farm::start(const std::string& name) {
  const auto& x = plans_.at(name);
  std::vector<std::string> words;
  if (!x.net_namespace.empty())
    words = {"/usr/bin/env", "ip", "netns", "exec", x.net_namespace};
  const char* other = std::getenv("BENCH_TROUPED"); // to compare two builds
  if (x.program.empty())
    words.push_back(other != nullptr ? other : std::string{TROUPE_BIN} + "/trouped");
  else
    words.insert(words.end(), x.program.begin(), x.program.end());
  words.insert(words.end(), {"--config", config_file(name), "--house", house_file(name)});
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto log_path = folder(name) + "/log";
  const auto pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); // a bench that dies takes its nodes with it
    const int fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    for (const auto& one : x.environment)
      putenv(const_cast<char*>(one.c_str()));
    execv(argv[0], argv.data());
    _exit(127);
  }
  pids_[name] = pid;
}

void farm::signal(const std::string& name, int what) const { ::kill(pids_.at(name), what); }

void farm::kill(const std::string& name) {
  const auto at = pids_.find(name);
  if (at == pids_.end())
    return;
  ::kill(at->second, SIGKILL);
  waitpid(at->second, nullptr, 0);
  pids_.erase(at);
}

std::vector<std::string> farm::names() const {
  std::vector<std::string> all;
  for (const auto& [name, x] : plans_)
    all.push_back(name);
  return all;
}

std::string farm::log(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream{folder(name) + "/log"}.rdbuf();
  auto all = text.str();
  return all.size() > 3000 ? all.substr(all.size() - 3000) : all;
}

nlohmann::json farm::get(const std::string& name, const std::string& path) const {
  client::target to;
  to.socket = socket(name);
  const client::node node{client::resolve(to), std::chrono::seconds{5}};
  auto said = node.get(path);
  return said ? *said : nlohmann::json{};
}

std::size_t farm::alive_at(const std::string& name) const {
  const auto said = get(name, "/v1/members");
  std::size_t count = 0;
  if (said.is_object())
    for (const auto& x : said["members"])
      count += x.value("standing", "") == "alive" ? 1 : 0;
  return count;
}

double farm::await_alive(const std::vector<std::string>& who, std::size_t count, std::chrono::milliseconds limit,
                         std::chrono::milliseconds look_every) const {
  const auto began = clock::now();
  for (const auto& name : who)
    while (alive_at(name) != count) {
      if (clock::now() - began > limit)
        return -1;
      pause(look_every);
    }
  return std::chrono::duration<double>(clock::now() - began).count();
}

usage usage_of(pid_t pid) {
  usage sum;
  const auto proc = fmt::format("/proc/{}", pid);
  const auto field = [](const std::string& path, const std::string& key) {
    std::ifstream file{path};
    std::string word;
    double x = 0;
    while (file >> word)
      if (word == key) {
        file >> x;
        break;
      }
    return x;
  };
  std::error_code gone;
  for (const auto& task : fs::directory_iterator(proc + "/task", gone))
    sum.wakeups += field(task.path() / "status", "voluntary_ctxt_switches:");
  std::ifstream stat{proc + "/stat"};
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  if (const auto at = text.rfind(')'); at != std::string::npos) {
    std::istringstream rest{text.substr(at + 2)};
    std::string skipped;
    for (int i = 0; i < 11; ++i)
      rest >> skipped;
    double user = 0, system = 0;
    rest >> user >> system;
    sum.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  sum.rss_mib = field(proc + "/status", "VmRSS:") / 1024;
  return sum;
}

} // namespace troupe::bench
