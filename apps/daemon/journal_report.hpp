#pragma once

#include "actors/supervision/report.hpp"
#include "storage/store.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::daemon {

/// What supervision tells, as journal entries and log lines. Keeps the alarms
/// that stand now. Threads: any; never blocks on a disk (I9).
class journal_report final : public supervision::report {
public:
  struct standing_alarm {
    wall_ms at = 0;
    std::string subject;
    std::string text;
  };
  using tap_sink = std::function<void(const std::string& actor, const std::string& message)>;

  journal_report(storage::store& disk, const clock_source& clocks) : disk_(disk), clocks_(clocks) {}

  /// Where tapped messages go; before the first actor starts.
  void set_tap(tap_sink sink) { tap_ = std::move(sink); }

  [[nodiscard]] std::vector<standing_alarm> alarms() const;

  void crashed(const supervision::post_mortem& x) override;
  void restarted(const std::string& actor, std::uint32_t incarnation, std::chrono::nanoseconds pause) override;
  void quarantined(const std::string& actor, const std::string& why) override;
  void released(const std::string& actor) override;
  void hung(const std::string& actor, const std::string& why, bool replaced) override;
  void overfull(const std::string& actor, std::uint64_t dropped, bool over) override;
  void recovered(const std::string& actor) override;
  void escalated(const std::string& supervisor, const std::string& why) override;
  void raised(const supervision::alarm& x) override;
  void tapped(const std::string& actor, const std::string& message) override;

private:
  void tell(storage::severity level, const std::string& kind, const std::string& subject,
            const std::string& text, std::string detail = {});

  storage::store& disk_;
  const clock_source& clocks_;
  tap_sink tap_;
  mutable std::mutex mutex_;
  std::map<std::string, standing_alarm> alarms_;
};

} // namespace troupe::daemon
