#pragma once

#include <string>

namespace troupe::bench {

/// RocksDB as it is installed, with its own options: put with sync, 16-byte keys
/// and 100-byte values. It commits the writes of several threads together.
/// @returns writes a second; 0 if it cannot be opened
[[nodiscard]] double bare_rocks_writes(const std::string& folder, int writers, double seconds);

} // namespace troupe::bench
