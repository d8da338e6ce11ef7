#include "tests/sim/ownership/world.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::sim {

namespace {

constexpr mono_ns ms = 1'000'000;
constexpr const char* rule_name = "rule/button";

} // namespace

std::string house::name_of(unsigned n) { return fmt::format("n{}", n); }
std::string house::output_name(unsigned n) { return fmt::format("board{}/lamp", n); }
unsigned house::node_of(const std::string& name) const {
  return static_cast<unsigned>(std::stoul(name.substr(1)));
}

house::house(std::uint64_t seed, shape how) : chance_(seed), how_(std::move(how)) {
  nodes_.resize(how_.nodes);
  outputs_.resize(how_.outputs);
  wires_.assign(how_.nodes, std::vector<wire>(how_.nodes));
  pressed_at_.push_back(0);
  for (auto& x : nodes_)
    x.skew = static_cast<mono_ns>(dice(1'000'000)) * ms;
}

void house::note(const std::string& text) {
  if (tell_)
    tell_(fmt::format("{:9.3f} ms  {}", static_cast<double>(now_ - 1'000'000'000'000) / 1e6, text));
}

void house::blame(const std::string& text) {
  if (wrong_.empty()) {
    wrong_ = text;
    note("WRONG: " + text);
  }
}

void house::at(mono_ns when, std::function<void()> act) {
  queue_.push({std::max(when, now_), ++order_, std::move(act)});
}

void house::pass(mono_ns span) {
  const auto end = now_ + span;
  while (!queue_.empty() && queue_.top().at <= end && wrong_.empty()) {
    auto next = queue_.top();
    queue_.pop();
    now_ = next.at;
    if (++steps_ > 500'000)
      return blame("a life without end: somebody's timer is always due");
    next.act();
  }
  now_ = std::max(now_, end);
}

// --- links ---

void house::connect(unsigned a, unsigned b) {
  auto& there = wires_[a][b];
  auto& back = wires_[b][a];
  if (there.link != 0 || !nodes_[a].lives || !nodes_[b].lives || there.cut || back.cut)
    return;
  there = back = {};
  there.link = back.link = ++links_;
  for (auto [x, y] : {std::pair{a, b}, std::pair{b, a}}) {
    // A hello: boards tell their newest press, candidates look at who acts.
    if (x < how_.outputs) {
      message m{x, y, there.link, false, {}, {}, 0, pressed_, true};
      send(m);
    }
    if (nodes_[x].rule)
      at(now_ + ms, [this, x = x, run = nodes_[x].run] {
        if (nodes_[x].run == run && nodes_[x].rule && runs(x))
          do_effects(x, nodes_[x].rule->look_again(clock_of(x)));
      });
  }
}

void house::disconnect(unsigned a, unsigned b) {
  if (wires_[a][b].link == 0)
    return;
  for (auto [x, y] : {std::pair{a, b}, std::pair{b, a}}) {
    auto& w = wires_[x][y];
    w.link = 0;
    w.waiting.clear();
    if (!nodes_[x].lives)
      continue;
    // What was sent over it does not count any more once its end is heard.
    at(now_ + ms + static_cast<mono_ns>(dice(1000)) * 1000, [this, x = x, y = y, run = nodes_[x].run] {
      if (nodes_[x].run != run || x >= how_.outputs || !outputs_[x].fence)
        return;
      const auto told = [this, x, y] {
        outputs_[x].fence->node_gone(name_of(y), clock_of(x));
        flush_output(x);
      };
      if (runs(x))
        told();
      else
        at(nodes_[x].paused_until, [this, x, run, told] {
          if (nodes_[x].run == run && outputs_[x].fence)
            told();
        });
    });
  }
  at(now_ + redial + static_cast<mono_ns>(dice(200)) * ms, [this, a, b] { connect(a, b); });
}

void house::cut(unsigned from, unsigned to, bool is_cut) {
  auto& w = wires_[from][to];
  if (w.cut == is_cut)
    return;
  w.cut = is_cut;
  if (is_cut) {
    w.cut_since = now_;
    watch_cut(from, to);
    return;
  }
  auto late = std::exchange(w.waiting, {});
  for (auto& m : late)
    send(std::move(m));
  connect(from, to);
}

void house::watch_cut(unsigned a, unsigned b) {
  const auto since = wires_[a][b].cut_since;
  at(since + dead_link, [this, a, b, since] {
    if (wires_[a][b].cut && wires_[a][b].cut_since == since)
      disconnect(a, b);
  });
}

void house::heal() {
  for (unsigned a = 0; a < how_.nodes; ++a)
    for (unsigned b = 0; b < how_.nodes; ++b)
      cut(a, b, false);
}

void house::send(message m) {
  if (m.from == m.to) {
    at(now_ + 20'000, [this, m = std::move(m), run = nodes_[m.to].run]() mutable {
      if (nodes_[m.to].run == run)
        arrive(std::move(m));
    });
    return;
  }
  auto& w = wires_[m.from][m.to];
  if (w.link == 0)
    return;
  m.link = w.link;
  if (w.cut) {
    w.waiting.push_back(std::move(m));
    return;
  }
  auto delay = 200'000 + static_cast<mono_ns>(dice(600)) * 1000;
  // A class is chosen to fit its links: the hiccups are shorter than its lease.
  if (how_.hiccups && dice(100) == 0)
    delay += static_cast<mono_ns>(5 + dice(how_.pace == "critical" ? 10 : 35)) * ms;
  unsigned copies = 1;
  bool in_order = true;
  if (how_.wild && !m.tells_press) {
    if (dice(20) == 0)
      return; // lost
    if (dice(10) == 0)
      copies = 2;
    if (dice(4) == 0) {
      in_order = false;
      delay += static_cast<mono_ns>(dice(dice(5) == 0 ? 3000 : 50)) * ms;
    }
  }
  for (unsigned k = 0; k < copies; ++k) {
    auto when = now_ + delay + k * static_cast<mono_ns>(dice(200)) * ms;
    if (in_order && k == 0) {
      when = std::max(when, w.newest + 1);
      w.newest = when;
    }
    at(when, [this, m, stays = !in_order || k > 0] {
      // A reset takes what was under way with it, except where the network is wild.
      if (wires_[m.from][m.to].link == m.link || (how_.wild && stays))
        arrive(m);
    });
  }
}

