#include "apps/daemon/node_names.hpp"

#include "apps/daemon/desired.hpp"
#include "storage/replication.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

/// A hash that nobody knows stands in many events; the store is not read for each.
constexpr mono_ns read_pause = 1'000'000'000;

} // namespace

node_names::node_names(const storage::store& disk, const clock_source& clocks, std::string self) : disk_(disk), clocks_(clocks) {
  known_[storage::node_hash(self)] = std::move(self);
}

std::string node_names::of(std::uint64_t hash) const {
  std::lock_guard lock{mutex_};
  const auto find = [&] {
    const auto found = known_.find(hash);
    return found == known_.end() ? std::string{} : found->second;
  };
  if (auto name = find(); !name.empty())
    return name;
  const auto now = clocks_.mono();
  if (read_at_ == 0 || now - read_at_ >= read_pause) {
    read_at_ = now;
    const auto add = [&](std::string name) { known_[storage::node_hash(name)] = std::move(name); };
    for (const auto& x : disk_.list(storage::slot_kind::map, std::string{storage::member_prefix}))
      add(x.key.substr(storage::member_prefix.size()));
    for (const auto& x : disk_.list(storage::slot_kind::map, "desired/"))
      add(desired::node_of(x.key));
  }
  auto name = find();
  return name.empty() ? fmt::format("node-{:08x}", hash >> 32) : name;
}

} // namespace troupe::daemon
