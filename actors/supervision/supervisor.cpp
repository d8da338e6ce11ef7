#include "actors/supervision/supervisor.hpp"

#include "actors/supervision/fault.hpp"
#include "actors/supervision/shell.hpp"
#include "actors/supervision/stuck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::supervision {

namespace {

using std::memory_order_relaxed;

enum timer : int { of_core, of_alarms, of_sweep };

core::rules rules_of(const child_spec& x, std::uint64_t seed) {
  // Siblings-to-be must not share their jitter.
  return {x.how, x.backoff, x.intensity, seed ^ std::hash<std::string>{}(x.id)};
}

void end_at_once(const caf::actor& whom) {
  // High priority: an ordinary exit would wait behind the whole mailbox.
  if (whom)
    caf::anon_send<caf::message_priority::high>(
      whom, caf::exit_msg{whom.address(), caf::exit_reason::kill});
}

void send_order(const caf::actor& whom, order x) {
  if (whom)
    caf::anon_send<caf::message_priority::high>(whom, std::move(x));
}

const order* as_order(const caf::type_erased_tuple& x) {
  if (x.size() != 1 || !x.matches(0, 0, &typeid(order)))
    return nullptr;
  return &x.get_as<order>(0);
}

} // namespace

std::shared_ptr<branch> grow(child_spec spec) {
  auto result = std::make_shared<branch>();
  auto kids = std::move(spec.children);
  spec.children.clear();
  spec.is_supervisor = spec.is_supervisor || !spec.make;
  if (spec.is_supervisor)
    spec.type = "supervisor";
  result->spec = std::make_shared<const child_spec>(std::move(spec));
  result->kids.reserve(kids.size());
  for (auto& kid : kids)
    result->kids.push_back(grow(std::move(kid)));
  return result;
}

caf::actor spawn_place(caf::event_based_actor* by, house& h, const std::shared_ptr<branch>& of,
                       const std::shared_ptr<cell>& c, child_key key) {
  auto& spec = *of->spec;
  auto above = caf::actor_cast<caf::actor>(by);
  caf::actor result;
  if (spec.is_supervisor)
    result = by->spawn<supervisor, caf::lazy_init>(h, of, c, key, above,
                                                   std::function<void(const std::string&)>{});
  else if (spec.detached)
    result = by->spawn<shell, caf::detached>(h, c, key, above);
  else
    result = by->spawn<shell, caf::lazy_init>(h, c, key, above);
  h.names.put({spec.id, spec.type, c->parent, result,
               std::shared_ptr<vitals>{c, &c->life}, spec.detached});
  h.known.put(spec.id, {c, result, above, key});
  return result;
}

supervisor::supervisor(caf::actor_config& cfg, house& h, std::shared_ptr<branch> of,
                       std::shared_ptr<cell> c, child_key key, caf::actor above,
                       std::function<void(const std::string&)> ended)
  : caf::event_based_actor(cfg), house_(h), branch_(std::move(of)), cell_(std::move(c)),
    key_(key), above_(std::move(above)), ended_(std::move(ended)),
    core_(rules_of(*branch_->spec, h.bounds.seed)), alarms_(branch_->spec->id) {
  house_.living.fetch_add(1);
}

supervisor::~supervisor() {
  depart(); // never run, so never ended
}

/// The house may go once all have departed; who still holds a handle to one
/// that has ended does not keep it.
void supervisor::depart() {
  if (!std::exchange(departed_, true))
    house_.living.fetch_sub(1);
}

mono_ns supervisor::mono() const {
  return clock().now().time_since_epoch().count();
}

caf::behavior supervisor::make_behavior() {
  set_down_handler([this](caf::down_msg& x) { on_down(x); });
  set_default_handler([this](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    if (current_message_id().is_request())
      return caf::make_error(caf::sec::unexpected_message);
    return caf::message{};
  });
  set_error_handler([](caf::error&) {});
  return {
    [this](const notice& x) { on(x); },
    [this](const add_child& x) { return on(x); },
    [this](const child_order& x) { return on(x); },
  };
}

