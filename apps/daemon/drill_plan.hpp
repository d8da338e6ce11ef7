#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::daemon {

/// What a drill breaks on purpose.
enum class drill_kind { kill_actor, hang_actor, kill_node, stop_node, cut_link };

[[nodiscard]] const char* to_string(drill_kind x) noexcept; ///< "kill-node"

/// One drill as it was ordered.
struct drill_plan {
  /// No fault lasts longer, whatever becomes of whoever ordered it.
  static constexpr milliseconds longest{60'000};
  static constexpr milliseconds shortest{100};

  std::string id;
  drill_kind kind = drill_kind::kill_actor;
  std::string target; ///< an actor, a node
  std::string peer;   ///< cut-link: the other end
  milliseconds length{5000}; ///< of what ends by itself: stop-node, cut-link
  milliseconds limit{0};     ///< of a takeover, for all rules; 0: by the class of each
  milliseconds settle{30'000}; ///< so long the house may take to be whole again
  bool even_so = false;      ///< what may be forgiven is
  std::string who;

  [[nodiscard]] bool of_actor() const noexcept { return kind == drill_kind::kill_actor || kind == drill_kind::hang_actor; }
  [[nodiscard]] bool lasts() const noexcept { return kind == drill_kind::stop_node || kind == drill_kind::cut_link; }
  /// "kill-node server-1", "cut-link attic boiler"
  [[nodiscard]] std::string title() const;
};

/// From the body of an order. @returns `invalid_argument` with what is wrong
[[nodiscard]] result<drill_plan> read_drill(const nlohmann::json& body);

/// In which a rule of this class must act elsewhere after such a fault.
[[nodiscard]] milliseconds drill_limit(const drill_plan& plan, std::string_view pace);

} // namespace troupe::daemon
