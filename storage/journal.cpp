#include "storage/journal.hpp"

namespace troupe::storage {

const char* to_string(severity x) noexcept {
  switch (x) {
  case severity::debug: return "debug";
  case severity::info: return "info";
  case severity::notice: return "notice";
  case severity::warning: return "warning";
  case severity::alarm: return "alarm";
  }
  return "invalid";
}

} // namespace troupe::storage
