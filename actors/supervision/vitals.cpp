#include "actors/supervision/vitals.hpp"

namespace troupe {

const char* to_string(run_state x) noexcept {
  switch (x) {
    case run_state::starting: return "starting";
    case run_state::running: return "running";
    case run_state::waiting: return "waiting";
    case run_state::quarantined: return "quarantined";
    case run_state::hung: return "hung";
    case run_state::stopping: return "stopping";
    case run_state::stopped: return "stopped";
  }
  return "?";
}

} // namespace troupe
