#pragma once

#include "apps/cli/style.hpp"
#include "apps/cli/text.hpp"

#include <string>

/// Drills as people read them. Pure; the shapes are those of the control interface.
namespace troupe::cli {

/// One report: verdict, a picture of the takeover, one of the whole drill, what happened.
/// @param now of the clock that the report's times are of
[[nodiscard]] std::string show_drill(const json& report, const style& how, wall_ms now);

/// What `run` asks first: doubts, or what would be broken.
[[nodiscard]] std::string show_drill_check(const json& check, const style& how);

[[nodiscard]] std::string show_drills(const json& list, const style& how, wall_ms now);

/// How long the same took each time. @param what "kill-node" or "kill-node server-1"
[[nodiscard]] std::string show_drill_trend(const json& list, const std::string& what, const style& how, wall_ms now);

/// The same pictures as one SVG file, for a browser or a customer.
[[nodiscard]] std::string drill_svg(const json& report);

} // namespace troupe::cli
