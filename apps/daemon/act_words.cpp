#include "apps/daemon/act_words.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

std::string what_happened(const acted& x) {
  if (x.verb == "kill")
    return fmt::format("killed on {}, as a crash ends it; {} has started it again: incarnation {} runs", x.node, x.supervisor, x.incarnation);
  if (x.verb == "restart")
    return fmt::format("stopped in order on {} and started again by {}: incarnation {} runs", x.node, x.supervisor, x.incarnation);
  if (x.verb == "quarantine")
    return fmt::format("out of service on {}", x.node);
  if (x.verb == "unquarantine")
    return fmt::format("in service again on {}: incarnation {} runs, its crashes are forgiven", x.node, x.incarnation);
  return fmt::format("hangs on {} for {} s", x.node, x.hangs_ms / 1000);
}

std::string out_of_service(const std::string& type) {
  if (type == "output")
    return "its line is driven to the safe state, commands are refused and its reading is bad";
  if (type == "input" || type == "counter")
    return "its reading is bad";
  if (type == "rule")
    return "it commands nothing; what it held ends with its lease";
  if (type == "bus")
    return "nothing on it is read or written; its outputs go to their safe states";
  return "it does nothing";
}

std::string what_follows(const acted& x) {
  if (x.verb == "kill")
    return "what was under way in it is lost; who crashes again and again is started after ever longer pauses, and then quarantined";
  if (x.verb == "quarantine")
    return fmt::format("{}, until `troupe unquarantine {}` or the next start of {}", out_of_service(x.type), x.name, x.node);
  if (x.verb == "unquarantine")
    return "if it goes on failing it is quarantined again";
  if (x.verb == "hang")
    return x.detached ? fmt::format("{} finds that after some 5 s and starts another one in its place; `troupe log {}` tells", x.supervisor, x.name)
                      : fmt::format("that is found after some 5 s and told; it shares its thread, so nobody can take its place, and it answers again "
                                    "by itself. `troupe log {}` tells", x.name);
  return {};
}

} // namespace

nlohmann::json act_words(const acted& x) {
  return {{"name", x.name}, {"done", x.verb}, {"node", x.node}, {"type", x.type}, {"supervisor", x.supervisor},
          {"incarnation", x.incarnation}, {"text", what_happened(x)}, {"next", what_follows(x)}};
}

} // namespace troupe::daemon
