#include "actors/supervision/fates.hpp"

namespace troupe::supervision {

fate decide_fate(restart when, end how) noexcept {
  const bool by_plan = how == end::normal || how == end::shutdown;
  switch (when) {
    case restart::permanent: return fate::again;
    case restart::transient: return by_plan ? fate::rest : fate::again;
    case restart::temporary: return fate::forget;
  }
  return fate::again;
}

const char* to_string(end x) noexcept {
  switch (x) {
    case end::normal: return "normal";
    case end::shutdown: return "shutdown";
    case end::crashed: return "crashed";
    case end::killed: return "killed";
    case end::hung: return "hung";
    case end::start_failed: return "start_failed";
  }
  return "?";
}

const char* to_string(fate x) noexcept {
  switch (x) {
    case fate::again: return "again";
    case fate::rest: return "rest";
    case fate::forget: return "forget";
  }
  return "?";
}

} // namespace troupe::supervision