void house::arrive(message m) {
  auto& to = nodes_[m.to];
  if (!to.lives)
    return;
  if (now_ >= to.paused_until && to.held.empty())
    return handle(std::move(m));
  to.held.push_back(std::move(m));
}

void house::handle(message m) {
  const auto n = m.to;
  if (m.tells_press)
    return hear_press(n, m.known);
  if (m.is_command)
    return obey(n, m);
  using w = ownership_word;
  const auto word = m.letter.word;
  const bool for_output = word == w::ask || word == w::claim || word == w::renew || word == w::release;
  if (for_output) {
    if (n >= how_.outputs || !outputs_[n].fence)
      return;
    (void)outputs_[n].fence->on_letter(m.letter, clock_of(n));
    return flush_output(n);
  }
  auto& x = nodes_[n];
  if (!x.rule)
    return;
  if (now_ < x.hung_until) { // it lies in the mailbox
    at(x.hung_until, [this, m, run = x.run] {
      if (nodes_[m.to].run == run)
        handle(m);
    });
    return;
  }
  do_effects(n, x.rule->on_letter(m.letter, clock_of(n)));
}

// --- outputs ---

void house::spawn_output(unsigned n) {
  auto& o = outputs_[n];
  o.fence = std::make_unique<output_fence>(output_name(n), chance_(), o.kept, clock_of(n));
  flush_output(n);
}

void house::flush_output(unsigned n) {
  auto& o = outputs_[n];
  for (const auto& x : o.fence->take_notes()) {
    sums_.takeovers += std::string_view{x.kind} == "owner";
    note(fmt::format("{}: {}", output_name(n), x.text));
  }
  for (auto& [to, letter] : o.fence->take_posts()) {
    message m;
    m.from = n;
    m.to = node_of(to);
    m.letter = std::move(letter);
    send(std::move(m));
  }
  arm_output(n);
}

