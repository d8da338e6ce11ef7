#include "apps/control/access.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/drill_desk.hpp"
#include "apps/daemon/drill_hand.hpp"

namespace troupe::daemon {

namespace {

error no_drills() { return {errc::unsupported, "this node makes no drills"}; }

} // namespace

result<json> node_control::start_drill(const control_caller& who, const json& body) {
  return parts_.drills != nullptr ? parts_.drills->start(who, body) : no_drills();
}

json node_control::drills() { return parts_.drills != nullptr ? parts_.drills->list() : json{{"drills", json::array()}}; }

result<json> node_control::drill(const std::string& id) { return parts_.drills != nullptr ? parts_.drills->find(id) : no_drills(); }

result<json> node_control::abort_drill(const control_caller& who, const std::string& id) {
  return parts_.drills != nullptr ? parts_.drills->abort(who, id) : no_drills();
}

result<json> node_control::drill_fault(const control_caller& who, const json& body) {
  return parts_.hand != nullptr ? parts_.hand->play(control::told(who), body) : no_drills();
}

} // namespace troupe::daemon
