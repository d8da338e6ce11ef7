#pragma once

#include "apps/daemon/node.hpp"
#include "tests/bench/cluster/bench_hardware.hpp"

#include <memory>
#include <string>

namespace troupe::bench {

/// A button and a relay of node a, and the rule of node b that joins them.
[[nodiscard]] const std::string& house_of_both();

struct stop_first {
  void operator()(daemon::node* x) const;
};
using running_node = std::unique_ptr<daemon::node, stop_first>;

/// A whole node inside of the bench, with these lines as its only hardware.
/// Throws std::runtime_error.
/// @param config, house names of files
[[nodiscard]] running_node start_node(const std::string& config, const std::string& house, bench_hardware& lines);

} // namespace troupe::bench