/// Vitals as in a shell: a supervisor can hang, too, in a child's maker.
caf::invoke_message_result supervisor::consume(caf::mailbox_element& x) {
  auto& life = cell_->life;
  auto begun = mono();
  life.handling_since.store(begun, memory_order_relaxed);
  auto result = caf::invoke_message_result::consumed;
  if (auto o = as_order(x.content())) {
    current_mailbox_element(&x);
    switch (o->what) {
      case order::kind::start: start(); break;
      case order::kind::stop:
      case order::kind::quit: stop(); break;
      case order::kind::wake: wake(); break;
      case order::kind::ping:
        life.mailbox_age.store(mono() - o->number, memory_order_relaxed);
        life.pinged_at.store(0, memory_order_relaxed);
        break;
      case order::kind::quarantine:
      case order::kind::hang: break; // for shells only
    }
  } else {
    result = caf::event_based_actor::consume(x);
    life.handled.store(life.handled.load(memory_order_relaxed) + 1, memory_order_relaxed);
  }
  auto took = mono() - begun;
  if (took > life.longest_handling.load(memory_order_relaxed))
    life.longest_handling.store(took, memory_order_relaxed);
  life.handling_since.store(0, memory_order_relaxed);
  return result;
}

// --- life of the supervisor --------------------------------------------------

void supervisor::start() {
  if (std::exchange(started_, true))
    return;
  auto& life = cell_->life;
  life.incarnation.fetch_add(1, memory_order_relaxed);
  life.started_at.store(mono(), memory_order_relaxed);
  life.state.store(run_state::running, memory_order_relaxed);
  for (auto& kid : branch_->kids) {
    auto k = core_.add({kid->spec->id, kid->spec->when, kid->spec->stop_within,
                        kid->spec->detached},
                       mono());
    enlist(k, kid);
  }
  if (!above_)
    sweep();
  work();
}

void supervisor::stop() {
  cell_->life.state.store(run_state::stopping, memory_order_relaxed);
  core_.stop_all(mono());
  work();
}

void supervisor::on_exit() {
  // In an ordered end nobody is left. Else nobody may be left either.
  for (auto& [k, p] : places_) {
    if (p.actor) {
      p.life->fenced = true; // it may sit in a call
      house_.fenced.raise(p.actor.id(), p.of->spec->id);
      end_at_once(p.actor);
    }
    if (p.quarantined)
      told_quarantine(p, false);
    house_.names.erase(p.of->spec->id);
    house_.known.erase(p.of->spec->id);
    for (auto& w : p.waiters)
      w.answer.deliver(outcome{errc::closed, fmt::format("supervisor '{}' has ended", own_id())});
  }
  places_.clear();
  cell_->life.state.store(run_state::stopped, memory_order_relaxed);
  above_ = nullptr;
  if (ended_)
    std::exchange(ended_, {})(failure_);
  depart(); // last: whoever waits for the end may take the house away then
}

// --- what comes in -----------------------------------------------------------

void supervisor::on(const notice& x) {
  auto i = places_.find(x.child);
  if (i == places_.end() || (x.from != 0 && (!i->second.actor || i->second.actor.id() != x.from)))
    return; // of one that was replaced meanwhile
  auto& [k, p] = *i;
  switch (x.what) {
    case notice::kind::started: on_started(k, p); break;
    case notice::kind::ended: on_ended(k, p, x); break;
    case notice::kind::stopped: core_.stopped(k, mono()); break;
    case notice::kind::hung: on_hung(k, p, x.text); break;
    case notice::kind::answered:
      if (core_.marked_hung(k)) {
        core_.answered(k);
        p.life->trouble({});
        p.life->life.state.store(run_state::running, memory_order_relaxed);
        alarms_.well(p.of->spec->id, mono());
        house_.told.recovered(p.of->spec->id);
      }
      break;
  }
  work();
}

void supervisor::on_started(child_key k, place& p) {
  auto now = mono();
  core_.started(k, now);
  if (core_.state_of(k) != core::phase::up)
    return;
  auto& name = p.of->spec->id;
  p.life->trouble({});
  alarms_.well(name, now);
  if (p.quarantined) {
    told_quarantine(p, false);
    house_.told.released(name);
  }
  if (p.failed_at != 0)
    house_.told.restarted(name, p.life->life.incarnation.load(memory_order_relaxed),
                          std::chrono::nanoseconds{now - std::exchange(p.failed_at, 0)});
  using kind = child_order::kind;
  answer(p, {kind::restart, kind::kill, kind::release}, {});
}

