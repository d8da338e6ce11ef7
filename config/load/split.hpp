#pragma once

#include "config/load/document.hpp"
#include "config/load/problem.hpp"

#include <map>
#include <string>
#include <vector>

// Which node runs what: docs/decisions/0009.

namespace troupe {

struct split_house {
  std::map<std::string, std::vector<document>> of; ///< by node, each in the order of the whole
  std::vector<problem> problems;
};

/// Documents by the node where they belong: a bus and a rule by their `node`, or
/// `here` where it is empty; a channel and a counter by their bus, which may be
/// among `elsewhere`, the documents of other nodes (`at_node`). What belongs to
/// nobody, a channel whose bus is nowhere, is told and is in no part.
///
/// Pure; for a house that `check` has found good. Of two buses with one name the
/// first counts.
split_house split(const std::vector<document>& whole, const std::string& here,
                  const std::vector<document>& elsewhere = {});

/// The documents of `node`, with that written into each bus and rule that does not
/// say it, and with a place for messages: how another node sees them.
std::vector<document> at_node(std::vector<document> all, const std::string& node);

} // namespace troupe
