#pragma once

#include "storage/memory/memory_engine.hpp"

#include <memory>
#include <optional>
#include <set>

namespace troupe::test {

/// What goes wrong, when. Shared between a test and the engine it breaks.
struct disk_trouble {
  std::set<std::uint64_t> fail_commits; ///< the nth commit since the beginning, from 1
  errc code = errc::io_error;
  bool comes_back = false;   ///< the failed batch is there after the next open
  bool refuse_writes = false; ///< every commit and every open for writing fails
  bool corrupt_open = false; ///< the next open finds damage
  bool ring_fails = false;
  std::uint64_t commits = 0;
  std::uint64_t opens = 0;
  std::uint64_t moved = 0;
};

/// The memory engine on a disk that fails as scripted. Passes the engine
/// contract while nothing is scripted; behaves after a failed commit as
/// RocksDB 7.8 was seen to: refuses all until reopened, and what failed may
/// come back.
[[nodiscard]] std::unique_ptr<storage::engine>
make_faulty_engine(std::shared_ptr<storage::memory_disk> disk,
                   std::shared_ptr<disk_trouble> trouble);

} // namespace troupe::test
