#include "tests/bench/storage/bare_rocks.hpp"

#include <fmt/format.h>
#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace troupe::bench {

double bare_rocks_writes(const std::string& folder, int writers, double seconds) {
  rocksdb::Options how;
  how.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(how, folder, &opened).ok())
    return 0;
  const std::unique_ptr<rocksdb::DB> db{opened};
  rocksdb::WriteOptions durable;
  durable.sync = true;
  std::atomic<long> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> all;
  const auto begun = std::chrono::steady_clock::now();
  for (int w = 0; w < writers; ++w)
    all.emplace_back([&, w] {
      for (long n = 0; !stop; ++n)
        done += db->Put(durable, fmt::format("{:03}/{:012}", w, n % 100), fmt::format("{:0100}", n)).ok() ? 1 : 0;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>{seconds});
  stop = true;
  const auto n = static_cast<double>(done);
  const auto passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  for (auto& x : all)
    x.join();
  return n / passed;
}

} // namespace troupe::bench
