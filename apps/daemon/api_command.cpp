#include "actors/protocol/channel.hpp"
#include "actors/supervision/orders.hpp"
#include "apps/control/access.hpp"
#include "apps/daemon/act_words.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/ask.hpp"
#include "apps/daemon/json.hpp"
#include "config/load/typed.hpp"
#include "config/model/quantity.hpp"
#include "drivers/registry.hpp"
#include "storage/chance.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

/// Manual operator in BACnet's table of priorities (clause 19.2).
constexpr int operator_priority = 8;

/// With who asks it must fit into the id of a command.
constexpr std::size_t most_request = 64;

json answer_json(const std::string& name, const command_answer& x) {
  return {{"name", name}, {"accepted", true}, {"text", x.text}, {"effective", value_json(x.effective)},
          {"effective_text", to_string(x.effective)}};
}

std::string operator_source(const control::caller& who) { return "operator/" + who.name; }

} // namespace

result<value_kind> node_control::kind_of(const std::string& name, const std::string& wanted) const {
  if (const auto x = parts_.wanted.find("channel", name)) {
    const auto config = to_channel(*x);
    if (!config)
      return config.why();
    const bool output = config->dir == direction::output;
    if (wanted == "output" && !output)
      return error{errc::unsupported, "'" + name + "' is an input; an input is not set, but it can be forced: "
                                        "`troupe force " + name + " VALUE`"};
    return config->kind;
  }
  if (parts_.wanted.find("counter", name))
    return error{errc::unsupported, "'" + name + "' is a counter; `troupe count " + name
                                      + " TOTAL` corrects it"};
  return unknown(name);
}

result<bus_config> node_control::bus_of(const std::string& name) const {
  const auto x = parts_.wanted.find("bus", name);
  return x ? to_bus(*x) : result<bus_config>{unknown(workshop::actor_of("bus", name))};
}

result<json> node_control::order(const control_caller& who, const std::string& name, value val,
                                 int priority, milliseconds lease, const std::string& text) {
  command x;
  x.id = fmt::format("{}-{}-{}", who.uid, who.pid, parts_.all.clocks.mono());
  x.output = name;
  x.val = std::move(val);
  x.priority = priority;
  x.lease = lease;
  return carry_out(who, std::move(x), text);
}

result<json> node_control::carry_out(const control_caller& who, command x, const std::string& text) {
  const auto name = x.output;
  x.source = operator_source(who);
  x.story = {{"operator", who.name, text, parts_.all.clocks.wall()}};
  auto answer = ask<command_answer>(parts_.system, parts_.all.names.find(name), name, ask_limit, std::move(x));
  if (!answer)
    return answer.why();
  if (answer->code != errc::none)
    return error{answer->code, answer->text};
  journal(who, "command", name, text);
  return answer_json(name, *answer);
}

result<json> node_control::set(const control_caller& who, const std::string& name, const json& body) {
  const auto kind = kind_of(name, "output");
  if (!kind)
    return kind.why();
  const auto val = value_from(body.value("value", json{}), *kind);
  if (val.empty())
    return error{errc::invalid_argument, fmt::format("'{}' is {}, and {} is not a value for it; use {}", name,
                                                     to_string(*kind), body.value("value", json{}).dump(),
                                                     *kind == value_kind::digital ? "on or off" : "a number")};
  const auto priority = body.value("priority", operator_priority);
  if (priority < 1 || priority > 16)
    return error{errc::invalid_argument, fmt::format("priority {} is outside 1 (highest) to 16", priority)};
  milliseconds lease{0};
  if (body.contains("for") && !body["for"].is_null()) {
    const auto parsed = parse_duration(body["for"].get<std::string>());
    if (!parsed || parsed->count() == 0)
      return error{errc::invalid_argument, "\"for\" is '" + body["for"].get<std::string>()
                                             + "'; write how long as 90s, 10m or 2h"};
    lease = *parsed;
  }
  const auto text = fmt::format("set {} {}{}", name, to_string(val),
                                lease.count() > 0 ? " for " + body["for"].get<std::string>() : "");
  return order(who, name, val, priority, lease, text);
}

result<json> node_control::pulse(const control_caller& who, const std::string& name, const json& body) {
  const auto kind = kind_of(name, "output");
  if (!kind)
    return kind.why();
  const auto length = parse_duration(body.value("for", ""));
  if (!length)
    return error{errc::invalid_argument, "\"for\" is '" + body.value("for", "") + "'; write how long as 500ms, 2s or 1m"};
  const auto request = body.value("request", fmt::format("{:016x}", storage::fresh_number()));
  if (request.empty() || request.size() > most_request)
    return error{errc::invalid_argument, fmt::format("\"request\" has {} bytes; 1 to {} name one wish", request.size(), most_request)};
  const auto age = body.value("age_ms", std::int64_t{0});
  if (age < 0 || age > oldest_pulse.count())
    return error{errc::invalid_argument, fmt::format("\"age_ms\" is {}; it says how long ago this was asked for first, at most {}", age, oldest_pulse.count())};
  command x;
  x.output = name;
  x.val = body.contains("value") ? value_from(body["value"], *kind) : value::digital(true);
  x.priority = body.value("priority", operator_priority);
  x.id = operator_source(who) + "#" + request;
  x.pulse = *length;
  x.age = milliseconds{age};
  const auto text = fmt::format("pulse {} {} for {}", name, to_string(x.val), body.value("for", ""));
  return carry_out(who, std::move(x), text);
}

