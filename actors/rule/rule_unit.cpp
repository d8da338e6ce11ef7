#include "actors/rule/rule_unit.hpp"

#include "actors/protocol/boot.hpp"
#include "actors/rule/duration.hpp"
#include "actors/rule/make.hpp"
#include "storage/chance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::rule {

using nlohmann::json;
using storage::severity;
using storage::slot_kind;

namespace {

/// A rule that reads what it sets may chase itself; it then runs at this pace.
constexpr milliseconds put_off{10};

class live_house final : public house_view {
public:
  explicit live_house(const storage::live_table& live) : live_(live) {}
  std::optional<storage::live_table::row> find(const std::string& name) const override {
    return live_.find(name);
  }
  std::vector<storage::edge> edges_since(const std::string& name, const storage::edge_position& after) const override {
    return live_.edges_since(name, after);
  }

private:
  const storage::live_table& live_;
};

std::string dump(const json& x) {
  // Texts of rules need not be UTF-8; the store and the console want it.
  return x.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

rule_unit::rule_unit(unit_context& context, services& house, rule_config config,
                     std::unique_ptr<authority> may_act)
  : context_(context), house_(house), config_(std::move(config)),
    address_(rule_address(config_.name)), authority_(std::move(may_act)),
    origin_{boot_id(), digest(config_.lua)} {
}

moment rule_unit::now() const {
  return {context_.now(), house_.clocks.wall()};
}

void rule_unit::make_engine() {
  auto made = engine::make(config_);
  if (!made)
    throw std::runtime_error(made.why().context);
  engine_ = std::move(*made);
  engine_->name_pulses(storage::fresh_number());
}

void rule_unit::start() {
  make_engine();
  if (!authority_)
    load();
  bell_ = std::make_shared<bell>(context_.self()->address());
  started_at_ = context_.now();
  if (authority_) {
    make_shadow();
    note_stored_round();
    hear(authority_->begin(started_at_));
  }
  try_to_begin();
}

void rule_unit::load() {
  const auto stored = house_.store.get(slot_kind::own, address_);
  if (!stored)
    return;
  const auto document = json::parse(stored->payload, nullptr, false);
  auto memory = memory_from_json(document, now(), origin_);
  if (!memory) {
    note(severity::alarm, "starts without its memory: " + memory.why().context);
    return;
  }
  engine_->restore(std::move(*memory));
  saved_ = engine_->memory();
}

caf::message_handler rule_unit::messages() {
  return {
    [this](wake_atom) { on_wake(); },
    [this](const ownership_letter& x) {
      if (authority_)
        hear(authority_->on_letter(x, context_.now()));
    },
    [this](const owner_order& x) {
      if (authority_)
        hear(x.hand_over_to.empty() ? authority_->look_again(context_.now())
                                    : authority_->hand_over(x.hand_over_to, context_.now()));
    },
  };
}

void rule_unit::on_wake() {
  if (!bell_->take())
    return; // rung for an incarnation before this one
  if (waiting_)
    try_to_begin();
  else
    run();
}

void rule_unit::on_timer(int timer) {
  switch (timer) {
  case wait_timer: try_to_begin(); break;
  case run_timer: run(); break;
  case renew_timer: renew(); break;
  case save_timer: save(false); break;
  case authority_timer:
    if (!authority_)
      break;
    if (!acts())
      note_stored_round();
    hear(authority_->on_time(context_.now()));
    show_shadow();
    break;
  default: break;
  }
}

// At start all outputs would be claimed before inputs are read, and a rule
// would decide on nothing.
void rule_unit::try_to_begin() {
  if (!waiting_)
    return;
  const auto left = milliseconds{wait_for_inputs}
                    - std::chrono::duration_cast<milliseconds>(
                      std::chrono::nanoseconds(context_.now() - started_at_));
  // Looked at again once watched, so that no first value slips in between.
  bool ready = false;
  for (std::size_t known = watched_.size() + 1; known != watched_.size();) {
    known = watched_.size();
    ready = engine_->probe(now(), live_house{house_.live});
    watch_inputs(*engine_);
  }
  if (!ready && left.count() > 0) {
    context_.arm(wait_timer, left);
    return;
  }
  waiting_ = false;
  context_.cancel(wait_timer);
  if (authority_)
    return hear(authority_->ready(context_.now()));
  repeat_pulses();
  run();
}

void rule_unit::run() {
  if (!acts())
    return run_shadow(); // loaded, and ready to take over
  for (int i = 0; i < runs_at_once; ++i) {
    if (!run_once())
      return;
    if (!engine_->pending() || retry_at_)
      break;
  }
  plan(); // at once if edges are left
}

/// @returns false if it is put off
bool rule_unit::run_once() {
  const auto at = now();
  if (!runs_.take(at.mono)) {
    // Nothing is lost as long as the house keeps the edges.
    if (!std::exchange(run_put_off_, true))
      note(severity::warning, "runs more than 500 times a second; does it read an output "
                              "that it sets?");
    context_.arm(run_timer, put_off);
    return false;
  }
  retry_at_.reset();
  const auto done = engine_->run_now(at, live_house{house_.live});
  watch_inputs(*engine_);
  act(done);
  publish(done.ok);
  save(false);
  if (done.ok)
    failures_.succeeded();
  else
    on_failure();
  return true;
}

void rule_unit::act(const run_outcome& done) {
  if (!done.passed_over.empty())
    note(severity::warning, done.passed_over);
  for (const auto& line : done.lines)
    note(severity::info, line);
  if (authority_)
    leave_carry();
  for (const auto& action : done.actions)
    send(action);
  for (const auto& action : done.pulses)
    send(action);
  if (!done.ok || restored_told_)
    return;
  restored_told_ = true;
  // Only after a good run: it may have changed its mind, and a rule that fails
  // at every start must not hold its outputs for ever.
  for (const auto& action : engine_->restored_wishes(now()))
    if (authority_ ? !told_.contains(action.output) : !leases_.holds(action.output))
      send(action);
}

std::uint32_t rule_unit::incarnation_of(const std::string& output) const {
  const auto row = house_.names.lookup(output);
  if (!row || !row->handle) {
    const auto far = house_.live.find(output);
    const bool is_there = far && !far->node.empty() && far->now.why != reason::node_lost;
    return is_there ? far->incarnation : 0;
  }
  return row->life ? std::max(row->life->incarnation.load(), 1u) : 1;
}

void rule_unit::send(const output_action& action) {
  command wanted;
  wanted.output = action.output;
  wanted.val = action.what.val;
  wanted.priority = action.what.priority;
  wanted.source = address_;
  wanted.lease = action.what.lease;
  wanted.story = action.story;
  if (authority_)
    return send_with_permit(action, std::move(wanted));
  const auto incarnation = incarnation_of(action.output);
  const bool arrived = house_.names.send(action.output, std::move(wanted));
  if (action.what.val.empty()) {
    // One of this node's own has it by now; what goes to another node may be lost.
    const auto shown = house_.live.find(action.output);
    if (shown && !shown->node.empty()) {
      leases_.released(action.output, arrived ? incarnation : 0, context_.now());
      told_[action.output] = action;
    } else {
      leases_.let_go(action.output);
      told_.erase(action.output);
    }
    return;
  }
  if (!arrived)
    note(severity::warning, "wants " + action.output + " " + to_string(action.what.val)
                              + ", but nobody answers to that name; asks again every second");
  leases_.sent(action.output, action.what.lease, arrived ? incarnation : 0, context_.now());
  told_[action.output] = action;
}

void rule_unit::send(const pulse_action& action) {
  const auto at = context_.now();
  command wanted;
  wanted.id = action.what.id;
  wanted.output = action.what.output;
  wanted.val = action.what.val;
  wanted.priority = action.what.priority;
  wanted.source = address_;
  wanted.story = action.story;
  wanted.pulse = action.what.length;
  wanted.age = milliseconds{std::max<mono_ns>(at - action.what.at, 0) / 1'000'000};
  if (authority_) {
    const auto pass = authority_->permit_for(wanted.output, at);
    if (!pass)
      return; // said when it goes on, or by a successor
    wanted.pass = *pass;
    wanted.carry = carry_;
    if (!wanted.story.empty())
      wanted.story.back().text += " (at node " + house_.names.self() + ")";
    (void)house_.names.send(action.what.output, std::move(wanted));
    return;
  }
  const auto incarnation = incarnation_of(action.what.output);
  const bool arrived = house_.names.send(action.what.output, std::move(wanted));
  pulses_.sent(action, arrived ? incarnation : 0, at);
}

/// Of what the memory that it goes on with knows to be said, nobody knows what came.
void rule_unit::repeat_pulses() {
  for (const auto& action : engine_->restored_pulses(now()))
    send(action);
}

void rule_unit::look_after_pulses() {
  const auto turn = pulses_.look(context_.now(), config_.edge_limit, [this](const auto& output) { return incarnation_of(output); });
  for (const auto& x : turn.given_up)
    note(severity::warning, fmt::format("its pulse of {} was not done: nobody answered to that name", x.what.output));
  for (const auto& x : turn.again)
    send(x);
}

/// What could not be sent is told when it goes on, or by a successor: the carry
/// has it. Its lease is extended with the grant's.
void rule_unit::send_with_permit(const output_action& action, command wanted) {
  told_[action.output] = action;
  const auto pass = authority_->permit_for(action.output, context_.now());
  if (!pass)
    return;
  wanted.pass = *pass;
  wanted.carry = carry_;
  if (!wanted.story.empty())
    wanted.story.back().text += " (at node " + house_.names.self() + ")";
  (void)house_.names.send(action.output, std::move(wanted));
  if (action.what.val.empty())
    told_.erase(action.output);
}

// --- of a rule that may run on several nodes ---

void rule_unit::hear(authority::news what) {
  if (what.ended)
    stand_down(*what.ended);
  if (what.began)
    take_over(*what.began);
  if (what.resumed) {
    for (const auto& [output, action] : std::map{told_})
      send(action);
    repeat_pulses();
    run();
  }
  if (what.seen && shadow_)
    compare(*what.seen);
  if (const auto next = authority_->next())
    context_.arm(authority_timer,
                 std::chrono::nanoseconds(std::max<mono_ns>(*next - context_.now(), 0)));
}

json rule_unit::stored() const {
  const auto entry = house_.store.get(slot_kind::own, address_);
  return entry ? json::parse(entry->payload, nullptr, false) : json();
}

namespace {

std::uint64_t round_in(const json& document) {
  return document.is_object() ? document.value("round", std::uint64_t{0}) : 0;
}

/// Of a memory that is too long to be carried the store has these, a second older.
void fill_in(json& left, const json& whole, std::initializer_list<const char*> keys) {
  for (const auto* key : keys)
    if (whole.contains(key))
      left[key] = whole[key];
}

} // namespace

/// Outputs forget their rounds when their board starts again; the store does not.
void rule_unit::note_stored_round() { authority_->above(round_in(stored())); }

/// What it left at an output goes before all else; then what this node's own
/// shadow knows, which nothing is missing from; then the store, which may be a
/// second behind.
std::optional<rule_memory> rule_unit::memory_to_go_on_with(const authority::taken& from) {
  auto document = stored();
  const auto stored_round = round_in(document);
  std::optional<milliseconds> away;
  auto left = from.carry.empty() || from.left_round < stored_round ? json() : json::parse(from.carry, nullptr, false);
  const bool whole = left.is_object() && !left.value("short", false);
  if (!whole && shadow_)
    if (const auto* known = shadow_->trusted_memory(std::max(stored_round, from.left_round))) {
      note(severity::notice, "goes on with what its shadow on this node knows: its memory is not at its outputs");
      return *known;
    }
  if (left.is_object()) {
    if (!whole && document.is_object())
      fill_in(left, document, {"state", "timers", "windows"});
    document = std::move(left);
    away = milliseconds{std::max<std::int64_t>(from.age_ms, 0)};
  }
  if (!document.is_object())
    return {};
  auto memory = memory_from_json(document, now(), origin_, away);
  if (!memory) {
    note(severity::alarm, "takes over without its memory: " + memory.why().context);
    return {};
  }
  return std::move(*memory);
}

void rule_unit::take_over(const authority::taken& from) {
  round_ = from.round;
  if (auto memory = memory_to_go_on_with(from))
    engine_->restore(std::move(*memory));
  if (shadow_)
    for (const auto& d : shadow_->told())
      note(severity::notice, fmt::format("acts here now, where its shadow differed on {}: node {} had {}, its shadow {}", d.what, shadow_->acting_node(),
                                         d.acting, d.shadow));
  shadow_.reset();
  sign_.reset();
  saved_ = carried_of_ = {};
  carry_ = {};
  told_.clear();
  restored_told_ = false;
  note(severity::notice, from.from.empty() || from.from == house_.names.self()
                           ? fmt::format("acts on this node, round {}", from.round)
                           : fmt::format("acts on this node, round {}, and goes on where node {} was {} ms before",
                                         from.round, from.from, from.age_ms));
  repeat_pulses();
  run();
}

void rule_unit::stand_down(const std::string& why) {
  note(severity::notice, "acts on this node no more: " + why);
  told_.clear();
  retry_at_.reset();
  context_.cancel(run_timer);
  context_.cancel(save_timer);
  house_.live.remove_from({}, address_); // not the reading of who acts by now
  // What it knew is of no use: whoever acts next goes on from what outputs hold.
  // Unless they hold nothing, and nobody has acted since.
  make_shadow();
  if (shadow_)
    shadow_->go_on(engine_->memory(), round_, now(), live_house{house_.live});
  make_engine();
  (void)engine_->probe(now(), live_house{house_.live});
  run_shadow();
}

// --- of a hot rule that does not act here ---

namespace {

/// Inputs come to two nodes at different instants, and what the other one wants is
/// looked at every 2 s; over slow links both take longer.
milliseconds settling_of(const rule_config& config) {
  return config.pace == "slow" ? milliseconds{15'000} : milliseconds{5000};
}

} // namespace

void rule_unit::make_shadow() {
  if (config_.standby != redundancy::hot)
    return;
  auto made = shadow::make(config_, origin_, settling_of(config_));
  if (!made)
    throw std::runtime_error(made.why().context);
  shadow_ = std::move(*made);
  sign_ = std::make_unique<shadow_sign>(house_.live, config_.name, house_.names.self());
  show_shadow();
}

void rule_unit::compare(const authority::acting& with) {
  shadow::acting x;
  x.node = with.node;
  x.round = with.round;
  x.age = milliseconds{with.age_ms};
  if (!with.carry.empty())
    x.memory = json::parse(with.carry, nullptr, false);
  if (x.memory.is_object() && x.memory.value("short", false))
    if (const auto whole = stored(); round_in(whole) == x.round)
      fill_in(x.memory, whole, {"state", "timers", "windows", "positions"});
  const auto acts = house_.live.find(address_);
  x.fails = acts && acts->node == x.node && acts->now.why != reason::node_lost && !acts->now.val.is_on();
  const auto found = shadow_->hear(x, now(), live_house{house_.live});
  const auto hints = found.began.empty() ? std::string{} : shadow_->hints();
  for (const auto& d : found.began) {
    const auto about = d.what == "run" ? "its run" : d.what == "text" ? "its text" : d.what;
    note(severity::alarm, fmt::format("differs from its shadow on {}: node {} acts and has {}, node {} would have {}, for {:.0f} s{}",
                                      about, x.node, d.acting, house_.names.self(), d.shadow,
                                      static_cast<double>(context_.now() - d.since) / 1e9,
                                      hints.empty() ? "" : ". Perhaps: " + hints));
  }
  for (const auto& d : found.ended)
    note(severity::notice, fmt::format("agrees with its shadow on {} again: nodes {} and {}", d.what, x.node, house_.names.self()));
  plan_shadow();
}

void rule_unit::run_shadow() {
  if (!shadow_ || waiting_)
    return;
  const auto at = now();
  bool more = true;
  for (int i = 0; more && i < runs_at_once; ++i) {
    if (!runs_.take(at.mono)) {
      context_.arm(run_timer, put_off);
      return show_shadow();
    }
    more = shadow_->run(at, live_house{house_.live});
    watch_inputs(shadow_->content());
  }
  plan_shadow();
}

void rule_unit::plan_shadow() {
  const auto next = shadow_->next_due();
  if (next && !waiting_)
    context_.arm(run_timer, std::chrono::nanoseconds(std::max<mono_ns>(*next - context_.now(), 0)));
  else
    context_.cancel(run_timer);
  show_shadow();
}

void rule_unit::show_shadow() {
  if (sign_ && shadow_)
    sign_->show(*shadow_, now());
}

void rule_unit::leave_carry() {
  const auto& memory = engine_->memory();
  if (carry_.order != 0 && memory == carried_of_)
    return;
  carried_of_ = memory;
  auto document = to_json(memory, now(), origin_);
  auto bytes = dump(document);
  if (bytes.size() > most_carry) {
    for (const auto* key : {"state", "timers", "windows"})
      document[key] = json::object();
    document["short"] = true;
    bytes = dump(document);
  }
  carry_ = {carry_.order + 1, std::move(bytes)};
  authority_->leave(carry_);
}

void rule_unit::renew() {
  for (const auto& output : leases_.due(context_.now())) {
    const auto incarnation = incarnation_of(output);
    const auto& what = told_.at(output).what;
    if (incarnation == 0) {
      if (what.val.empty() && !house_.live.find(output)) {
        leases_.let_go(output); // it is gone for good, and its slot with it
        told_.erase(output);
      } else {
        leases_.renewed(output, context_.now(), false);
      }
      continue;
    }
    if (leases_.must_repeat(output, incarnation)) {
      send(output_action{told_.at(output)}); // `send` writes there
      continue;
    }
    if (what.lease.count() != 0 && !what.val.empty())
      house_.names.send(output, renewal{output, address_});
    if (!leases_.renewed(output, context_.now()))
      told_.erase(output);
  }
  look_after_pulses();
  plan();
}

void rule_unit::watch_inputs(const engine& of) {
  for (const auto& [name, in] : of.inputs())
    if (watched_.insert(name).second) {
      house_.live.watch(name, bell_);
      // It may have changed between the read and the watch.
      const auto row = house_.live.get(name);
      if (row && *row != in.now && in.seen)
        bell_->on_change(name);
    }
}

void rule_unit::publish(bool ok) {
  const auto before = house_.live.get(address_);
  const auto at = now();
  reading r;
  r.val = value::digital(ok);
  r.grade = quality::good;
  r.why = reason::none;
  r.measured_at = at.mono;
  r.measured_wall = at.wall;
  const bool same = before && before->val == r.val;
  r.told_as = same || !before ? origin::refresh : origin::change;
  r.changed_wall = same ? before->changed_wall : at.wall;
  r.changes = (before ? before->changes : 0) + (same || !before ? 0 : 1);
  house_.live.publish(address_, r);
}

void rule_unit::on_failure() {
  ++failed_runs_;
  const auto& why = engine_->last().error;
  note(severity::warning, why);
  if (failures_.failed(context_.now()))
    throw std::runtime_error(fmt::format("{} ({} failures in a row)", why, streak::most));
  retry_at_ = context_.now() + std::chrono::nanoseconds(retry_failed).count();
}

void rule_unit::note(severity level, const std::string& text) {
  const auto kept_back = journal_quiet_.admit(text, context_.now());
  if (!kept_back)
    return;
  storage::journal_event event;
  event.level = level;
  event.kind = "rule";
  event.subject = address_;
  event.text = *kept_back == 0 ? text : fmt::format("{} ({} more were not written)", text, *kept_back);
  house_.store.append(std::move(event));
}

/// Arms both timers for what comes next.
void rule_unit::plan() {
  const auto at = context_.now();
  auto in = [&](mono_ns deadline) {
    return std::chrono::nanoseconds(std::max<mono_ns>(deadline - at, 0));
  };
  auto next = engine_->next_due();
  if (retry_at_ && (!next || *retry_at_ < *next))
    next = retry_at_;
  if (next)
    context_.arm(run_timer, in(*next));
  else
    context_.cancel(run_timer);
  auto renewal_due = leases_.next();
  if (const auto look = pulses_.next(); look && (!renewal_due || *look < *renewal_due))
    renewal_due = look;
  if (renewal_due)
    context_.arm(renew_timer, in(*renewal_due));
  else
    context_.cancel(renew_timer);
}

void rule_unit::save(bool at_once) {
  const auto& memory = engine_->memory();
  if (memory == saved_ || !acts())
    return;
  const auto at = now();
  const auto next = saved_at_ + std::chrono::nanoseconds(save_every).count();
  if (!at_once && saved_at_ != 0 && at.mono < next) {
    context_.arm(save_timer, std::chrono::nanoseconds(next - at.mono));
    return;
  }
  saved_at_ = at.mono;
  auto document = to_json(memory, at, origin_);
  if (authority_)
    document["round"] = round_;
  const auto done = house_.store.put(slot_kind::own, address_, dump(document));
  if (done) {
    saved_ = memory;
    return;
  }
  note(severity::warning, "its memory is not stored: " + done.why().context);
  if (!at_once)
    context_.arm(save_timer, save_every);
}

void rule_unit::stop() {
  if (!engine_)
    return;
  // Running times are stored as they are now, so that no guess is needed later.
  const auto& memory = engine_->memory();
  if (!memory.timers.empty() || !memory.windows.empty())
    saved_ = {};
  save(true);
  shadow_.reset();
  sign_.reset();
  if (authority_) {
    // The outputs keep what they show: the next one goes on with it.
    (void)authority_->stop(context_.now());
    if (const auto row = house_.live.find(address_); row && row->node.empty())
      house_.live.remove(address_);
    return;
  }
  const auto held = leases_.outputs();
  for (const auto& output : held) {
    output_action gone{output, {{}, config_.priority, {}, 0, now().wall},
                       {{"rule", address_, "stopped, lets go of " + output, now().wall}}};
    send(gone);
  }
  house_.live.remove(address_);
}

json rule_unit::state() const {
  json out = {{"name", address_}, {"label", config_.label}, {"waiting_for_inputs", waiting_},
              {"failed_runs", failed_runs_}};
  if (!engine_)
    return out;
  out["edges_passed_over"] = engine_->edges_passed_over();
  const auto at = context_.now();
  const auto& memory = engine_->memory();
  if (authority_)
    out["owner"] = authority_->state(at);
  if (shadow_)
    out["shadow"] = to_json(*shadow_, at);
  out["last"] = to_json(engine_->last());
  auto& inputs = out["inputs"] = json::object();
  for (const auto& [name, in] : engine_->inputs())
    inputs[name] = to_string(in.now);
  auto& held = out["holds"] = json::object();
  for (const auto& [output, w] : memory.wishes)
    held[output] = {{"value", to_string(w.val)}, {"priority", w.priority},
                    {"lease_ms", w.lease.count()}, {"line", w.line}, {"since", w.since},
                    {"told", authority_ ? told_.contains(output) : leases_.holds(output)}};
  auto& variables = out["state"] = json::object();
  for (const auto& [name, x] : memory.variables)
    variables[name] = to_string(x);
  for (const auto& [title, all] : {std::pair{"timers", &memory.timers},
                                   std::pair{"conditions", &memory.windows}}) {
    auto& rows = out[title] = json::object();
    for (const auto& [name, x] : *all)
      rows[name] = {{"length_ms", x.length.count()},
                    {"left_ms", std::max<mono_ns>(x.deadline() - at, 0) / 1'000'000}};
  }
  return out;
}

} // namespace troupe::rule
