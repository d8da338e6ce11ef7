#pragma once

#include <fstream>
#include <string>

namespace troupe {

/// Tells one boot of the machine from another; empty where the kernel has none.
/// Within one boot CLOCK_MONOTONIC says how long a process was away, whatever
/// the wall clock does.
inline const std::string& boot_id() {
  static const std::string id = [] {
    std::string text;
    std::ifstream{"/proc/sys/kernel/random/boot_id"} >> text;
    return text;
  }();
  return id;
}

} // namespace troupe