result<json> node_control::release(const control_caller& who, const std::string& name, const json& body) {
  const auto kind = kind_of(name, "output");
  if (!kind)
    return kind.why();
  return order(who, name, {}, body.value("priority", operator_priority), milliseconds{0}, "released " + name);
}

result<json> node_control::force(const control_caller& who, const std::string& name, const json& body) {
  const auto kind = kind_of(name, "any");
  if (!kind)
    return kind.why();
  force_value x;
  x.who = control::told(who);
  if (!body.value("off", false) && body.contains("value") && !body["value"].is_null()) {
    x.val = value_from(body["value"], *kind);
    if (x.val.empty())
      return error{errc::invalid_argument, fmt::format("'{}' is {}, and {} is not a value for it", name,
                                                       to_string(*kind), body["value"].dump())};
  }
  auto answer = ask<command_answer>(parts_.system, parts_.all.names.find(name), name, ask_limit, std::move(x));
  if (!answer)
    return answer.why();
  if (answer->code != errc::none)
    return error{answer->code, answer->text};
  return answer_json(name, *answer); // the channel has journalled it
}

result<json> node_control::count(const control_caller& who, const std::string& name, const json& body) {
  if (!parts_.wanted.find("counter", name)) {
    const auto kind = kind_of(name, "any");
    return kind ? error{errc::unsupported, "'" + name + "' is not a counter"} : kind.why();
  }
  if (!body.contains("total") || !body["total"].is_number())
    return error{errc::invalid_argument, "a meter replacement wants the new total as a number"};
  set_total x;
  x.id = body.value("request", fmt::format("{}-{}-{}", who.uid, who.pid, parts_.all.clocks.mono()));
  x.total = body["total"].get<double>();
  x.who = control::told(who);
  auto answer = ask<command_answer>(parts_.system, parts_.all.names.find(name), name,
                                    std::chrono::seconds{10}, std::move(x));
  if (!answer)
    return answer.why();
  if (answer->code != errc::none)
    return error{answer->code, answer->text};
  return answer_json(name, *answer); // the counter has journalled it
}

result<json> node_control::act(const control_caller& who, const std::string& actor, const std::string& verb) {
  using supervision::child_order;
  child_order x{child_order::kind::restart, actor, milliseconds{0}};
  constexpr milliseconds hang_length{10000};
  if (verb == "kill")
    x.what = child_order::kind::kill;
  else if (verb == "quarantine")
    x.what = child_order::kind::quarantine;
  else if (verb == "unquarantine")
    x.what = child_order::kind::release;
  else if (verb == "hang") {
    x.what = child_order::kind::hang;
    x.length = hang_length;
  } else if (verb != "restart")
    return error{errc::invalid_argument, "nobody knows how to '" + verb
                                           + "' an actor; there are kill, restart, quarantine, unquarantine, hang"};
  const auto row = parts_.all.names.lookup(actor);
  if (!row)
    return unknown(actor);
  const auto supervisor = parts_.all.names.find(row->parent);
  if (!supervisor)
    return error{errc::unsupported, "'" + actor + "' is the root of the tree; `troupe shutdown` ends the node"};
  auto answer = ask<supervision::outcome>(parts_.system, supervisor, row->parent, ask_limit, std::move(x));
  const auto failed = !answer ? answer.why() : error{answer->code, answer->text};
  // Journalled when it is known what came of it; also what failed was asked for.
  journal(who, "command", actor, failed.code == errc::none ? verb : verb + ": " + to_string(failed));
  if (failed.code != errc::none)
    return failed;
  const auto now = parts_.all.names.lookup(actor); // a replaced one has vitals of its own
  const auto& is = now ? *now : *row;
  return act_words({verb, actor, is.type, parts_.node.name, is.parent, is.life ? is.life->incarnation.load() : 0, is.detached, hang_length.count()});
}

result<json> node_control::set_fault(const control_caller& who, const std::string& bus, const json& body) {
  const auto config = bus_of(bus);
  if (!config)
    return config.why();
  const auto fault = body.value("fault", "");
  const auto line = body.value("line", "");
  const auto active = body.value("active", true);
  if (auto done = drivers::set_fault(*config, fault, line, active); !done)
    return done.why();
  const auto text = fmt::format("fault {}{} {}", fault, line.empty() ? "" : " of " + line, active ? "on" : "off");
  journal(who, "fault", workshop::actor_of("bus", bus), text);
  return json{{"name", bus}, {"fault", fault}, {"line", line}, {"active", active}, {"text", text}};
}

void node_control::shutdown(const control_caller& who) {
  journal(who, "stop", parts_.node.name, "shutdown by " + control::told(who));
  parts_.stop();
}

void node_control::journal(const control_caller& who, const std::string& kind, const std::string& subject,
                           const std::string& text) {
  storage::journal_event x;
  x.level = storage::severity::notice;
  x.kind = kind;
  x.subject = subject;
  x.text = text;
  x.who = control::told(who);
  parts_.all.store.append(std::move(x));
}

} // namespace troupe::daemon
