#pragma once

#include "config/schema/option.hpp"

namespace troupe::schema {

// The sections of house.toml and what their functions are bound to.
const section& bus_section();     ///< bus_config
const section& channel_section(); ///< channel_config
const section& counter_section(); ///< counter_config
const section& rule_section();    ///< rule_config
const section& drill_section();   ///< drill_config

/// node.toml, which has no tables: node_config.
const section& node_section();

/// house.toml's, in the order in which things can be built: what is named by
/// others stands above them.
const std::vector<const section*>& house_sections();

/// Their names.
std::vector<std::string> house_words();

/// @returns null if there is no such section; knows "node" too.
const section* find_section(std::string_view name);

} // namespace troupe::schema