void supervisor::on_ended(child_key k, place& p, const notice& x) {
  auto now = mono();
  auto& name = p.of->spec->id;
  core_.ended(k, x.how, x.text, now, x.back_up);
  p.life->flaps.store(core_.flap(k, now), memory_order_relaxed);
  p.life->flaps_at.store(now, memory_order_relaxed);
  if (x.back_up) {
    house_.told.restarted(name, p.life->life.incarnation.load(memory_order_relaxed),
                          std::chrono::nanoseconds{x.number});
    if (core_.flap(k, now) < flap_score::restless)
      return;
    alarms_.trouble(name, fmt::format("flapping: {}", x.text), now);
    return;
  }
  if (p.failed_at == 0)
    p.failed_at = now;
  if (x.how == end::normal || x.how == end::shutdown)
    return;
  p.life->trouble(fmt::format("{}: {}", to_string(x.how), x.text));
  alarms_.trouble(name, fmt::format("{}: {}", to_string(x.how), x.text), now);
  using kind = child_order::kind;
  if (x.how == end::start_failed)
    answer(p, {kind::restart, kind::release},
           {errc::io_error, fmt::format("'{}' does not start: {}; it is tried again", name, x.text)});
}

void supervisor::on_hung(child_key k, place& p, const std::string& why) {
  auto now = mono();
  auto& name = p.of->spec->id;
  core_.hung(k, why, now);
  if (!core_.marked_hung(k))
    return; // replaced, or no longer of interest
  p.life->trouble(why);
  p.life->life.state.store(run_state::hung, memory_order_relaxed);
  alarms_.trouble(name, "hung: " + why, now);
  house_.told.hung(name, why, false);
}

void supervisor::on_down(const caf::down_msg& x) {
  auto i = by_actor_.find(x.source.id());
  if (i == by_actor_.end())
    return;
  auto k = i->second;
  by_actor_.erase(i);
  auto& p = places_.at(k);
  p.actor = nullptr;
  notice n;
  n.child = k;
  n.text = from_caf(x.reason).context;
  if (!x.reason)
    n.how = end::normal;
  else if (x.reason == caf::exit_reason::user_shutdown)
    n.how = end::shutdown;
  else if (x.reason == caf::exit_reason::kill) {
    n.how = end::killed;
    n.text = "its actor was killed";
  } else
    n.how = end::crashed;
  p.life->life.crashes.fetch_add(n.how == end::normal || n.how == end::shutdown ? 0 : 1,
                                 memory_order_relaxed);
  on_ended(k, p, n);
  // Its successor takes the name now, also if it may start only after a
  // pause: what is sent meanwhile waits for it.
  if (auto s = core_.state_of(k); s == core::phase::down && !core_.ending()
      && decide_fate(p.of->spec->when, n.how) == fate::again && !p.of->spec->is_supervisor)
    occupy(k, p);
  work();
}

caf::result<outcome> supervisor::on(const add_child& x) {
  if (core_.ending() || !started_)
    return outcome{errc::closed, fmt::format("supervisor '{}' does not run", own_id())};
  if (x.spec.id.empty())
    return outcome{errc::invalid_argument, "a child needs an id"};
  if (keys_.contains(x.spec.id) || house_.known.find(x.spec.id).who)
    return outcome{errc::conflict, fmt::format("'{}' exists already", x.spec.id)};
  auto of = grow(x.spec);
  branch_->kids.push_back(of);
  auto k = core_.add({of->spec->id, of->spec->when, of->spec->stop_within, of->spec->detached},
                     mono());
  enlist(k, of);
  auto promise = make_response_promise<outcome>();
  // Its first start is answered like a restart.
  places_.at(k).waiters.push_back({child_order::kind::restart, promise});
  work();
  return caf::delegated<outcome>{}; // answered later
}

