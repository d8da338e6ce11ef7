// A whole node as it ships: how long until it answers, what it holds in
// memory, and what it costs while nothing happens.

#include "tests/support/bench.hpp"
#include "tests/support/test_house.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// A node with `n` channels: half inputs, half outputs, on the simulator's
/// quiet generic lines.
std::string quiet_house(int n) {
  std::string text = "[bus.sim]\ndriver = \"sim\"\n";
  for (int i = 0; i < n / 2; ++i)
    text += fmt::format("[channel.\"in/{0}\"]\nbus = \"sim\"\nline = \"in.{0}\"\ndirection = \"input\"\n"
                        "[channel.\"out/{0}\"]\nbus = \"sim\"\nline = \"out.{0}\"\ndirection = \"output\"\n",
                        i);
  return text;
}

struct usage {
  double cpu_s = 0;
  double wakeups = 0;
  double rss_kib = 0;
  double pss_kib = 0;
};

double field(const std::string& path, const std::string& key) {
  std::ifstream file{path};
  std::string word;
  while (file >> word)
    if (word == key) {
      double x = 0;
      file >> x;
      return x;
    }
  return 0;
}

usage measure(pid_t pid) {
  usage sum;
  const auto proc = fmt::format("/proc/{}", pid);
  for (const auto& task : std::filesystem::directory_iterator(proc + "/task")) {
    sum.wakeups += field(task.path() / "status", "voluntary_ctxt_switches:");
    std::ifstream stat{task.path() / "stat"};
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    std::istringstream rest{text.substr(text.rfind(')') + 2)};
    std::string skipped;
    for (int i = 0; i < 11; ++i)
      rest >> skipped;
    double user = 0, system = 0;
    rest >> user >> system;
    sum.cpu_s += (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  sum.rss_kib = field(proc + "/status", "VmRSS:");
  sum.pss_kib = field(proc + "/smaps_rollup", "Pss:");
  return sum;
}

double start_ms(test::test_house& house) {
  const auto t0 = std::chrono::steady_clock::now();
  house.start();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - t0).count();
}

void measure_node(int channels) {
  test::test_house house{quiet_house(channels)};
  start_ms(house);
  house.stop();
  std::vector<double> starts;
  for (int i = 0; i < 7; ++i) {
    if (i > 0)
      house.stop();
    starts.push_back(start_ms(house));
  }
  const auto name = fmt::format("{} channels: ", channels);
  bench::row(name + "start to first answer, p50", bench::percentile(starts, 0.5), "ms", 100, bench::better::lower);
  test::test_house::pause(5s);
  const auto before = measure(house.pid());
  constexpr auto window = 20s;
  test::test_house::pause(window);
  const auto after = measure(house.pid());
  const double seconds = std::chrono::duration<double>(window).count();
  bench::row(name + "resident memory", after.rss_kib / 1024, "MiB", 30, bench::better::lower);
  bench::note(name + "proportional memory (shared libraries shared)", after.pss_kib / 1024, "MiB");
  bench::row(name + "idle CPU of one core", (after.cpu_s - before.cpu_s) / seconds * 100, "%", 0.1, bench::better::lower);
  bench::row(name + "idle wake-ups", (after.wakeups - before.wakeups) / seconds, "1/s", 20, bench::better::lower);
}

} // namespace

int main() {
  measure_node(64);
}
