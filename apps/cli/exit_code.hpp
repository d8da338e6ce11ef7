#pragma once

namespace troupe::cli {

/// What `troupe` exits with; docs/guides/command-line.md tells scripts.
enum exit_code : int {
  exit_ok = 0,
  exit_refused = 1,   ///< the node said no, or the work failed; `diff` found that they differ
  exit_usage = 2,     ///< the command line makes no sense
  exit_no_node = 3,   ///< nobody listens, it went away, or no link leads there
  exit_not_found = 4, ///< no thing of that name
  exit_problems = 5,  ///< `check` or `backup --verify` found problems
  exit_no_access = 6, ///< this user or certificate may not, or a side is not trusted
  exit_incomplete = 7, ///< done, but the parts of some nodes are missing
};

} // namespace troupe::cli
