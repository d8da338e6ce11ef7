#pragma once

#include <string>

// Files made from the schema. `troupe-config-docs` writes them; a test fails
// when one in the tree is not what would be written.

namespace troupe::schema {

/// docs/configuration.md
std::string reference_page();

/// config/examples/node.toml: every option, commented out at its default.
std::string node_example();

/// config/examples/options.toml: the same for each section of house.toml.
std::string options_example();

} // namespace troupe::schema
