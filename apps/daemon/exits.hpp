#pragma once

namespace troupe::daemon {

/// How `trouped` ends; systemd and scripts act on them.
enum exit_code : int {
  stopped = 0,          ///< asked to stop, and did in time
  failed_to_start = 1,  ///< the log says why
  bad_configuration = 2, ///< every problem was printed with place and way out
  bad_backup = 5,       ///< --restore: the file is damaged, or of a later version
  escalated = 70,       ///< supervision gave up; start again (systemd: on-failure)
  stop_incomplete = 71, ///< stopped, but something hung and was left behind
};

} // namespace troupe::daemon
