// What a write costs where there are two members, A and B, each a process with
// the real store, exchange, link and transport: until B can read it, and until
// it is durable at both. Beside it, in the same run and in turns, half a bare TLS
// echo of as many bytes, and the bare fdatasync of the same disk.
//
//   bench_replication_writes [--rounds N] [--count N] [--folder DIR]

#include "apps/daemon/threads/priority.hpp"
#include "tests/bench/cluster/echo.hpp"
#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/replication/member.hpp"
#include "tests/bench/replication/raw_disk.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

using namespace troupe;
using namespace troupe::bench;
using namespace std::chrono_literals;
using storage::ack;
using storage::slot_kind;

namespace {

/// Of both processes: when B was told of write n, CLOCK_MONOTONIC.
struct board {
  static constexpr std::size_t size = 1 << 16;
  std::atomic<std::uint32_t> port;
  std::atomic<std::int64_t> told[size];

  static board* open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(board)) != 0)
      throw std::runtime_error("cannot make " + path);
    auto* at = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED)
      throw std::runtime_error("cannot map " + path);
    return static_cast<board*>(at);
  }
};

/// B: stamps what its readers are told.
int be_b(const std::string& folder, const std::string& stamps) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  auto* to = board::open(stamps);
  member b{{"b", folder}};
  const auto feed = b.store().on_change(slot_kind::map, "w/", [to](const storage::entry& x, bool) {
    to->told[std::stoull(x.payload) % board::size] = now_ns();
  });
  to->port = b.listen();
  ::pause();
  return 0;
}

struct waiter {
  std::mutex mutex;
  std::condition_variable changed;
  std::int64_t at = 0;

  storage::on_durable callback() {
    at = 0;
    return [this](const status& how) {
      const auto now = how ? now_ns() : -1;
      std::lock_guard lock{mutex};
      at = now;
      changed.notify_one();
    };
  }
  /// @returns 0: not in time; less: refused
  std::int64_t wait() {
    std::unique_lock lock{mutex};
    changed.wait_for(lock, 5s, [&] { return at != 0; });
    return at;
  }
};

struct sample {
  double readable = -1, durable = -1; ///< nanoseconds; less than 0: it never was
};

class house {
public:
  house(member& a, board& stamps) : a_(a), stamps_(stamps) {}

  sample write(ack need) {
    const auto n = ++number_;
    auto& told = stamps_.told[n % board::size];
    told = 0;
    waiter w;
    const auto begun = now_ns();
    if (!a_.store().put(slot_kind::map, fmt::format("w/{}", n % 100), fmt::format("{:0100}", n), w.callback(), need))
      return {};
    const auto done = w.wait();
    for (int i = 0; told == 0 && i < 1000; ++i)
      pause(1ms);
    const auto of = [&](std::int64_t x) { return x > 0 ? static_cast<double>(x - begun) : -1.0; };
    return {of(told), of(done)};
  }

  /// So many writers for so long, each waiting for its own.
  double rate(int writers, double seconds, ack need) {
    std::atomic<long> done{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> all;
    const auto begun = now_ns();
    for (int i = 0; i < writers; ++i)
      all.emplace_back([&, i] {
        waiter w;
        for (long n = 0; !stop; ++n) {
          if (!a_.store().put(slot_kind::map, fmt::format("r/{}/{}", i, n % 100), fmt::format("{:0100}", n), w.callback(), need))
            break;
          done += w.wait() > 0 ? 1 : 0;
        }
      });
    pause(std::chrono::milliseconds{static_cast<int>(seconds * 1000)});
    stop = true;
    const auto passed = static_cast<double>(now_ns() - begun) / 1e9;
    const auto n = static_cast<double>(done);
    for (auto& x : all)
      x.join();
    return n / passed;
  }

private:
  member& a_;
  board& stamps_;
  std::uint64_t number_ = 0;
};

/// Every 20 ms, as in a house; or as fast as they are done.
template <class Once>
void course(std::size_t count, bool at_rest, Once once) {
  constexpr std::int64_t period = 20'000'000;
  auto at = now_ns() + period;
  for (std::size_t i = 0; i < count; ++i, at += period) {
    if (at_rest)
      sleep_until_ns(at);
    once();
  }
}

struct rounds {
  std::vector<std::vector<double>> of;
  void next() { of.emplace_back(); }
  void add(double x) {
    if (x >= 0)
      of.back().push_back(x);
  }
  [[nodiscard]] double us(double p) const {
    std::vector<double> all;
    for (const auto& x : of)
      all.insert(all.end(), x.begin(), x.end());
    return percentile(all, p) / 1e3;
  }
};

/// Of each round, so that what disturbs one round disturbs one ratio.
double ratio(const rounds& ours, const rounds& bare, double p) {
  std::vector<double> all;
  for (std::size_t i = 0; i < ours.of.size(); ++i) {
    auto x = ours.of[i], y = bare.of[i];
    if (!x.empty() && !y.empty())
      all.push_back(percentile(x, p) / percentile(y, p));
  }
  return percentile(all, 0.5);
}

void tell(const std::string& what, const rounds& x) {
  note(what + ", p50", x.us(0.5), "µs");
  note(what + ", p99", x.us(0.99), "µs");
}

int run(int argc, char** argv) {
  CLI::App app{"A write with two members, against a bare TLS echo and the bare disk."};
  std::size_t count = 150, round_count = 5;
  std::string below = "/tmp", role, folder, stamps;
  app.add_option("--count", count, "writes of a round")->capture_default_str();
  app.add_option("--rounds", round_count, "of everything in turns")->capture_default_str();
  app.add_option("--folder", below, "whose disk is measured")->capture_default_str();
  app.add_option("--be", role)->group("");
  app.add_option("--dir", folder)->group("");
  app.add_option("--stamps", stamps)->group("");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::err);
  ::signal(SIGPIPE, SIG_IGN);
  if (role == "b")
    return be_b(folder, stamps);