void house::arm_output(unsigned n) {
  const auto next = outputs_[n].fence->next();
  if (next == std::numeric_limits<mono_ns>::max())
    return;
  auto& x = nodes_[n];
  const auto when = std::max(next - x.skew, now_);
  if (x.output_timer > now_ && x.output_timer <= when)
    return;
  x.output_timer = when;
  at(when, [this, n, run = x.run] {
    auto& y = nodes_[n];
    if (y.run != run || !outputs_[n].fence)
      return;
    if (!runs(n)) {
      y.output_timer = y.paused_until;
      at(y.paused_until, [this, n, run] {
        if (nodes_[n].run != run || !outputs_[n].fence)
          return;
        nodes_[n].output_timer = 0;
        outputs_[n].fence->on_time(clock_of(n));
        flush_output(n);
      });
      return;
    }
    y.output_timer = 0;
    outputs_[n].fence->on_time(clock_of(n));
    flush_output(n);
  });
}

void house::obey(unsigned n, const message& m) {
  if (n >= how_.outputs || !outputs_[n].fence)
    return;
  auto& o = outputs_[n];
  ++sums_.commands;
  if (o.fence->check(rule_name, m.pass, m.letter.carry, clock_of(n)) != errc::none) {
    ++sums_.fenced;
    return flush_output(n);
  }
  if (m.age >= 0) {
    judge(n, *o.fence->remember().slots.at(rule_name).held, 0);
    pulse(n, m);
    return flush_output(n);
  }
  judge(n, *o.fence->remember().slots.at(rule_name).held, m.value);
  o.value = m.value;
  flush_output(n);
}

/// I4: at one output never A, B, A; who was superseded anywhere never acts again
/// anywhere; ballots never go down. A partial rule promises only the first and
/// the last. Each press is obeyed once and in order.
void house::judge(unsigned n, const output_fence::grant& by, std::uint64_t value) {
  auto& o = outputs_[n];
  const auto actor = fmt::format("{}/{:x}/{}/{}", by.by.node, by.by.run, by.by.activation, by.as.round);
  if (o.superseded.contains(actor))
    blame(fmt::format("I4: {} obeys {} again after another one", output_name(n), actor));
  if (!how_.partial && superseded_anywhere_.contains(actor))
    blame(fmt::format("I4: {} obeys {}, though a later activation has acted elsewhere", output_name(n), actor));
  if (by.as < o.last_ballot)
    blame(fmt::format("I4: {} obeys round {} after {}", output_name(n), by.as.round, o.last_ballot.round));
  o.last_ballot = by.as;
  if (!o.last_actor.empty() && o.last_actor != actor)
    o.superseded.insert(o.last_actor);
  o.last_actor = actor;
  if (!last_anywhere_.empty() && last_anywhere_ != actor)
    superseded_anywhere_.insert(last_anywhere_);
  last_anywhere_ = actor;
  if (value == 0)
    return;
  if (value < o.value && !how_.partial)
    blame(fmt::format("events: {} obeys press {} after {}", output_name(n), value, o.value));
  if (how_.outputs == 1 && value > o.value + 1 && o.value >= forgotten_)
    blame(fmt::format("events: {} obeys press {} after {}: one was lost", output_name(n), value, o.value));
  if (value > o.value)
    o.obeyed.emplace_back(value, now_);
  note(fmt::format("{} obeys press {} of {}", output_name(n), value, actor));
}

// --- pulses ---

/// The board starts: it knows what came to the disk, which the last one may not have.
void house::boot_core(unsigned n) {
  auto& o = outputs_[n];
  channel_config c;
  c.name = output_name(n);
  c.dir = direction::output;
  o.core = std::make_unique<output_core>(c, output_core::memory{});
  o.core->begin({}, clock_of(n));
  if (!o.on_disk.empty() && nodes_[n].run % 4 < 2)
    o.on_disk.pop_back();
  for (const auto& id : o.on_disk)
    o.core->remember_pulse(id, {});
}

