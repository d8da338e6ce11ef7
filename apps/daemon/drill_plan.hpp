#pragma once

#include "config/model/drill.hpp"
#include "config/model/result.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace troupe::daemon {

/// One drill as it was ordered.
struct drill_plan {
  std::string id;
  drill_kind kind = drill_kind::kill_actor;
  std::string target; ///< an actor, a node
  std::string peer;   ///< of a link: the other end
  milliseconds length{5000}; ///< of what ends by itself
  milliseconds delay{0};     ///< of a link, a disk
  double loss = 0;           ///< percent
  milliseconds by{0};        ///< of a clock
  milliseconds limit{0};     ///< of a takeover, for all rules; 0: by the class of each
  milliseconds settle{30'000}; ///< so long the house may take to be whole again
  bool even_so = false;      ///< what may be forgiven is
  std::string who;
  std::string schedule;      ///< `[drill."..."]` that began it; empty: somebody did
  wall_ms due = 0;           ///< and when it was to begin

  [[nodiscard]] const drill_trait& trait() const noexcept { return trait_of(kind); }
  [[nodiscard]] bool of_actor() const noexcept { return trait().of == drill_target::actor; }
  [[nodiscard]] bool of_link() const noexcept { return trait().of == drill_target::link; }
  /// Does it end the process? Somebody has to start it again then.
  [[nodiscard]] bool ends_node() const noexcept { return kind == drill_kind::kill_node || kind == drill_kind::power_cycle; }
  /// Does it take away for good, or for longer than any lease, what acts there? Else
  /// a takeover may be, and need not.
  [[nodiscard]] bool takes_control() const noexcept {
    return of_actor() || ends_node() || kind == drill_kind::stop_node || kind == drill_kind::cut_link;
  }
  /// "kill-node server-1", "cut-link attic boiler"
  [[nodiscard]] std::string title() const;
};

/// From the body of an order. @returns `invalid_argument` with what is wrong
[[nodiscard]] result<drill_plan> read_drill(const nlohmann::json& body);

/// The body of an order, as configured.
[[nodiscard]] nlohmann::json order_of(const drill_config& x);

/// In which a rule of this class must act elsewhere after such a fault.
[[nodiscard]] milliseconds drill_limit(const drill_plan& plan, std::string_view pace);

} // namespace troupe::daemon
