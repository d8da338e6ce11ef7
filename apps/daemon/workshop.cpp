#include "apps/daemon/workshop.hpp"

#include "actors/channel/make.hpp"
#include "actors/counter/make.hpp"
#include "actors/rule/make.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "config/load/typed.hpp"

#include <algorithm>

namespace troupe::daemon {

workshop::workshop(services& all, const node_config& node, catalog& names, placement_desk& placing, open_bus_fn open)
  : all_(all), node_(node), names_(names), placing_(placing), open_(std::move(open)) {}

std::string workshop::supervisor_of(const std::string& section) {
  if (section == "bus")
    return "buses";
  return section + "s";
}

std::string workshop::actor_of(const std::string& section, const std::string& name) {
  if (section == "bus" || section == "rule")
    return section + "/" + name;
  return name;
}

result<child_spec> workshop::make(const document& x) {
  auto spec = x.section == "bus"       ? make_bus_child(x)
              : x.section == "channel" ? make_channel_child(x)
              : x.section == "counter" ? make_counter_child(x)
              : x.section == "rule"
                ? make_rule_child(x)
                : result<child_spec>{error{errc::unsupported, "this release knows no section '" + x.section + "'"}};
  if (spec)
    spec.value().id = actor_of(x.section, x.name);
  return spec;
}

result<child_spec> workshop::make_bus_child(const document& x) {
  auto config = to_bus(x);
  if (!config)
    return config.why();
  const auto& allowed = node_.drivers;
  if (std::find(allowed.begin(), allowed.end(), config->driver) == allowed.end())
    return error{errc::permission_denied, "bus '" + x.name + "': node.toml does not allow the driver '"
                                            + config->driver + "'. Add it to `drivers` there and restart the node."};
  auto place = desk(x.name);
  names_.put(actor_of(x.section, x.name), {"bus", "", "", ""});
  child_spec spec;
  spec.type = "bus";
  spec.detached = true;
  spec.answer_within = config->call_timeout;
  spec.on_quarantine = bus_quarantine(place);
  spec.make = make_bus(all_, place, *config, open_, {.realtime_priority = node_.realtime_priority});
  if (node_.run_first)
    spec.make = in_turn(turn::urgent, std::move(spec.make));
  return spec;
}

result<child_spec> workshop::make_channel_child(const document& x) {
  auto config = to_channel(x);
  if (!config)
    return config.why();
  auto place = desk(config->bus);
  const bool output = config->dir == direction::output;
  names_.put(x.name, {output ? "output" : "input", config->label, config->unit, config->bus});
  all_.live.describe(x.name, config->unit);
  child_spec spec;
  spec.type = output ? "output" : "input";
  spec.on_quarantine = channel_quarantine(all_, place, *config);
  spec.make = make_channel(all_, place, *config);
  return spec;
}

result<child_spec> workshop::make_counter_child(const document& x) {
  auto config = to_counter(x);
  if (!config)
    return config.why();
  names_.put(x.name, {"counter", config->label, config->unit, config->bus});
  all_.live.describe(x.name, config->unit);
  if (!config->rate_unit.empty()) {
    names_.put(x.name + "/rate", {"rate", config->label, config->rate_unit, config->bus});
    all_.live.describe(x.name + "/rate", config->rate_unit);
  }
  child_spec spec;
  spec.type = "counter";
  spec.on_quarantine = counter_quarantine(all_, *config);
  spec.make = make_counter(all_, desk(config->bus), *config);
  return spec;
}

result<child_spec> workshop::make_rule_child(const document& x) {
  auto config = to_rule(x);
  if (!config)
    return config.why();
  names_.put(actor_of(x.section, x.name), {"rule", config->label, "", ""});
  child_spec spec;
  spec.type = "rule";
  spec.make = make_rule(all_, *config, placing_.authority_for(*config));
  return spec;
}

void workshop::leave_bus(const document& was, const document* now) {
  const auto bus = was.body.value("bus", "");
  if (!bus.empty() && (now == nullptr || now->body.value("bus", "") != bus))
    desk(bus)->detach(was.name);
}

void workshop::forget(const document& x, bool moved) {
  const auto actor = actor_of(x.section, x.name);
  leave_bus(x, nullptr);
  // Where it is now may have told first, and it need not tell again for hours.
  const auto hide = [&](const std::string& name) { moved ? all_.live.remove_from({}, name) : all_.live.remove(name); };
  names_.erase(actor);
  hide(actor);
  if (x.section == "rule" && !moved)
    if (auto done = forget_rule(all_.store, x.name); !done) {
      storage::journal_event event;
      event.level = storage::severity::warning;
      event.kind = "config";
      event.subject = actor;
      event.text = "removed, but its variables and timers stay stored: " + done.why().context;
      all_.store.append(std::move(event));
    }
  if (x.section == "channel" && !moved)
    forget_channel(all_.store, x.name);
  // A counter's total stays stored: who removes a meter by mistake adds it again.
  if (x.section == "counter") {
    names_.erase(x.name + "/rate");
    hide(x.name + "/rate");
  }
}

std::shared_ptr<bus_desk> workshop::desk(const std::string& bus) {
  std::lock_guard lock{mutex_};
  // Of buses that were removed: nobody holds it, and only here could anybody
  // take hold of it. Looked for now, as units let go some time after they are
  // told to end.
  std::erase_if(desks_, [&](const auto& x) {
    return x.first != bus && x.second.use_count() == 1 && x.second->size() == 0;
  });
  auto& found = desks_[bus];
  if (!found)
    found = std::make_shared<bus_desk>(bus, all_.clocks);
  return found;
}

std::size_t workshop::desks() const {
  std::lock_guard lock{mutex_};
  return desks_.size();
}

} // namespace troupe::daemon