/// As the output's unit does, with a pulse that is over before the next one comes.
void house::pulse(unsigned n, const message& m) {
  auto& o = outputs_[n];
  const auto now = clock_of(n);
  command x;
  x.id = std::to_string(m.value);
  x.source = rule_name;
  x.val = value::digital(true);
  x.pulse = shortest_pulse;
  x.pass = m.pass;
  x.age = milliseconds{m.age / ms};
  if (o.core->answered(x.id) != nullptr) {
    ++sums_.repeated;
    return;
  }
  const auto nothing_forbids = [](const value&) { return std::string{}; };
  (void)o.core->decide(now, nothing_forbids);
  const auto answer = o.core->pulse(x, now, nothing_forbids);
  if (answer.code != errc::none) {
    ++sums_.refused;
    note(fmt::format("{} refuses pulse {}: {}", output_name(n), m.value, answer.text));
    return;
  }
  o.core->remember_pulse(x.id, answer);
  o.on_disk.push_back(x.id);
  if (o.on_disk.size() > 16)
    o.on_disk.pop_front();
  ++sums_.pulses;
  note(fmt::format("{} does pulse {}", output_name(n), m.value));
  if (!o.pulsed.insert(m.value).second)
    blame(fmt::format("pulses: {} does pulse {} twice", output_name(n), m.value));
  (void)o.core->decide(now, nothing_forbids);
  (void)o.core->decide(now + to_ns(shortest_pulse), nothing_forbids);
}

void house::say_pulse(unsigned from, unsigned to, std::uint64_t k) {
  auto& me = nodes_[from];
  const auto pass = me.rule->permit_for(output_name(to), clock_of(from));
  if (!pass)
    return; // said when it goes on, or by a successor
  message m;
  m.from = from;
  m.to = to;
  m.is_command = true;
  m.pass = *pass;
  m.value = k;
  m.age = now_ - pressed_at_[k];
  m.letter.carry = {++me.order, std::to_string(me.position)};
  send(std::move(m));
}

