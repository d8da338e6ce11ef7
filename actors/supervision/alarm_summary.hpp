#pragma once

#include "actors/supervision/report.hpp"
#include "config/model/time.hpp"

#include <map>
#include <optional>
#include <string>

namespace troupe::supervision {

/// Sums up the trouble of one supervisor's children. The first trouble waits
/// for a moment (what has one cause comes together), then there is one alarm;
/// while it changes it is told again at most once per `update_every`; the end
/// is told once. Pure. Bound: one line per child, five of them in the text.
class alarm_summary {
public:
  static constexpr std::chrono::seconds gather{2};
  static constexpr std::chrono::seconds update_every{60};
  static constexpr std::size_t named = 5;

  alarm_summary(std::string supervisor) : supervisor_(std::move(supervisor)) {}

  void trouble(const std::string& child, const std::string& what, mono_ns now);
  void well(const std::string& child, mono_ns now);

  [[nodiscard]] std::optional<mono_ns> due() const { return due_; }
  [[nodiscard]] std::optional<alarm> tick(mono_ns now, std::size_t children);
  [[nodiscard]] std::size_t count() const { return troubled_.size(); }

private:
  void changed(mono_ns now);
  std::string supervisor_;
  std::map<std::string, std::string> troubled_;
  std::string newest_;
  std::optional<mono_ns> due_;
  mono_ns told_at_ = 0;
  bool raised_ = false;
};

} // namespace troupe::supervision