caf::result<outcome> supervisor::on(const child_order& x) {
  auto i = keys_.find(x.id);
  if (i == keys_.end())
    return outcome{errc::not_found, fmt::format("'{}' has no child '{}'", own_id(), x.id)};
  auto k = i->second;
  auto& p = places_.at(k);
  using phase = core::phase;
  auto state = *core_.state_of(k);
  using kind = child_order::kind;
  switch (x.what) {
    case kind::hang:
      if (p.of->spec->is_supervisor || state != phase::up)
        return outcome{errc::unsupported, fmt::format("'{}' is no running worker", x.id)};
      caf::anon_send(p.actor, order{order::kind::hang, to_ns(x.length), {}});
      return outcome{};
    case kind::kill:
      if (state != phase::up && state != phase::starting)
        return outcome{errc::not_found, fmt::format("'{}' does not run", x.id)};
      break;
    case kind::release:
      if (!p.quarantined)
        return outcome{errc::invalid_argument, fmt::format("'{}' is not quarantined", x.id)};
      break;
    case kind::quarantine:
      if (p.quarantined)
        return outcome{};
      break;
    case kind::remove:
    case kind::restart: break;
  }
  auto promise = make_response_promise<outcome>();
  p.waiters.push_back({x.what, promise});
  auto now = mono();
  switch (x.what) {
    case kind::remove:
      std::erase_if(branch_->kids, [&](auto& kid) { return kid == p.of; });
      core_.remove_child(k, now);
      break;
    case kind::restart: core_.restart_child(k, now); break;
    case kind::kill: core_.kill_child(k, now); break;
    case kind::quarantine: core_.quarantine_child(k, "by hand", now); break;
    case kind::release: core_.release_child(k, now); break;
    case kind::hang: break;
  }
  work();
  return caf::delegated<outcome>{}; // answered later
}

void supervisor::wake() {
  auto now = mono();
  while (auto which = timers_.due(now)) {
    switch (*which) {
      case of_core: core_.tick(now); break;
      case of_alarms: break; // `work` looks
      case of_sweep: sweep(); break;
    }
  }
  work();
  if (auto at = timers_.next())
    arm(-1, *at);
}

// --- what is done ------------------------------------------------------------

void supervisor::work() {
  for (auto actions = core_.take(); !actions.empty(); actions = core_.take())
    for (auto& x : actions)
      perform(x);
  auto now = mono();
  if (auto told = alarms_.tick(now, places_.size()))
    house_.told.raised(*told);
  if (auto at = core_.due())
    arm(of_core, *at);
  if (auto at = alarms_.due())
    arm(of_alarms, *at);
  tell_above();
}

void supervisor::perform(const action& x) {
  using kind = action::kind;
  switch (x.what) {
    case kind::finished:
      return quit();
    case kind::failed:
      failure_ = x.why;
      house_.told.escalated(own_id(), x.why);
      return quit(to_caf(errc::quarantined, fmt::format("supervisor '{}' gave up: {}", own_id(), x.why)));
    default: break;
  }
  auto i = places_.find(x.child);
  if (i == places_.end())
    return;
  auto& [k, p] = *i;
  switch (x.what) {
    case kind::start:
      if (!p.actor)
        occupy(k, p);
      send_order(p.actor, {order::kind::start, 0, {}});
      break;
    case kind::stop:
      if (p.actor)
        send_order(p.actor, {order::kind::stop, 0, {}});
      else
        core_.stopped(k, mono());
      break;
    case kind::kill:
      if (p.actor)
        end_at_once(p.actor);
      else
        core_.ended(k, end::killed, x.why, mono());
      break;
    case kind::abandon: abandon(k, p, x.why); break;
    case kind::quarantine: quarantine(k, p, x.why); break;
    case kind::rest:
      vacate(p);
      house_.names.erase(p.of->spec->id);
      p.life->life.state.store(run_state::stopped, memory_order_relaxed);
      alarms_.well(p.of->spec->id, mono());
      break;
    case kind::forget: forget(k, p); break;
    case kind::grant:
      p.life->permits.store(static_cast<unsigned>(x.count), memory_order_relaxed);
      break;
    case kind::finished:
    case kind::failed: break;
  }
}