/// Of what its memory has said it knows not what came.
void house::repeat_pulses(unsigned from) {
  const auto newest = nodes_[from].position / pulse_every;
  const auto oldest = newest > young_pulses ? newest - young_pulses + 1 : 1;
  for (auto k = oldest; how_.pulses && k <= newest; ++k)
    if (now_ - pressed_at_[k * pulse_every] <= 10'000 * ms)
      for (unsigned o = 0; o < how_.outputs; ++o)
        say_pulse(from, o, k * pulse_every);
}

/// In the end: none is missing, but those that were made before a board started, or
/// so soon after it that it could not tell: a command shows a tick of a lease ago.
void house::judge_pulses() {
  constexpr mono_ns in_doubt = 400 * ms;
  if (!how_.pulses || how_.partial)
    return;
  for (std::uint64_t k = pulse_every; k <= pressed_; k += pulse_every)
    for (unsigned n = 0; n < how_.outputs; ++n)
      if (!outputs_[n].pulsed.contains(k) && k >= forgotten_ && pressed_at_[k] >= outputs_[n].board_started + in_doubt)
        return blame(fmt::format("pulses: {} never does pulse {}", output_name(n), k));
}

mono_ns house::obeyed_at(unsigned output, std::uint64_t k) const {
  for (const auto& [value, when] : outputs_[output].obeyed)
    if (value == k)
      return when;
  return 0;
}

// --- rules ---

void house::spawn_rule(unsigned n) {
  auto& x = nodes_[n];
  cluster::activation::setup how;
  how.source = rule_name;
  for (unsigned k = 0; k < how_.outputs; ++k)
    how.outputs.push_back(output_name(k));
  how.partial = how_.partial;
  how.compares = true; // as a hot rule does; it must disturb nothing
  how.pace = *cluster::timing::named(how_.pace);
  how.me = {name_of(n), x.run, ++x.activations};
  // The last node is the best one, so that it is rarely the one with the output.
  x.rule = std::make_unique<cluster::activation>(how, [this, n](const std::string& without) {
    auto place = static_cast<int>(how_.nodes - 1 - n);
    if (!without.empty()) {
      const auto last = static_cast<int>(node_of(without));
      if (last == static_cast<int>(n))
        place = static_cast<int>(how_.nodes) - 1;
      else if (last > static_cast<int>(n))
        --place;
    }
    return place;
  });
  x.position = x.order = x.wish = 0;
  x.hung_until = x.rule_timer = 0;
  do_effects(n, x.rule->begin(clock_of(n)));
  do_effects(n, x.rule->ready(clock_of(n)));
}

void house::do_effects(unsigned n, cluster::activation::effects x) {
  auto& me = nodes_[n];
  for (auto& letter : x.to_outputs) {
    for (unsigned k = 0; k < how_.outputs; ++k)
      if (output_name(k) == letter.output) {
        message m;
        m.from = n;
        m.to = k;
        m.letter = std::move(letter);
        send(std::move(m));
        break;
      }
  }
  for (auto& [to, letter] : x.to_nodes) {
    message m;
    m.from = n;
    m.to = node_of(to);
    m.letter = std::move(letter);
    send(std::move(m));
  }
  if (x.ended)
    note(fmt::format("{} stands down: {}", name_of(n), *x.ended));
  if (x.began) {
    const auto carried = x.began->carry.bytes.empty() ? 0 : std::stoull(x.began->carry.bytes);
    note(fmt::format("{} acts, round {}, after press {}", name_of(n), x.began->as, carried));
    me.position = me.wish = carried;
    me.order = 0;
  }
  if (x.saw && !x.saw->carry.bytes.empty()) {
    me.seen = std::stoull(x.saw->carry.bytes);
    ++me.tellings;
    if (me.seen > pressed_)
      blame(fmt::format("the shadow on {} was told of press {}, and there were {}", name_of(n), me.seen, pressed_));
  }
  if (x.began || x.resumed)
    repeat_pulses(n);
  // The outputs may not all show the same.
  for (const auto& output : me.rule->how().outputs)
    if ((x.began || x.resumed) && me.wish != 0)
      if (const auto pass = me.rule->permit_for(output, clock_of(n))) {
        message m;
        m.from = n;
        m.is_command = true;
        m.pass = *pass;
        m.value = me.wish;
        m.letter.carry = {++me.order, std::to_string(me.position)};
        for (unsigned k = 0; k < how_.outputs; ++k)
          if (output_name(k) == output)
            m.to = k;
        send(std::move(m));
      }
  act(n);
  arm_rule(n);
}

/// The rule: each press that it knows and has not acted on yet, in order.
void house::act(unsigned n) {
  auto& me = nodes_[n];
  if (!me.rule || me.rule->is() != cluster::activation::state::active)
    return;
  if (me.heard > me.position + tail)
    me.position = me.heard - tail; // told as lost; the lives here are not that long
  while (me.position < me.heard) {
    const auto k = me.position + 1;
    bool sent = false;
    for (unsigned o = 0; o < how_.outputs; ++o) {
      const auto pass = me.rule->permit_for(output_name(o), clock_of(n));
      if (!pass)
        continue;
      message m;
      m.from = n;
      m.to = o;
      m.is_command = true;
      m.pass = *pass;
      m.value = k;
      m.letter.carry = {++me.order, std::to_string(k)};
      send(std::move(m));
      sent = true;
    }
    if (!sent)
      return;
    me.position = me.wish = k;
    for (unsigned o = 0; how_.pulses && k % pulse_every == 0 && o < how_.outputs; ++o)
      say_pulse(n, o, k);
  }
}

void house::arm_rule(unsigned n) {
  auto& x = nodes_[n];
  const auto next = x.rule->next();
  if (!next)
    return;
  const auto when = std::max(*next - x.skew, now_ + 1);
  if (x.rule_timer > now_ && x.rule_timer <= when)
    return;
  x.rule_timer = when;
  at(when, [this, n, run = x.run, life = x.activations] {
    auto& y = nodes_[n];
    if (y.run != run || y.activations != life || !y.rule)
      return;
    const auto late = std::max(y.paused_until, y.hung_until);
    if (now_ < late) {
      y.rule_timer = late;
      at(late, [this, n, run, life] {
        auto& z = nodes_[n];
        if (z.run != run || z.activations != life || !z.rule)
          return;
        z.rule_timer = 0;
        do_effects(n, z.rule->on_time(clock_of(n)));
      });
      return;
    }
    y.rule_timer = 0;
    do_effects(n, y.rule->on_time(clock_of(n)));
  });
}

void house::hear_press(unsigned n, std::uint64_t k) {
  auto& x = nodes_[n];
  x.heard = std::max(x.heard, k);
  if (x.rule && now_ >= x.hung_until)
    act(n);
}

unsigned house::actors() const {
  return static_cast<unsigned>(std::count_if(nodes_.begin(), nodes_.end(), [](const auto& x) {
    return x.lives && x.rule && x.rule->is() == cluster::activation::state::active;
  }));
}

int house::acting() const {
  for (unsigned n = 0; n < how_.nodes; ++n)
    if (nodes_[n].rule && nodes_[n].rule->is() == cluster::activation::state::active)
      return static_cast<int>(n);
  return -1;
}

// --- what may happen ---

void house::start(unsigned n) {
  auto& x = nodes_[n];
  if (x.lives)
    return;
  note(name_of(n) + " starts");
  x = node{};
  x.lives = true;
  x.run = chance_() | 1;
  x.skew = static_cast<mono_ns>(dice(1'000'000)) * ms;
  if (n < how_.outputs) {
    outputs_[n].board_started = now_;
    x.heard = pressed_;
    boot_core(n);
    spawn_output(n);
  }
  spawn_rule(n);
  for (unsigned k = 0; k < how_.nodes; ++k)
    if (k != n)
      at(now_ + static_cast<mono_ns>(1 + dice(50)) * ms, [this, n, k] { connect(n, k); });
}

void house::kill(unsigned n) {
  auto& x = nodes_[n];
  if (!x.lives)
    return;
  note(name_of(n) + " is killed");
  x.lives = false;
  x.run = 0;
  x.rule.reset();
  x.held.clear();
  if (n < how_.outputs) {
    outputs_[n].fence.reset();
    outputs_[n].core.reset();
    outputs_[n].kept = {};
    // Grants, carry and the count of the button lived there.
    forgotten_ = std::max(forgotten_, pressed_ + 1);
    outputs_[n].value = 0;
    outputs_[n].last_ballot = {};
    outputs_[n].last_actor.clear();
    outputs_[n].superseded.clear();
    if (n == 0)
      for (auto& y : nodes_)
        y.position = std::max(y.position, pressed_);
  }
  for (unsigned k = 0; k < how_.nodes; ++k)
    if (k != n)
      disconnect(n, k);
}

void house::pause(unsigned n, mono_ns span) {
  auto& x = nodes_[n];
  if (!runs(n))
    return;
  note(fmt::format("{} is stopped for {} ms", name_of(n), span / ms));
  x.paused_until = now_ + span;
  at(x.paused_until, [this, n, run = x.run] {
    auto& y = nodes_[n];
    if (y.run != run || now_ < y.paused_until)
      return;
    note(name_of(n) + " goes on");
    auto held = std::exchange(y.held, {});
    for (auto& m : held)
      if (y.run == run && y.lives)
        handle(std::move(m));
    if (n < how_.outputs && outputs_[n].fence) {
      outputs_[n].fence->on_time(clock_of(n));
      flush_output(n);
    }
  });
}

void house::hang_rule(unsigned n, mono_ns span) {
  if (!runs(n) || !nodes_[n].rule)
    return;
  note(fmt::format("the rule on {} hangs for {} ms", name_of(n), span / ms));
  nodes_[n].hung_until = now_ + span;
}

void house::crash_rule(unsigned n) {
  if (!runs(n) || now_ < nodes_[n].hung_until)
    return;
  note("the rule on " + name_of(n) + " crashes");
  spawn_rule(n);
}

void house::crash_output(unsigned n) {
  if (n >= how_.outputs || !runs(n))
    return;
  note("the actor of " + output_name(n) + " crashes");
  spawn_output(n);
}

void house::hand_over(unsigned to) {
  const auto from = acting();
  if (from < 0 || !runs(static_cast<unsigned>(from)))
    return;
  note(fmt::format("{} is asked to hand over to {}", name_of(static_cast<unsigned>(from)), name_of(to)));
  do_effects(static_cast<unsigned>(from),
             nodes_[static_cast<unsigned>(from)].rule->hand_over(name_of(to), clock_of(static_cast<unsigned>(from))));
}

/// The button is at the first node.
void house::press() {
  if (!runs(0))
    return;
  ++pressed_;
  ++sums_.presses;
  pressed_at_.push_back(now_);
  hear_press(0, pressed_);
  for (unsigned k = 1; k < how_.nodes; ++k) {
    message m;
    m.from = 0;
    m.to = k;
    m.known = pressed_;
    m.tells_press = true;
    send(std::move(m));
  }
}

// --- a life ---

std::string house::live() {
  const auto any = [&] { return dice(how_.nodes); };
  for (unsigned n = 0; n < how_.nodes; ++n)
    at(now_ + static_cast<mono_ns>(dice(400)) * ms, [this, n] { start(n); });
  const auto faults_end = now_ + (2'000 + static_cast<mono_ns>(dice(4'000))) * ms;
  const auto end = faults_end + 6'000 * ms;
  // A button that nobody presses any more hides no press that was forgotten.
  const auto last_press = dice(3) == 0 ? faults_end : end - 3'000 * ms;
  for (auto t = now_ + 5 * ms; t < last_press; t += static_cast<mono_ns>(5 + dice(dice(4) == 0 ? 200 : 20)) * ms)
    at(t, [this] { press(); });
  // A life has its own mixture, so that each kind of fault also comes alone.
  std::vector<unsigned> kinds;
  for (unsigned k = 0; k < 10; ++k)
    if (dice(3) == 0)
      kinds.push_back(k);
  if (kinds.empty())
    kinds.push_back(dice(10));
  while (now_ < faults_end && wrong_.empty()) {
    pass(static_cast<mono_ns>(1 + dice(dice(3) == 0 ? 900 : 120)) * ms);
    const auto a = any();
    const auto b = (a + 1 + dice(std::max(how_.nodes - 1, 1U))) % how_.nodes;
    switch (kinds[dice(static_cast<unsigned>(kinds.size()))]) {
    case 0: kill(a); break;
    case 1: start(a); break;
    case 2: pause(a, static_cast<mono_ns>(dice(dice(2) == 0 ? 2500 : 300)) * ms); break;
    case 3:
      cut(a, b, true), cut(b, a, true);
      note(fmt::format("cut between {} and {}", name_of(a), name_of(b)));
      break;
    case 4:
      cut(a, b, true);
      note(fmt::format("cut from {} to {}", name_of(a), name_of(b)));
      break;
    case 5:
      heal();
      note("all cuts heal");
      break;
    case 6: crash_rule(a); break;
    case 7: crash_output(a); break;
    case 8: hand_over(b); break;
    case 9: hang_rule(a, static_cast<mono_ns>(dice(1500)) * ms); break;
    }
    for (unsigned n = 0; n < how_.nodes; ++n)
      if (!nodes_[n].lives && dice(4) == 0)
        start(n);
    if (dice(6) == 0)
      heal();
  }
  note("all faults end");
  heal();
  how_.wild = false;
  for (unsigned n = 0; n < how_.nodes; ++n)
    start(n);
  const auto peace = now_;
  pass(end - now_);
  if (!wrong_.empty())
    return wrong_;
  const auto last = pressed_;
  if (actors() != 1)
    blame(fmt::format("{} nodes act some seconds after all faults", actors()));
  for (unsigned n = 0; n < how_.outputs; ++n) {
    if (outputs_[n].value != last && last >= forgotten_)
      blame(fmt::format("events: {} obeys press {} in the end, and {} were made", output_name(n), outputs_[n].value, last));
    // The first that was made in peace is obeyed within the bound of docs/failover.md.
    for (const auto& [k, when] : outputs_[n].obeyed)
      if (pressed_at_[k] > peace) {
        sums_.slowest = std::max(sums_.slowest, when - peace);
        if (when - peace > 4'000 * ms)
          blame(fmt::format("{} obeys again {} ms after all faults", output_name(n), (when - peace) / ms));
        break;
      }
  }
  judge_pulses();
  return wrong_;
}

} // namespace troupe::sim
