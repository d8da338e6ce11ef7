#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::daemon {

/// What a processor has done since the machine started, in ticks of the kernel's clock (USER_HZ). Source: proc_stat(5).
struct processor_ticks {
  std::uint64_t busy = 0;   ///< without what gives way: processes of nice over 0
  std::uint64_t stolen = 0; ///< by other virtual machines
  std::uint64_t free = 0;   ///< idle, waiting for a disk, or with what gives way
};

/// @param which as the kernel names it: "cpu0"; "cpu" is all together
/// @param root of the file system; another one in tests
/// @returns nothing where the kernel does not say
[[nodiscard]] std::optional<processor_ticks> ticks_of(const std::string& which, const std::string& root = "");

} // namespace troupe::daemon
