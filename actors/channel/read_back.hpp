#pragma once

#include "actors/bus/output_cell.hpp"
#include "config/model/house.hpp"

#include <optional>

namespace troupe {

/// Decides whether an output and what is read back of it have disagreed for
/// too long. Pure.
class read_back_watch {
public:
  explicit read_back_watch(milliseconds within)
    : within_(std::chrono::nanoseconds{within}.count()) {}

  /// @param agrees none: nothing was read back that can be trusted.
  /// @returns whether this is a deviation now.
  bool look(std::optional<bool> agrees, mono_ns changed_at, mono_ns now) {
    if (agrees.value_or(true)) {
      since_ = 0;
      deviates_ = deviates_ && !agrees.has_value();
      return deviates_;
    }
    if (since_ == 0)
      since_ = now;
    deviates_ = deviates_ || now >= due(changed_at);
    return deviates_;
  }

  /// When to look again; `no_deadline` if nothing will change by itself.
  [[nodiscard]] mono_ns next(mono_ns changed_at) const {
    return since_ == 0 || deviates_ ? no_deadline : due(changed_at);
  }

private:
  [[nodiscard]] mono_ns due(mono_ns changed_at) const {
    return std::max(since_, changed_at) + within_;
  }

  mono_ns within_;
  mono_ns since_ = 0; ///< 0: agrees or unknown
  bool deviates_ = false;
};

} // namespace troupe
