#pragma once

#include "config/load/problem.hpp"
#include "config/model/house.hpp"

#include <string>
#include <string_view>
#include <vector>

// Text to documents. Pure: nobody opens a file here. After a syntax error the
// rest of the text is still read, so that all that is wrong is told at once.

namespace troupe {

/// The longest text that is read; 100,000 channels take about 10 MB.
inline constexpr std::size_t max_config_bytes = 64u << 20;

struct parsed_house {
  std::vector<document> documents; ///< in the order of their sections, then of the text
  std::vector<problem> problems;
  /// True if something could not be read so far that even its name is unknown:
  /// a reference to nothing may be a reference to it.
  bool torn = false;
};

/// Documents of house.toml and what is wrong with its text: syntax, sections,
/// names of tables. `file` is for messages. What is wrong with the documents is
/// `check`'s (config/load/check.hpp); `read_house` does both.
parsed_house parse_house(std::string_view toml, const std::string& file);

struct parsed_node {
  node_config node;              ///< defaults where nothing good is written
  document as_written;
  std::vector<problem> problems; ///< all; do not start with a fatal one
};

/// node.toml, whole: text and values. An empty text is a node with defaults.
parsed_node parse_node(std::string_view toml, const std::string& file);

} // namespace troupe
