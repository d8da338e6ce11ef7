#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace troupe::control {

/// Keeps those in bounds who have not shown a certificate: half-open
/// handshakes, and callers who want to enrol. At a bound the one that has
/// waited longest goes, of the address that has most: so somebody who opens
/// connections and says nothing pushes out himself, and an honest caller, who
/// is through within some round trips, hardly notices.
///
/// Pure; one thread.
class strangers {
public:
  using id = std::uint64_t;

  /// Ids must grow: a smaller one came earlier.
  strangers(std::size_t most, std::size_t most_per_address)
    : most_(most), most_per_address_(most_per_address) {}

  /// @returns who must go to make room, if anybody: `who` itself when all
  ///          others are at work.
  [[nodiscard]] std::optional<id> enter(id who, const std::string& address);

  /// A worker has its request: it will not be asked to go.
  void at_work(id who, const std::string& address);

  void leave(id who, const std::string& address);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
  struct queue {
    std::set<id> waiting;
    std::size_t working = 0;
    [[nodiscard]] std::size_t size() const noexcept { return waiting.size() + working; }
  };

  std::map<std::string, queue> all_;
  std::size_t size_ = 0;
  std::size_t most_;
  std::size_t most_per_address_;
};

/// Says which refusals are logged: so many a second, and then their number, so
/// that a flood of strangers does not become a flood of log lines.
class refusal_pace {
public:
  explicit refusal_pace(std::size_t per_second) : per_second_(per_second) {}

  /// @returns how many were passed over since the last that was told, 0 usually;
  ///          nothing if this one is passed over too.
  [[nodiscard]] std::optional<std::size_t> tell(std::int64_t now_ns);

private:
  std::size_t per_second_;
  std::int64_t second_ = -1;
  std::size_t told_ = 0;
  std::size_t passed_over_ = 0;
};

} // namespace troupe::control