  ::prctl(PR_SET_TIMERSLACK, 1UL);
  (void)daemon::take(daemon::turn::actor); // the bare echo's processes
  const test::temp_folder top{below};
  echo bare{course_kind::echo, top / "echo"}; // forks: before there are threads
  (void)daemon::take(daemon::turn::fair); // what the members make themselves is as in a node
  const test::test_authority authority{"bench"};
  for (const auto* name : {"a", "b"}) {
    std::filesystem::create_directories(top / name + "/pki");
    (void)test::write_credentials(top / name + "/pki", authority.issue(name), authority.certificate());
  }
  auto* shared = board::open(top / "stamps");
  const auto b_folder = top / "b", stamp_file = top / "stamps";
  const auto b = ::fork();
  if (b == 0) {
    ::execl("/proc/self/exe", "bench_replication_writes", "--be", "b", "--dir", b_folder.c_str(), "--stamps", stamp_file.c_str(), nullptr);
    ::_exit(127);
  }
  struct ender {
    pid_t pid;
    ~ender() {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  } const at_end{b};
  for (int i = 0; shared->port == 0 && i < 1000; ++i)
    pause(10ms);
  member a{{"a", top / "a"}};
  (void)daemon::take(daemon::turn::actor); // as who writes in a node; the bare disk too
  a.dial("b", static_cast<std::uint16_t>(shared->port.load()));
  if (!a.await_equal("b", 10s))
    throw std::runtime_error("the two members do not exchange");
  house both{a, *shared};
  raw_disk disk{top / "raw"};

  note("load of the machine, one minute", [] { double x = 0; std::ifstream{"/proc/loadavg"} >> x; return x; }(), "");
  for (int i = 0; i < 200; ++i)
    (void)both.write(ack::peer);
  const auto before = a.with("b");
  constexpr int probe = 100;
  for (int i = 0; i < probe; ++i)
    (void)both.write(ack::peer);
  const auto after = a.with("b");
  const auto out = (after.out - before.out) / probe, in = (after.in - before.in) / probe;
  note("bytes of frames of one write, there", static_cast<double>(out), "bytes");
  note("bytes of frames of one write, back", static_cast<double>(in), "bytes");

  for (const bool at_rest : {true, false}) {
    rounds readable, peer, local, half, sync;
    std::size_t lost = 0;
    for (std::size_t i = 0; i < round_count; ++i) {
      for (auto* x : {&readable, &peer, &local, &half, &sync})
        x->next();
      course(count, at_rest, [&] {
        const auto x = both.write(ack::peer);
        lost += x.readable < 0 || x.durable < 0 ? 1 : 0;
        readable.add(x.readable);
        peer.add(x.durable);
      });
      course(count, at_rest, [&] { local.add(both.write(ack::local).durable); });
      course(count, at_rest, [&] { half.add(bare.round_trip_ns(std::max<std::size_t>(out, 64), std::max<std::size_t>(out, 64)) / 2); });
      course(count, at_rest, [&] { sync.add(disk.write()); });
    }
    const std::string name = at_rest ? "50 writes/s: " : "back to back: ";
    tell(name + "half a bare TLS echo", half);
    tell(name + "written on A, readable on B", readable);
    row(name + "readable on B, p50, times half the echo", ratio(readable, half, 0.5), "times", 2.5, better::lower);
    note(name + "readable on B, p99, times half the echo", ratio(readable, half, 0.99), "times");
    tell(name + "bare append + fdatasync", sync);
    tell(name + "durable here (ack local)", local);
    tell(name + "durable here and on B (ack peer)", peer);
    note(name + "durable here, p50, times fdatasync", ratio(local, sync, 0.5), "times");
    row(name + "durable here and on B, p50, times fdatasync", ratio(peer, sync, 0.5), "times", 3, better::lower);
    note(name + "durable here and on B, p99, times fdatasync", ratio(peer, sync, 0.99), "times");
    row(name + "writes that B never showed, or never confirmed", static_cast<double>(lost), "", 0.5, better::lower);
  }
  std::vector<double> one, many;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto raw = disk.rate(1);
    const auto single = both.rate(1, 1.5, ack::peer), sixteen = both.rate(16, 1.5, ack::peer);
    note("bare append + fdatasync", raw, "1/s");
    note("ack peer, 1 writer", single, "1/s");
    note("ack peer, 16 writers", sixteen, "1/s");
    one.push_back(single / raw);
    many.push_back(sixteen / raw);
  }
  note("ack peer, 1 writer, times the raw rate (median of 3)", percentile(one, 0.5), "times");
  row("ack peer, 16 writers, times the raw rate (median of 3)", percentile(many, 0.5), "times", 4, better::higher);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "%s\n", why.what());
    return 1;
  }
}
