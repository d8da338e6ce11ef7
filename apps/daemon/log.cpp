#include "apps/daemon/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

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

} // namespace

status set_up_log(const std::string& level) {
  const auto wanted = spdlog::level::from_str(level);
  if (wanted == spdlog::level::off && level != "off")
    return error{errc::invalid_argument,
                 "log level '" + level + "' is unknown; use trace, debug, info, warn, error or off"};
  auto logger = std::make_shared<spdlog::logger>("trouped", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto format = std::make_unique<spdlog::pattern_formatter>();
  if (std::getenv("JOURNAL_STREAM") != nullptr)
    format->add_flag<systemd_prefix>('*').set_pattern("%*%v");
  else
    format->set_pattern("%Y-%m-%d %H:%M:%S.%e %-7l %v");
  logger->set_formatter(std::move(format));
  logger->set_level(wanted);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

} // namespace troupe::daemon
