#pragma once

#include "storage/engine.hpp"

#include <array>
#include <deque>
#include <map>
#include <mutex>

namespace troupe::storage {

/// A disk in RAM that behaves like one: what was not synced is lost in a
/// crash, from the end. Outlives the engines that use it, so that tests and
/// the simulator can cut the power and open again.
///
/// Threads: any.
class memory_disk {
public:
  /// Kernels write back by themselves: so many unsynced batches at most wait.
  static constexpr std::size_t max_unsynced = 4096;

  using table = std::map<std::string, std::string, std::less<>>;
  using image = std::array<table, family_count>;

  void apply(const batch& changes, bool sync);

  /// Cuts the power: the first `keep` unsynced batches survive.
  void crash(std::size_t keep = 0);

  /// Everything gone, as after a `move_aside`.
  void wipe();

  [[nodiscard]] std::size_t unsynced() const;
  [[nodiscard]] bool ever_written() const;
  [[nodiscard]] table content(family where) const;

  /// Changes stored bytes behind everybody's back, for tests of damage.
  void tamper(family where, const std::string& key, std::string value);

  [[nodiscard]] std::string ring(const std::string& path) const;
  void write_ring(const std::string& path, std::size_t offset, std::string_view bytes);

private:
  static void apply_to(image& to, const batch& changes);

  mutable std::mutex mutex_;
  image durable_;
  image present_; ///< durable and the unsynced ones
  std::deque<batch> unsynced_;
  std::map<std::string, std::string> rings_;
};

/// The engine contract over a `memory_disk`. Needs no files; used by tests,
/// simulations and nodes that shall forget.
[[nodiscard]] std::unique_ptr<engine>
make_memory_engine(std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>());

} // namespace troupe::storage