/// A new actor for the place, under its name.
void supervisor::occupy(child_key k, place& p) {
  auto fresh = std::make_shared<cell>();
  fresh->spec = p.of->spec;
  fresh->parent = own_id();
  fresh->place = k;
  if (p.life) {
    // A predecessor that was left behind may still write into its own.
    auto& old = p.life->life;
    fresh->life.handled = old.handled.load();
    fresh->life.incarnation = old.incarnation.load();
    fresh->life.crashes = old.crashes.load();
    fresh->life.tapped = old.tapped.load();
    fresh->flaps = p.life->flaps.load();
    fresh->flaps_at = p.life->flaps_at.load();
    fresh->dropped = p.life->dropped.load();
    fresh->trouble(p.life->trouble());
    if (fresh->life.incarnation > 0)
      fresh->life.state = run_state::waiting;
  }
  p.life = fresh;
  p.actor = spawn_place(this, house_, p.of, fresh, k);
  by_actor_[p.actor.id()] = k;
  monitor(p.actor);
}

/// Ends the actor of a place that needs none; orders it, so that what it
/// still does is done first.
void supervisor::vacate(place& p) {
  if (!p.actor)
    return;
  demonitor(p.actor);
  by_actor_.erase(p.actor.id());
  send_order(p.actor, {order::kind::quit, 0, {}});
  p.actor = nullptr;
}

void supervisor::abandon(child_key k, place& p, const std::string& why) {
  if (!p.actor)
    return;
  auto now = mono();
  auto& name = p.of->spec->id;
  auto& life = p.life->life;
  // The fence first: from here on it is not listened to.
  p.life->fenced = true;
  house_.fenced.raise(p.actor.id(), name);
  life.crashes.fetch_add(1, memory_order_relaxed);
  demonitor(p.actor);
  by_actor_.erase(p.actor.id());
  end_at_once(p.actor); // it ends when its call returns
  p.actor = nullptr;
  if (p.failed_at == 0)
    p.failed_at = now;
  auto left = std::make_shared<post_mortem>();
  left->actor = name;
  left->incarnation = life.incarnation.load(memory_order_relaxed);
  left->at = house_.clocks.wall();
  left->how = to_string(end::hung);
  left->error = why;
  left->state = "unknown: it still runs";
  left->last_messages = nlohmann::json::array();
  left->lived_ms = static_cast<double>(now - life.started_at.load(memory_order_relaxed)) / 1e6;
  house_.dead.add(left);
  house_.told.crashed(*left);
  house_.told.hung(name, why, true);
  alarms_.trouble(name, "hung: " + why, now);
  // Its successor has the name at once, also if a pause comes first.
  if (!core_.ending() && !p.of->spec->is_supervisor)
    occupy(k, p);
}

void supervisor::quarantine(child_key k, place& p, const std::string& why) {
  if (!p.of->spec->is_supervisor) {
    // Somebody must answer `quarantined` in its name.
    if (!p.actor)
      occupy(k, p);
    p.life->trouble(why);
    send_order(p.actor, {order::kind::quarantine, 0, why});
  }
  p.life->trouble(why);
  p.life->permits = 0;
  p.life->life.state.store(run_state::quarantined, memory_order_relaxed);
  if (!p.quarantined)
    told_quarantine(p, true);
  alarms_.trouble(p.of->spec->id, "quarantined: " + why, mono());
  house_.told.quarantined(p.of->spec->id, why);
  using kind = child_order::kind;
  answer(p, {kind::quarantine}, {});
  answer(p, {kind::restart, kind::kill, kind::release},
         {errc::quarantined, fmt::format("'{}' is quarantined: {}", p.of->spec->id, why)});
}

void supervisor::told_quarantine(place& p, bool entered) {
  p.quarantined = entered;
  if (!p.of->spec->on_quarantine)
    return;
  try {
    p.of->spec->on_quarantine(entered);
  } catch (const std::exception& e) {
    alarms_.trouble(p.of->spec->id,
                    fmt::format("its quarantine handler failed: {}", e.what()), mono());
  }
}

