#pragma once

#include "apps/cli/style.hpp"
#include "apps/cli/text.hpp"

#include <string>

/// The answers of a node as text for people. Pure: the same document, style
/// and `now` give the same bytes. Every view takes documents with missing
/// fields: a node may be older or newer than this program.
namespace troupe::cli {

// status_view.cpp
[[nodiscard]] std::string show_status(const json& x, const style& how, wall_ms now);

// member_view.cpp
/// "● alive", "◐ suspect", "✗ down".
[[nodiscard]] std::string show_standing(const json& member, const style& how);
[[nodiscard]] std::string show_replicas(const json& x, const style& how);
[[nodiscard]] std::string show_members(const json& x, const style& how, wall_ms now);

// placement_view.cpp
[[nodiscard]] std::string show_placement(const json& x, const style& how, wall_ms now);
[[nodiscard]] std::string show_what_if(const json& x, const style& how);

// tree_view.cpp
/// Of one node, or of several: {"nodes": [{"node", "tree" or "error"}]}.
[[nodiscard]] std::string show_tree(const json& x, const style& how);
[[nodiscard]] std::string show_ps(const json& rows, const style& how);

// actor_view.cpp
/// One actor: its row of `ps`, then all that it tells of itself, keys as it names them.
[[nodiscard]] std::string show_actor(const json& x, const style& how);

// reading_view.cpp
/// "54.5 °C", "1 843.211 m³"; "-" without one.
[[nodiscard]] std::string show_value(const json& reading);
/// "● good", "◐ uncertain, stale", "✗ bad, bus lost".
[[nodiscard]] std::string show_quality(const json& reading, const style& how);
[[nodiscard]] std::string show_reading(const json& x, const style& how, wall_ms now);
/// @param with_node also whose they are
[[nodiscard]] std::string show_readings(const json& rows, bool with_node, const style& how);
/// One line of `watch`; `before` is the value that was told before, or empty.
/// @param with_node also whose it is
[[nodiscard]] std::string show_change(const json& reading, const std::string& before,
                                      std::size_t name_width, bool with_node, const style& how,
                                      wall_ms now);
/// Readings of a cluster carry "node". Is any of another node than `here`, the
/// one that answers? With an empty `here`: do they name different ones?
[[nodiscard]] bool from_elsewhere(const json& rows, const std::string& here);

// why_view.cpp
[[nodiscard]] std::string show_why(const json& x, const style& how, wall_ms now);

// log_view.cpp
[[nodiscard]] std::string show_log_line(const json& event, const style& how, wall_ms now);
[[nodiscard]] std::string show_log(const json& events, const style& how, wall_ms now);
[[nodiscard]] std::string show_message(const json& message, const style& how, wall_ms now);
[[nodiscard]] std::string show_post_mortems(const json& all, const style& how, wall_ms now);

// plan_view.cpp
[[nodiscard]] std::string show_plan(const json& steps, const style& how);
[[nodiscard]] std::string show_history(const json& rows, const style& how, wall_ms now);
[[nodiscard]] std::string show_buses(const json& rows, const style& how);

} // namespace troupe::cli
