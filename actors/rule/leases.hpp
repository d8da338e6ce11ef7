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

  /// A command went out. @param incarnation of the output; 0: nobody there.
  void sent(const std::string& output, milliseconds lease, std::uint32_t incarnation,
            mono_ns now);
  void let_go(const std::string& output) { held_.erase(output); }

  /// Outputs whose turn it is. Each must be answered by `sent` or `renewed`.
  [[nodiscard]] std::vector<std::string> due(mono_ns now) const;
  void renewed(const std::string& output, mono_ns now);

  /// An output that restarted has forgotten the slot: renewing is not enough.
  [[nodiscard]] bool must_repeat(const std::string& output, std::uint32_t incarnation) const;

  [[nodiscard]] std::optional<mono_ns> next() const;
  [[nodiscard]] bool holds(const std::string& output) const { return held_.contains(output); }
  [[nodiscard]] std::vector<std::string> outputs() const;

private:
  struct row {
    mono_ns pause = 0;
    mono_ns next = 0;
    std::uint32_t incarnation = 0;
  };
  std::map<std::string, row> held_;
};

} // namespace troupe::rule
