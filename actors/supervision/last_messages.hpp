#pragma once

#include "config/model/time.hpp"

#include <caf/message_view.hpp>
#include <caf/rtti_pair.hpp>
#include <caf/type_erased_tuple.hpp>
#include <nlohmann/json.hpp>

#include <array>

namespace troupe::supervision {

/// The newest messages of one actor, for its post-mortem: when, and of which
/// types. Noting one costs a few nanoseconds and no memory; names are made when
/// somebody reads.
class last_messages {
public:
  static constexpr std::size_t kept = 8;

  void note(const caf::type_erased_tuple& x, mono_ns now) noexcept {
    auto& slot = ring_[next_++ % kept];
    slot.at = now;
    slot.size = static_cast<std::uint32_t>(x.size());
    if (slot.size > 0)
      slot.first = x.type(0);
    if (slot.size > 1)
      slot.second = x.type(1);
  }

  /// Newest first: [{"ago_ms": 12.5, "message": "set, value"}].
  [[nodiscard]] nlohmann::json list(mono_ns now) const;

private:
  struct row {
    mono_ns at = 0;
    std::uint32_t size = 0;
    caf::rtti_pair first{0, nullptr};
    caf::rtti_pair second{0, nullptr};
  };
  std::array<row, kept> ring_;
  std::size_t next_ = 0;
};

/// A type's name as written in the source, without namespaces.
std::string name_of(const caf::rtti_pair& type);

/// A message as text, at most `longest` characters, for post-mortems and taps.
std::string render(const caf::type_erased_tuple& x, std::size_t longest = 1000);

} // namespace troupe::supervision
