#include "config/load/items.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

namespace troupe::load {

namespace {

/// Below that a server spends its budget on others' counters while pulses come, and
/// stops covering them (docs/counters.md).
constexpr std::uint64_t covering_a_day = 2ull << 30;

} // namespace

void check_server(const item<node_config>& x, std::vector<problem>& found) {
  if (!x.is.server || x.is.flash_bytes_per_day >= covering_a_day || x.bad.contains("server") || x.bad.contains("flash-per-day"))
    return;
  found.push_back(at_key(*x.doc, x.wrote("flash-per-day") ? "flash-per-day" : "server",
                         fmt::format("server is on, and flash-per-day is {} MiB: when that is used up, this server no longer keeps what "
                                     "nodes of other power domains count, and they write more to their own disks",
                                     x.is.flash_bytes_per_day >> 20),
                         "Write flash-per-day = \"4GiB\"."));
  found.back().fatal = false;
}

} // namespace troupe::load
