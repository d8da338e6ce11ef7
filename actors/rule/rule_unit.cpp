#include "actors/rule/rule_unit.hpp"

#include "actors/protocol/boot.hpp"
#include "actors/rule/make.hpp"

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
}

void rule_unit::start() {
  make_engine();
  if (!authority_)
    load();
  bell_ = std::make_shared<bell>(context_.self()->address());
  started_at_ = context_.now();
  if (authority_) {
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
    [this](const view_rule&) { return dump(state()); },
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
    watch_inputs();
  }
  if (!ready && left.count() > 0) {
    context_.arm(wait_timer, left);
    return;
  }
  waiting_ = false;
  context_.cancel(wait_timer);
  if (authority_)
    return hear(authority_->ready(context_.now()));
  run();
}

void rule_unit::run() {
  if (!acts())
    return; // loaded, and ready to take over
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
  watch_inputs();
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

/// What could not be sent is told when it goes on, or by a successor: the carry
/// has it. Its lease is extended with the grant's.
void rule_unit::send_with_permit(const output_action& action, command wanted) {
  told_[action.output] = action;
  const auto pass = authority_->permit_for(action.output, context_.now());
  if (!pass)
    return;
  wanted.pass = *pass;
  wanted.carry = carry_;
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
    run();
  }
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

} // namespace

/// Outputs forget their rounds when their board starts again; the store does not.
void rule_unit::note_stored_round() { authority_->above(round_in(stored())); }

void rule_unit::take_over(const authority::taken& from) {
  round_ = from.round;
  auto document = stored();
  const auto stored_round = round_in(document);
  std::optional<milliseconds> away;
  if (!from.carry.empty() && from.left_round >= stored_round) {
    auto left = json::parse(from.carry, nullptr, false);
    if (left.is_object()) {
      if (left.value("short", false) && document.is_object())
        for (const auto* key : {"state", "timers", "windows"})
          if (document.contains(key))
            left[key] = document[key];
      document = std::move(left);
      away = milliseconds{std::max<std::int64_t>(from.age_ms, 0)};
    }
  }
  if (document.is_object()) {
    auto memory = memory_from_json(document, now(), origin_, away);
    if (memory)
      engine_->restore(std::move(*memory));
    else
      note(severity::alarm, "takes over without its memory: " + memory.why().context);
  }
  saved_ = carried_of_ = {};
  carry_ = {};
  told_.clear();
  restored_told_ = false;
  note(severity::notice, from.from.empty() || from.from == house_.names.self()
                           ? fmt::format("acts on this node, round {}", from.round)
                           : fmt::format("acts on this node, round {}, and goes on where node {} was {} ms before",
                                         from.round, from.from, from.age_ms));
  run();
}

void rule_unit::stand_down(const std::string& why) {
  note(severity::notice, "acts on this node no more: " + why);
  told_.clear();
  retry_at_.reset();
  context_.cancel(run_timer);
  context_.cancel(save_timer);
  house_.live.remove(address_);
  // What it knew is of no use: whoever acts next goes on from what outputs hold.
  make_engine();
  (void)engine_->probe(now(), live_house{house_.live});
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
  plan();
}

void rule_unit::watch_inputs() {
  for (const auto& [name, in] : engine_->inputs())
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
  if (const auto renewal_due = leases_.next())
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
