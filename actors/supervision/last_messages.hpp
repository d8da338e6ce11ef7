#pragma once

#include "config/model/time.hpp"

#include <caf/message_view.hpp>
#include <caf/rtti_pair.hpp>
#include <caf/type_erased_tuple.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <typeinfo>

namespace troupe::supervision {

/// The newest messages of one actor, for its post-mortem: when, and of which
/// types. Noting one costs a few nanoseconds and no memory; names are made when
/// somebody reads.
class last_messages {
public:
  static constexpr std::size_t kept = 8;

  void note(const caf::type_erased_tuple& x, mono_ns now) noexcept {
    auto& slot = ring_[next_++ % kept];
    const auto size = x.size();
    slot.at = now;
    slot.first = size > 0 ? packed(x.type(0)) : 0;
    slot.second = (size > 1 ? packed(x.type(1)) : 0) | (size > 2 ? more : 0);
  }

  /// Newest first: [{"ago_ms": 12.5, "message": "set, value"}].
  [[nodiscard]] nlohmann::json list(mono_ns now) const;

private:
  /// A type in one word: every actor of a node has this ring. The framework's
  /// own types are numbers, marked by the last bit; ours are addresses of their
  /// `type_info`, whose last two bits are free.
  static constexpr std::uintptr_t numbered = 1;
  static constexpr std::uintptr_t more = 2; ///< of `second`: others follow
  static std::uintptr_t packed(const caf::rtti_pair& x) noexcept {
    return x.second ? reinterpret_cast<std::uintptr_t>(x.second)
                    : std::uintptr_t{x.first} << 2 | numbered;
  }
  static caf::rtti_pair unpacked(std::uintptr_t x) noexcept {
    x &= ~more;
    if ((x & numbered) != 0)
      return {static_cast<std::uint16_t>(x >> 2), nullptr};
    return {0, reinterpret_cast<const std::type_info*>(x)};
  }

  struct row {
    mono_ns at = 0;
    std::uintptr_t first = 0;  ///< 0: an empty message
    std::uintptr_t second = 0; ///< 0: no second part
  };
  std::array<row, kept> ring_;
  std::size_t next_ = 0;
};

/// A type's name as written in the source, without namespaces.
std::string name_of(const caf::rtti_pair& type);

/// A message as text, at most `longest` characters, for post-mortems and taps.
std::string render(const caf::type_erased_tuple& x, std::size_t longest = 1000);

} // namespace troupe::supervision
