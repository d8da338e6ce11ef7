#pragma once

#include "actors/protocol/authority.hpp"
#include "actors/protocol/services.hpp"
#include "actors/supervision/unit.hpp"
#include "config/model/house.hpp"

namespace troupe {

/// The unit of one rule. Its address is `rule_address(config.name)`; its child
/// spec needs nothing special: not detached, type "rule". `house` outlives it.
///
/// A text that does not compile makes `start` throw: check it before with
/// `rule::check_script`.
/// @param may_act of a rule that may run on several nodes; null: it acts always
[[nodiscard]] make_unit make_rule(services& house, rule_config config, make_authority may_act = {});

/// "rule/hall-light", for a rule of the name "hall-light".
[[nodiscard]] std::string rule_address(const std::string& rule_name);

/// Forgets what a removed rule had stored: state, timers, wishes. Without it a
/// rule that is added again under the old name goes on where it was.
status forget_rule(storage::store& store, const std::string& rule_name);

} // namespace troupe