void supervisor::forget(child_key k, place& p) {
  auto name = p.of->spec->id;
  vacate(p);
  house_.names.erase(name);
  house_.known.erase(name);
  alarms_.well(name, mono());
  answer(p, {child_order::kind::remove}, {});
  using kind = child_order::kind;
  answer(p, {kind::restart, kind::kill, kind::release, kind::quarantine},
         {errc::closed, fmt::format("'{}' was removed", name)});
  keys_.erase(name);
  places_.erase(k);
}

void supervisor::enlist(child_key k, std::shared_ptr<branch> of) {
  keys_[of->spec->id] = k;
  auto& p = places_[k];
  p.of = std::move(of);
  occupy(k, p);
}

void supervisor::answer(place& p, std::initializer_list<child_order::kind> which,
                        const outcome& with) {
  std::erase_if(p.waiters, [&](waiter& w) {
    if (std::find(which.begin(), which.end(), w.what) == which.end())
      return false;
    w.answer.deliver(with);
    return true;
  });
}

/// Up towards the one above: all children had their first chance.
void supervisor::tell_above() {
  if (told_started_ || !started_ || !core_.settled() || core_.ending() || !above_)
    return;
  told_started_ = true;
  caf::anon_send<caf::message_priority::high>(
    above_, notice{notice::kind::started, key_, id(), end::normal, false, {}, 0});
}

void supervisor::arm(int timer, mono_ns at) {
  std::optional<mono_ns> wake = timer < 0 ? at : timers_.arm(timer, at);
  if (!wake)
    return;
  clock().schedule_message(
    caf::actor_clock::time_point{std::chrono::nanoseconds{*wake}},
    caf::actor_cast<caf::strong_actor_ptr>(this),
    caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                              order{order::kind::wake, 0, {}}));
}

// --- the root's round --------------------------------------------------------

/// Looks at everybody's vitals, which wakes nobody, and asks everybody at a
/// slow pace, which does.
void supervisor::sweep() {
  auto now = mono();
  const bool ask = now - pinged_at_ >= to_ns(house_.bounds.ping_every);
  if (ask)
    pinged_at_ = now;
  auto next = now + to_ns(house_.bounds.sweep_every);
  house_.known.each([&](const roster::row& x) {
    auto& c = *x.who;
    auto& life = c.life;
    if (!x.supervisor || life.state.load(memory_order_relaxed) == run_state::stopped)
      return;
    sight seen{life.handling_since.load(memory_order_relaxed),
               life.pinged_at.load(memory_order_relaxed),
               life.handled.load(memory_order_relaxed),
               c.handled_at_ping.load(memory_order_relaxed), c.spec->answer_within};
    auto found = judge(seen, now);
    const bool before = c.reported_hung.load(memory_order_relaxed);
    if (before != (found == verdict::hung)) {
      c.reported_hung.store(!before, memory_order_relaxed);
      caf::anon_send<caf::message_priority::high>(
        x.supervisor,
        notice{before ? notice::kind::answered : notice::kind::hung, x.key, x.actor.id(),
               end::hung, false, before ? std::string{} : why_hung(seen, now), 0});
    }
    if (c.overfull.load(memory_order_relaxed))
      look_at_mailbox(c);
    if (auto at = hung_at(seen); at && *at > now)
      next = std::min(next, *at);
    if (ask && seen.pinged_at == 0) {
      c.handled_at_ping.store(seen.handled, memory_order_relaxed);
      life.pinged_at.store(now, memory_order_relaxed);
      caf::anon_send(x.actor, order{order::kind::ping, now, {}});
    }
  });
  house_.fenced.clean(now);
  house_.swept_at.store(now, memory_order_relaxed);
  arm(of_sweep, next);
}

/// Messages were dropped: told when it begins and, once half of it is worked
/// off, when it ends. Between the two it may drop as often as it likes.
void supervisor::look_at_mailbox(cell& x) {
  const bool has_room = x.queue.length() <= house_.bounds.running_mailbox / 2;
  if (!x.overfull_told.exchange(true))
    house_.told.overfull(x.spec->id, x.dropped.load(memory_order_relaxed), false);
  if (!has_room)
    return;
  x.overfull.store(false, memory_order_relaxed);
  x.overfull_told.store(false, memory_order_relaxed);
  house_.told.overfull(x.spec->id, x.dropped.load(memory_order_relaxed), true);
}

} // namespace troupe::supervision
