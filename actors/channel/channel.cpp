#include "actors/channel/make.hpp"
#include "actors/channel/units.hpp"

namespace troupe {

void journal_force(storage::store& store, const std::string& channel, const force_value& x) {
  storage::journal_event e;
  e.level = storage::severity::notice;
  e.kind = "command";
  e.subject = channel;
  e.text = x.val.empty() ? "force released" : "forced to " + to_string(x.val);
  e.who = x.who;
  store.append(std::move(e));
}

make_unit make_channel(services& all, std::shared_ptr<bus_desk> desk, channel_config config) {
  return config.dir == direction::input
           ? make_input(all, std::move(desk), std::move(config))
           : make_output(all, std::move(desk), std::move(config));
}

void forget_channel(storage::store& store, const std::string& name) {
  // An input keeps one, an output the others. Refused by a full disk: what
  // stays is one small entry, told as `restored` if the name comes back.
  for (const auto* what : {"reading/", "output/", "pulse/"})
    static_cast<void>(store.erase(storage::slot_kind::own, what + name));
}

std::function<void(bool)> channel_quarantine(services& all, std::shared_ptr<bus_desk> desk,
                                             channel_config config) {
  // Not the whole configuration: every channel of a node has one of these.
  return [&all, desk = std::move(desk), name = std::move(config.name), dir = config.dir,
          safe = std::move(config.safe)](bool entered) {
    if (!entered)
      return; // the unit that starts again tells what is
    reading r = all.live.get(name).value_or(reading{});
    r.told_as = origin::refresh;
    if (dir == direction::output) {
      desk->force_safe(name);
      if (r.val != safe) {
        r.val = safe;
        r.told_as = origin::change;
        r.changed_wall = all.clocks.wall();
        ++r.changes;
      }
    }
    r.grade = quality::bad;
    r.why = reason::quarantined;
    all.live.publish(name, r);
  };
}

} // namespace troupe
