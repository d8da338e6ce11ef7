#pragma once

#include "apps/daemon/drill_plan.hpp"

#include <string>
#include <vector>

namespace troupe::daemon {

/// What the node that drives a drill knows of the house.
struct drill_picture {
  struct member {
    std::string name;
    std::string standing; ///< "alive" ...
    bool draining = false;
    bool linked = true;   ///< with this node
  };
  struct replica {
    std::string name;
    bool equal = true;
    std::string degraded; ///< why its disk takes nothing; empty: it does
  };
  /// That may run on several nodes.
  struct rule {
    std::string name, acts, pace;
    std::vector<std::string> candidates; ///< that are there
    std::vector<std::string> outputs;
  };
  std::string self;
  std::vector<member> members;   ///< this one included
  std::vector<replica> replicas; ///< this one included
  std::vector<std::string> forced; ///< readings that an operator replaced
  std::string running;           ///< title of a drill that is under way
  std::vector<rule> rules;
  std::vector<std::pair<std::string, std::string>> fixed; ///< rules that stay on their node: name, node
  std::vector<std::pair<std::string, std::string>> outputs; ///< name, node
  struct bus {
    std::string name, node, driver;
  };
  std::vector<bus> buses;
  std::vector<std::string> actors; ///< that run, anywhere
};

/// Why a drill had better not be, and what to do about it.
struct drill_doubt {
  std::string why, way_out;
  bool forgivable = false; ///< `--even-so` does
};

/// Nothing: the house is whole, nothing is forced, and somebody else can do what the target does.
[[nodiscard]] std::vector<drill_doubt> doubts_of(const drill_plan& plan, const drill_picture& house);

/// Of those, what says that the house is not whole: before a drill, and while it recovers from one.
[[nodiscard]] std::vector<drill_doubt> illness_of(const drill_picture& house);

/// Rules that this fault takes away from where they act.
[[nodiscard]] std::vector<drill_picture::rule> concerned_by(const drill_plan& plan, const drill_picture& house);

/// Outputs that nobody can drive because this fault ends the node that they are wired to.
[[nodiscard]] std::vector<std::string> wired_to(const drill_plan& plan, const drill_picture& house);

} // namespace troupe::daemon
