#include "apps/daemon/log.hpp"

#include "apps/daemon/log_writer.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <mutex>
#include <unistd.h>

namespace troupe::daemon {

namespace {

/// Turns spdlog's levels into the `<N>` that systemd reads (sd-daemon(3)).
class systemd_prefix final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& x, const std::tm&, spdlog::memory_buf_t& out) override {
    const char* prefix = "<6>";
    if (x.level <= spdlog::level::debug)
      prefix = "<7>";
    else if (x.level == spdlog::level::warn)
      prefix = "<4>";
    else if (x.level == spdlog::level::err)
      prefix = "<3>";
    else if (x.level == spdlog::level::critical)
      prefix = "<2>";
    out.append(prefix, prefix + 3);
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<systemd_prefix>();
  }
};

/// Its `log` returns at once, whatever becomes of standard error.
class queue_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit queue_sink(log_writer& to) : to_(to) {}

protected:
  void sink_it_(const spdlog::details::log_msg& x) override {
    spdlog::memory_buf_t line;
    formatter_->format(x, line);
    to_.write(std::string{line.data(), line.size()});
  }
  void flush_() override {}

private:
  log_writer& to_;
};

std::string dropped_line(spdlog::formatter& format, std::uint64_t lines) {
  const auto text = fmt::format("{} lines of this log were dropped here: nobody took them from standard error in time. "
                                "`troupe log` shows the journal", lines);
  spdlog::memory_buf_t line;
  format.format({"trouped", spdlog::level::warn, text}, line);
  return {line.data(), line.size()};
}

/// As long as the process: threads that hang at its end may still log.
log_writer* writer = nullptr;

} // namespace

status set_up_log(const std::string& level) {
  const auto wanted = spdlog::level::from_str(level);
  if (wanted == spdlog::level::off && level != "off")
    return error{errc::invalid_argument,
                 "log level '" + level + "' is unknown; use trace, debug, info, warn, error or off"};
  auto format = std::make_unique<spdlog::pattern_formatter>();
  if (std::getenv("JOURNAL_STREAM") != nullptr)
    format->add_flag<systemd_prefix>('*').set_pattern("%*%v");
  else
    format->set_pattern("%Y-%m-%d %H:%M:%S.%e %-7l %v");
  writer = new log_writer{STDERR_FILENO, [format = std::shared_ptr<spdlog::formatter>{format->clone()}](std::uint64_t lines) {
                            return dropped_line(*format, lines);
                          }};
  write_before_dying(*writer, last_words_within);
  auto logger = std::make_shared<spdlog::logger>("trouped", std::make_shared<queue_sink>(*writer));
  logger->set_formatter(std::move(format));
  logger->set_level(wanted);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

void finish_log() {
  if (writer != nullptr)
    (void)writer->drain(last_words_within);
}

} // namespace troupe::daemon
