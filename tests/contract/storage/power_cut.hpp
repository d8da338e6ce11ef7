#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace troupe::test {

struct power_cut_plan {
  long cycles = 100;
  std::uint64_t seed = 1;
  bool preallocate = true;
  /// Where the disk's folder is made; RAM where there is some.
  std::string below = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
};

struct power_cut_outcome {
  long failed_opens = 0; ///< the database did not open again
  long lost = 0;         ///< cycles in which a synced batch was missing
  long split = 0;        ///< keys where a batch was applied in part, or with a hole before it
  long batches = 0;
  long synced = 0;
  std::string text;      ///< all of it, and the command that repeats it
};

/// Writes numbered batches over several families, cuts the power at a random
/// file operation, opens again and looks: exactly the first L batches must be
/// there, whole, and L must reach the last synced one.
[[nodiscard]] power_cut_outcome run_power_cuts(const power_cut_plan& plan);

} // namespace troupe::test
