// The store of one node: durable writes beside the bare disk and the bare RocksDB
// of the same run, in turns; opening, memory, check points.
// bench_storage [FOLDER]: the folder decides which disk is measured.

#include "storage/rocks/rocks_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/bench/storage/bare_rocks.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/temp_folder.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace troupe::storage;
using bench::better;
using bench::note;
using bench::row;

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point x) {
  return std::chrono::duration<double>(clock_type::now() - x).count();
}

double resident_mib() {
  std::ifstream in{"/proc/self/statm"};
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// Raw append and fdatasync of 120 bytes, for one second.
double raw_syncs(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const std::string bytes(120, 'x');
  const auto begun = clock_type::now();
  double n = 0;
  while (seconds_since(begun) < 1.0) {
    if (::write(fd, bytes.data(), bytes.size()) < 0 || ::fdatasync(fd) != 0)
      break;
    ++n;
  }
  ::close(fd);
  return n / seconds_since(begun);
}

std::unique_ptr<store> open_store(const std::string& folder) {
  store_options options;
  options.ring_path = folder + "/pulse.ring";
  options.flash_bytes_per_day = 0;
  options.max_pending_ops = 1'000'000;
  auto disk = open_rocks(folder + "/db");
  if (!disk)
    return nullptr;
  auto x = replicated_store::open(std::move(*disk), options, system_clocks());
  if (!x) {
    std::puts(to_string(x.why()).c_str());
    return nullptr;
  }
  return std::move(*x);
}

/// The store's thread, as the node runs it.
class worker {
public:
  explicit worker(store& x) : store_(x) {
    x.set_wake([this] {
      std::lock_guard lock{mutex_};
      woken_ = true;
      changed_.notify_one();
    });
    thread_ = std::thread{[this] { run(); }};
  }
  ~worker() {
    {
      std::lock_guard lock{mutex_};
      stop_ = woken_ = true;
      changed_.notify_one();
    }
    thread_.join();
  }

private:
  void run() {
    std::unique_lock lock{mutex_};
    while (!stop_) {
      woken_ = false;
      lock.unlock();
      const auto next = store_.work();
      lock.lock();
      const auto now = system_clocks().mono();
      const auto pause = std::clamp<mono_ns>(next - now, 0, 1'000'000'000);
      changed_.wait_for(lock, std::chrono::nanoseconds{pause}, [this] { return woken_; });
    }
  }

  store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stop_ = false;
  std::thread thread_;
};

double durable_writes(const std::string& folder, int writers) {
  auto it = open_store(folder);
  if (!it)
    return 0;
  worker thread{*it};
  std::atomic<long> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> all;
  for (int w = 0; w < writers; ++w)
    all.emplace_back([&, w] {
      std::mutex mutex;
      std::condition_variable changed;
      for (long n = 0; !stop; ++n) {
        bool told = false;
        (void)it->put(slot_kind::map, fmt::format("w{}/{}", w, n % 100),
                      fmt::format("{:0100}", n), [&](const status&) {
                        std::lock_guard lock{mutex};
                        told = true;
                        changed.notify_one();
                      });
        std::unique_lock lock{mutex};
        changed.wait(lock, [&] { return told; });
        ++done;
      }
    });
  const auto begun = clock_type::now();
  std::this_thread::sleep_for(std::chrono::seconds{2});
  const auto rate = static_cast<double>(done) / seconds_since(begun);
  stop = true;
  for (auto& x : all)
    x.join();
  return rate;
}

} // namespace

int main(int count, char** words) {
  const std::string below = count > 1 ? words[1] : "/tmp";
  std::vector<double> raw, rocks[2], ours[2];
  constexpr int writers[2] = {1, 16};
  for (int round = 0; round < 3; ++round) { // in turns, so that what disturbs one disturbs its neighbours
    test::temp_folder folder{below};
    raw.push_back(raw_syncs(folder / "raw"));
    for (int i = 0; i < 2; ++i) {
      rocks[i].push_back(bench::bare_rocks_writes(folder / fmt::format("rocks{}", i), writers[i], 1.5));
      ours[i].push_back(durable_writes(folder.path(), writers[i]));
    }
  }
  const auto ratio = [](const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<double> all;
    for (std::size_t i = 0; i < x.size(); ++i)
      all.push_back(x[i] / y[i]);
    return bench::percentile(all, 0.5);
  };
  note("raw append + fdatasync", bench::percentile(raw, 0.5), "1/s");
  for (int i = 0; i < 2; ++i) {
    const auto who = fmt::format("{} writer{}", writers[i], i == 0 ? "" : "s");
    note("bare RocksDB, " + who, bench::percentile(rocks[i], 0.5), "1/s");
    note("durable writes, " + who, bench::percentile(ours[i], 0.5), "1/s");
    row("durable writes, " + who + ", times the raw rate", ratio(ours[i], raw), "times", i == 0 ? 0.5 : 2, better::higher);
    row("durable writes, " + who + ", times bare RocksDB", ratio(ours[i], rocks[i]), "times", 1, better::higher);
  }
  const auto empty = resident_mib();
  for (const int entries : {1'000, 10'000, 100'000}) {
    test::temp_folder folder{below};
    {
      auto it = open_store(folder.path());
      if (!it)
        return 1;
      for (int i = 0; i < entries; ++i) {
        (void)it->put(slot_kind::map, fmt::format("channel/{:06}", i), std::string(100, 'v'));
        if (i % 5'000 == 4'999)
          (void)it->work();
      }
      (void)it->work();
      (void)it->close();
    }
    const auto begun = clock_type::now();
    auto it = open_store(folder.path());
    const auto ms = seconds_since(begun) * 1000;
    row(fmt::format("open, {} entries", entries), ms, "ms", entries == 100'000 ? 1000 : 100, better::lower);
    if (entries == 100'000)
      row("resident, 100000 entries", resident_mib() - empty, "MiB", 80, better::lower);
    if (entries == 1'000) {
      const auto start = clock_type::now();
      constexpr int pages = 500;
      std::uint64_t told = 0;
      for (int i = 0; i < pages; ++i) {
        for (int c = 0; c < 8; ++c)
          it->counted(fmt::format("counter/{}", c), told + 1);
        ++told;
        it->checkpoint_now();
        (void)it->work();
      }
      row("ring check point, 8 counters", seconds_since(start) / pages * 1e6, "µs", 5'000, better::lower);
      const auto put_start = clock_type::now();
      constexpr int rounds = 100'000;
      std::size_t seen = 0;
      for (int i = 0; i < rounds; ++i) {
        const auto key = fmt::format("channel/{:06}", i % 1'000);
        (void)it->put(slot_kind::own, key, std::to_string(i));
        seen += it->get(slot_kind::own, key)->payload.size();
      }
      row("put + get in RAM", seconds_since(put_start) / rounds * 1e9, "ns", 10'000, better::lower);
      if (seen == 0)
        return 1;
    }
  }
  return 0;
}
