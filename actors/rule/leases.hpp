#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::rule {

/// When each held output is to be told again that it is still wanted: after a
/// third of its lease, so that two lost renewals do no harm. One timer serves
/// all; renewals that are nearly due go with those that are.
class leases {
public:
  /// How often an output that could not be reached, or that holds without a
  /// lease, is looked at.
  static constexpr milliseconds look_again{1000};
  /// How often a release is looked at. A silent link is down sooner, on radio too.
  static constexpr unsigned release_looks = 30;

  /// A command went out. @param incarnation of the output; 0: nobody there.
  void sent(const std::string& output, milliseconds lease, std::uint32_t incarnation,
            mono_ns now);
  void let_go(const std::string& output) { held_.erase(output); }
  /// A release went out to another node. It is seen to for as long as a dead
  /// link may pass for a living one, and repeated by `must_repeat` meanwhile.
  void released(const std::string& output, std::uint32_t incarnation, mono_ns now);

  /// Outputs whose turn it is. Each must be answered by `sent` or `renewed`.
  [[nodiscard]] std::vector<std::string> due(mono_ns now) const;
  /// @param is_there false: nothing could be said to it; it is looked for again
  /// @returns false: a release that needs no more looks, now forgotten
  bool renewed(const std::string& output, mono_ns now, bool is_there = true);

  /// An output that restarted has forgotten the slot, and what went over a link
  /// that ended may not have come: renewing is not enough.
  [[nodiscard]] bool must_repeat(const std::string& output, std::uint32_t incarnation) const;

  [[nodiscard]] std::optional<mono_ns> next() const;
  /// Not when it was released.
  [[nodiscard]] bool holds(const std::string& output) const;
  [[nodiscard]] std::vector<std::string> outputs() const;

private:
  struct row {
    mono_ns pause = 0;
    mono_ns next = 0;
    std::uint32_t incarnation = 0;
    unsigned looks = 0; ///< at a release, that are left; 0: it is held
  };
  std::map<std::string, row> held_;
};

} // namespace troupe::rule
