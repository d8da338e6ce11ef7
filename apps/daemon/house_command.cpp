#include "apps/daemon/house_control.hpp"

namespace troupe::daemon {

result<json> house_control::command(const control::caller& who, const std::string& verb, const std::string& name,
                                    const json& body, const std::function<result<json>()>& ours) {
  const auto node = elsewhere(name);
  return node ? parts_.others.ask(*node, who, "POST", "/v1/" + verb + "/" + name, body) : ours();
}

result<json> house_control::set(const control::caller& who, const std::string& name, const json& body) {
  return command(who, "set", name, body, [&] { return parts_.here.set(who, name, body); });
}

result<json> house_control::pulse(const control::caller& who, const std::string& name, const json& body) {
  return command(who, "pulse", name, body, [&] { return parts_.here.pulse(who, name, body); });
}

result<json> house_control::release(const control::caller& who, const std::string& name, const json& body) {
  return command(who, "release", name, body, [&] { return parts_.here.release(who, name, body); });
}

result<json> house_control::force(const control::caller& who, const std::string& name, const json& body) {
  return command(who, "force", name, body, [&] { return parts_.here.force(who, name, body); });
}

result<json> house_control::count(const control::caller& who, const std::string& name, const json& body) {
  return command(who, "count", name, body, [&] { return parts_.here.count(who, name, body); });
}

result<json> house_control::act(const control::caller& who, const std::string& actor, const std::string& verb) {
  const auto node = runs_elsewhere(actor);
  return node ? parts_.others.ask(*node, who, "POST", "/v1/act/" + verb + "/" + actor) : parts_.here.act(who, actor, verb);
}

result<json> house_control::set_fault(const control::caller& who, const std::string& bus, const json& body) {
  const auto node = desired_elsewhere("bus", bus);
  return node ? parts_.others.ask(*node, who, "POST", "/v1/faults/" + bus, body) : parts_.here.set_fault(who, bus, body);
}

/// At the node where it acts: only that one can give it away.
result<json> house_control::move(const control::caller& who, const std::string& rule, const json& body) {
  const auto name = rule.starts_with("rule/") ? rule : "rule/" + rule;
  const auto row = parts_.live.find(name);
  if (!row || row->now.why == reason::node_lost || row->node.empty())
    return parts_.here.move(who, rule, body);
  return parts_.others.ask(row->node, who, "POST", "/v1/move/" + name, body);
}

result<json> house_control::member_act(const control::caller& who, const std::string& name, const std::string& verb) {
  return parts_.here.member_act(who, name, verb);
}

result<json> house_control::token(const control::caller& who, const json& body) { return parts_.here.token(who, body); }
result<json> house_control::enrol(const json& body) { return parts_.here.enrol(body); }
result<json> house_control::reload(const control::caller& who) { return parts_.here.reload(who); }
void house_control::shutdown(const control::caller& who) { parts_.here.shutdown(who); }

} // namespace troupe::daemon
