#pragma once

#include <cstdint>

namespace troupe::cluster {

/// How much may be under way to one peer. Sequence numbers start at 1.
class window {
public:
  explicit constexpr window(std::uint64_t most) : most_(most) {}

  [[nodiscard]] constexpr bool is_open() const noexcept { return sent_ - taken_ < most_; }
  [[nodiscard]] constexpr std::uint64_t under_way() const noexcept { return sent_ - taken_; }
  /// @pre is_open() @returns the number of what is sent now
  constexpr std::uint64_t send() noexcept { return ++sent_; }
  /// A peer that acknowledges what was never sent, or goes back, is ignored.
  constexpr void taken(std::uint64_t seq) noexcept {
    if (seq > taken_ && seq <= sent_)
      taken_ = seq;
  }

private:
  std::uint64_t most_;
  std::uint64_t sent_ = 0;
  std::uint64_t taken_ = 0;
};

} // namespace troupe::cluster
