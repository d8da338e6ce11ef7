#include "cluster/link/membership_unit.hpp"

#include "actors/supervision/fault.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::cluster {

namespace {

using storage::severity;

severity level_of(const membership_effects::change& x) {
  if (x.now.is == x.before)
    return severity::info; // still the same standing: direct or not, drained, restarted
  switch (x.now.is) {
  case standing::down: return severity::alarm;
  case standing::suspect: return severity::warning;
  case standing::removed:
  case standing::waiting: return severity::notice;
  default: return x.before == standing::down ? severity::notice : severity::info;
  }
}

class membership_unit final : public unit {
public:
  membership_unit(unit_context& context, const membership_setup& setup, wire& net,
                  member_table& table, storage::store& disk, const clock_source& clocks)
    : context_(context), net_(net), table_(table), disk_(disk), clocks_(clocks),
      inside_(with_seed(setup.how, context)) {
    for (const auto& x : setup.peers) {
      if (x.told_by.empty())
        inside_.know(x.name, x.addresses, context_.now());
      if (x.banned == 0)
        continue;
      // Removed is removed, also after a power cut of all nodes.
      member before;
      before.name = x.name;
      before.addresses = x.addresses;
      before.banned = x.banned;
      inside_.recall(before, context_.now(), x.told_by);
    }
  }

  void start() override {
    const auto now = context_.now();
    const auto before = table_.look(); // of an earlier incarnation
    for (const auto& x : before.members) {
      const auto told = before.hearsay.find(x.name);
      inside_.recall(x, now, told == before.hearsay.end() ? std::string{} : told->second);
    }
    for (const auto& x : net_.links())
      act(inside_.on_link_up(x.name, 0, now, clocks_.wall()), {});
    tick();
  }

  caf::message_handler messages() override {
    return {
      [this](const link_is_up& x) {
        act(inside_.on_link_up(x.name, x.incarnation, context_.now(), clocks_.wall()), {});
      },
      [this](const link_is_down& x) {
        act(inside_.on_link_down(x.name, x.why, x.lost, context_.now(), clocks_.wall()), {});
      },
      [this](const dial_failed& x) {
        act(inside_.on_dial_failed(x.name, x.why, x.how, context_.now(), clocks_.wall()), {});
      },
      [this](const letter_came& x) {
        act(inside_.on_letter(x.from, x.what, context_.now(), clocks_.wall()), {});
      },
      [this](const node_found& x) {
        if (!x.addresses.empty())
          return act(inside_.found(x.name, x.addresses, context_.now(), clocks_.wall()), {});
        inside_.lost(x.name, context_.now());
        show(true);
      },
      [this](const own_addresses& x) { act(inside_.moved(x.are, context_.now(), clocks_.wall()), {}); },
      [this](const node_command& x) { return obey(x); },
    };
  }

  void on_timer(int) override { tick(); }

  /// An ordered stop of the node is a goodbye, not a death.
  void stop() override { act(inside_.leave(clocks_.wall()), {}); }

  nlohmann::json state() const override {
    auto members = nlohmann::json::object();
    for (const auto& x : inside_.members())
      members[x.name] = {{"is", to_string(x.is)}, {"direct", x.direct}, {"incarnation", x.incarnation},
                         {"refutation", x.refutation}, {"draining", x.draining}};
    return {{"self", inside_.self().name}, {"local_health", inside_.local_health()}, {"members", members}};
  }

private:
  static membership::options with_seed(membership::options how, const unit_context& context) {
    how.seed ^= static_cast<std::uint64_t>(context.now()); // two boards of one image must not dial in step
    return how;
  }

  void tick() {
    const auto now = context_.now();
    act(inside_.tick(now, clocks_.wall(), net_.links(), net_.ears_late().count()), {});
    context_.arm(0, std::chrono::nanoseconds{std::max<mono_ns>(inside_.wake_at() - context_.now(), 0)});
  }

