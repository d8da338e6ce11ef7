#include "actors/supervision/orders.hpp"

namespace troupe::supervision {

const char* to_string(child_order::kind x) noexcept {
  switch (x) {
    case child_order::kind::remove: return "remove";
    case child_order::kind::restart: return "restart";
    case child_order::kind::kill: return "kill";
    case child_order::kind::quarantine: return "quarantine";
    case child_order::kind::release: return "release";
    case child_order::kind::hang: return "hang";
  }
  return "?";
}

} // namespace troupe::supervision
