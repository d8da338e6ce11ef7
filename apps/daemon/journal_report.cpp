#include "apps/daemon/journal_report.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace troupe::daemon {

using storage::severity;

std::vector<journal_report::standing_alarm> journal_report::alarms() const {
  std::lock_guard lock{mutex_};
  std::vector<standing_alarm> out;
  for (const auto& [subject, x] : alarms_)
    out.push_back(x);
  return out;
}

void journal_report::crashed(const supervision::post_mortem& x) {
  const auto text = fmt::format("incarnation {} {} after {:.1f} s: {}", x.incarnation, x.how,
                                x.lived_ms / 1e3, x.error);
  tell(severity::warning, "crash", x.actor, text, to_json(x).dump());
}

void journal_report::restarted(const std::string& actor, std::uint32_t incarnation,
                               std::chrono::nanoseconds pause) {
  tell(severity::info, "restart", actor,
       fmt::format("incarnation {} runs, nobody served for {:.3f} ms", incarnation,
                   static_cast<double>(pause.count()) / 1e6));
}

void journal_report::quarantined(const std::string& actor, const std::string& why) {
  tell(severity::alarm, "quarantine", actor,
       why + "; `troupe post-mortem " + actor + "` shows it, `troupe unquarantine " + actor + "` tries again");
}

void journal_report::released(const std::string& actor) {
  tell(severity::notice, "quarantine", actor, "runs again after quarantine");
}

void journal_report::hung(const std::string& actor, const std::string& why, bool replaced) {
  tell(severity::alarm, "hung", actor, "hung: " + why + (replaced ? "; it was replaced" : ""));
}

void journal_report::overfull(const std::string& actor, std::uint64_t dropped, bool over) {
  tell(over ? severity::notice : severity::alarm, "overfull", actor,
       over ? fmt::format("has room in its mailbox again; {} messages dropped since it was added", dropped)
            : fmt::format("mailbox full, the newest messages are dropped ({} so far). `troupe tap {}` shows "
                          "who sends so much",
                          dropped, actor));
}

void journal_report::recovered(const std::string& actor) {
  tell(severity::notice, "hung", actor, "answers again");
}

void journal_report::escalated(const std::string& supervisor, const std::string& why) {
  tell(severity::alarm, "escalation", supervisor, "gives up: " + why);
}

void journal_report::raised(const supervision::alarm& x) {
  {
    std::lock_guard lock{mutex_};
    if (x.raised)
      alarms_[x.supervisor] = {clocks_.wall(), x.supervisor, x.text};
    else
      alarms_.erase(x.supervisor);
  }
  tell(x.raised ? severity::alarm : severity::notice, "alarm", x.supervisor, x.text);
}

void journal_report::tapped(const std::string& actor, const std::string& message) {
  if (tap_)
    tap_(actor, message);
}

void journal_report::tell(severity level, const std::string& kind, const std::string& subject,
                          const std::string& text, std::string detail) {
  const auto log_level = level == severity::alarm     ? spdlog::level::err
                         : level == severity::warning ? spdlog::level::warn
                                                      : spdlog::level::info;
  spdlog::log(log_level, "{}: {}", subject, text);
  storage::journal_event x;
  x.level = level;
  x.kind = kind;
  x.subject = subject;
  x.text = text;
  x.detail = std::move(detail);
  disk_.append(std::move(x));
}

} // namespace troupe::daemon
