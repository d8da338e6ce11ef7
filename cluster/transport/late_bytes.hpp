#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace troupe::cluster {

/// What a peer has said and what counts as not yet come: the link is cut, or slow,
/// for a drill. In order; nothing is lost. Bounded by who adds. Threads: one.
class late_bytes {
public:
  using time = std::chrono::steady_clock::time_point;
  static constexpr time when_told = time::max(); ///< not before `release`

  /// @param due not before what came before it
  void add(const char* from, std::size_t n, time due);
  /// All of it has come now.
  void release();
  /// @returns how many bytes it wrote
  [[nodiscard]] std::size_t take(void* to, std::size_t most, time now);

  [[nodiscard]] bool due(time now) const { return !pieces_.empty() && pieces_.front().due <= now; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] time last_due() const { return pieces_.empty() ? time::min() : pieces_.back().due; }

private:
  struct piece {
    std::vector<char> bytes;
    std::size_t taken = 0;
    time due;
  };
  std::deque<piece> pieces_;
  std::size_t size_ = 0;
};

} // namespace troupe::cluster