  caf::result<std::string> obey(const node_command& x) {
    const auto now = context_.now();
    const auto wall = clocks_.wall();
    using kind = node_command::kind;
    switch (x.what) {
    case kind::drain: act(inside_.drain(true, wall), x.who); return "draining";
    case kind::undrain: act(inside_.drain(false, wall), x.who); return "takes work again";
    case kind::leave: act(inside_.leave(wall), x.who); return "left";
    case kind::approve:
    case kind::remove: break;
    }
    auto done = x.what == kind::approve ? inside_.approve(x.name, now, wall) : inside_.remove(x.name, now, wall);
    if (!done)
      return supervision::to_caf(done.why().code, done.why().context);
    act(*done, x.who);
    if (x.what == kind::remove)
      return "removed; it is refused until it is approved again";
    const auto all = inside_.members();
    const auto at = std::find_if(all.begin(), all.end(), [&](const member& m) { return m.name == x.name; });
    return at == all.end() || at->addresses.empty() ? "approved; dialled as soon as an address of it is known"
                                                     : "approved; `troupe members` shows whether it is reached";
  }

  /// A drop comes last, after what explains it.
  void act(const membership_effects& todo, const std::string& who) {
    show(!todo.changes.empty());
    for (const auto& x : todo.changes) {
      journal(x, who);
      table_.tell(x);
    }
    for (const auto& x : todo.troubles) {
      storage::journal_event e;
      e.level = severity::warning;
      e.kind = "node";
      e.subject = x.about;
      e.text = x.text;
      spdlog::warn("node {}: {}", e.subject, e.text);
      disk_.append(std::move(e));
    }
    for (const auto& x : todo.letters)
      net_.send(x.to, x.what);
    if (!todo.beat.empty())
      net_.beat(todo.beat);
    for (const auto& x : todo.dial)
      net_.dial(x);
    for (const auto& x : todo.drop)
      net_.drop(x, "membership: " + why_dropped(x));
  }

  [[nodiscard]] std::string why_dropped(const std::string& name) const {
    for (const auto& x : inside_.members())
      if (x.name == name)
        return x.is == standing::alive ? "silent to this node, though others hear it; dialled anew" : to_string(x.is);
    return "not known here";
  }

  void show(bool changed) {
    // Unchanged, a copy of all members for each beat would be waste; health
    // and differences move slowly and are told with the next second.
    const auto now = context_.now();
    if (!changed && shown_at_ != 0 && now - shown_at_ < 1'000'000'000)
      return;
    shown_at_ = now;
    member_table::picture p;
    p.self = inside_.self().name;
    p.members = inside_.members();
    p.differences = inside_.differences();
    p.hearsay = inside_.hearsay();
    p.reached_at = inside_.reached_at();
    p.deaf_to_us = inside_.deaf_to_us(now);
    for (const auto& x : p.members)
      if (const auto score = inside_.flap_score(x.name, now); score >= 1)
        p.flaps[x.name] = score;
    p.local_health = inside_.local_health();
    table_.show(std::move(p), changed);
  }

  void journal(const membership_effects::change& x, const std::string& who) {
    storage::journal_event e;
    e.level = level_of(x);
    e.kind = "node";
    e.subject = x.now.name;
    e.text = x.now.is == x.before
               ? x.why
               : std::string{to_string(x.before)} + " -> " + to_string(x.now.is) + ": " + x.why;
    e.who = who;
    const auto level = e.level == severity::alarm     ? spdlog::level::err
                       : e.level == severity::warning ? spdlog::level::warn
                                                      : spdlog::level::info;
    spdlog::log(level, "node {}: {}", e.subject, e.text);
    disk_.append(std::move(e));
  }

  unit_context& context_;
  wire& net_;
  member_table& table_;
  storage::store& disk_;
  const clock_source& clocks_;
  membership inside_;
  mono_ns shown_at_ = 0;
};

} // namespace

make_unit make_membership_unit(membership_setup setup, wire& net, member_table& table,
                               storage::store& disk, const clock_source& clocks) {
  return [setup = std::move(setup), &net, &table, &disk, &clocks](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<membership_unit>(context, setup, net, table, disk, clocks);
  };
}

} // namespace troupe::cluster
