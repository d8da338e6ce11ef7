#include "cluster/link/link.hpp"

#include "cluster/link/core.hpp"
#include "cluster/membership/inspect.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace troupe::cluster {

namespace {

constexpr std::uint32_t events_at_a_time = 64;
/// A tick as old as this still leaves a message most of `fresh_within`.
constexpr mono_ns tick_is_recent = 500'000'000;

} // namespace

link::core::core(caf::actor_system& s, transport& w, services& a, far_service& f, link_hooks h, options o)
  : system(s), wire(w), all(a), service(f), hooks(std::move(h)), how(std::move(o)),
    shown(a.live, a.clocks, [this](const std::string& name, const std::string& node) {
      if (name.starts_with("rule/"))
        return; // it moves from node to node, and two tell of it for a moment
      const auto text = fmt::format("shows a value of the name {} too, which another node shows; it is not shown here. "
                                    "Rename one of them.", name);
      if (const auto by = linked.find(node))
        complain(*by, text);
      else
        trouble(node, text);
    }) {}

void link::core::trouble(const std::string& subject, const std::string& text) const {
  if (!hooks.on_trouble)
    return;
  std::uint64_t unsaid = 0;
  {
    std::lock_guard lock{trouble_mutex};
    const auto now = all.clocks.mono();
    if (now - trouble_since > 1'000'000'000) {
      trouble_since = now;
      troubles = 0;
      unsaid = std::exchange(troubles_unsaid, 0);
    }
    if (++troubles > troubles_per_second) {
      ++troubles_unsaid;
      return;
    }
  }
  tell_sum(how.node, unsaid, "more troubles of links were not told one by one");
  hooks.on_trouble(subject, text);
}

void link::core::tell_sum(const std::string& subject, std::uint64_t unsaid, const char* of_what) const {
  if (unsaid > 0 && hooks.on_trouble)
    hooks.on_trouble(subject, fmt::format("{} {}", unsaid, of_what));
}

/// What nobody's next trouble has told.
void link::core::tell_sums(mono_ns now) {
  std::uint64_t troubles_before = 0;
  {
    std::lock_guard lock{trouble_mutex};
    if (now - trouble_since > 1'000'000'000)
      troubles_before = std::exchange(troubles_unsaid, 0);
  }
  unsigned early = 0;
  {
    std::lock_guard lock{mutex};
    early = early_ends.take_unsaid(now);
  }
  tell_sum(how.node, troubles_before, "more troubles of links were not told one by one");
  tell_sum(how.node, early, "more were refused before their hello");
}

void link::core::complain(peer& about, const std::string& text) const {
  refusal_meter::answer said;
  {
    std::lock_guard lock{about.complaints_mutex};
    said = about.complaints.note(all.clocks.mono());
  }
  tell_sum(about.who.name, said.unsaid, "more like these");
  if (said.tell)
    trouble(about.who.name, fmt::format("at {}: {}", about.who.address, text));
}

void link::core::tell_early_end(const peer_identity& who, const std::string& why) {
  tell_refused(who, "its link ended before it said hello: " + why);
}

void link::core::tell_refused(const peer_identity& who, const std::string& why) {
  refusal_meter::answer said;
  {
    std::lock_guard lock{mutex};
    said = early_ends.note(all.clocks.mono());
  }
  tell_sum(how.node, said.unsaid, "more were refused before their hello");
  if (said.tell && hooks.on_refused)
    hooks.on_refused(who.address, who.name, why);
  else if (said.tell)
    trouble(who.name, fmt::format("refused at {}: {}", who.address, why));
}

std::vector<catalogue_part> link::core::book_for(const peer& to) const {
  if (to.commands())
    return own_book;
  auto documents = own_documents;
  std::erase_if(documents, [&](const auto& x) { return !hooks.name_of || !to.owns(hooks.name_of(x)); });
  return catalogue::cut(own_book.empty() ? 1 : own_book.front().revision, documents);
}

/// The run of this node in the upper 22 bits, the start of the actor below.
std::uint32_t link::core::incarnation_of(const std::string& name) const {
  const auto row = all.names.lookup(name);
  if (!row || !row->life)
    return 0;
  const auto start = std::min(row->life->incarnation.load(), 1023u);
  return static_cast<std::uint32_t>(how.incarnation) << 10 | start;
}

hello link::core::my_hello() const {
  hello x;
  x.node = how.node;
  x.version = how.version;
  x.incarnation = how.incarnation;
  x.tick = all.clocks.mono();
  std::shared_lock lock{gateway_mutex};
  x.gateway = gateway;
  return x;
}

/// Called on the publisher's thread.
void link::core::on_change(const std::string& name) noexcept {
  if (linked_count.load(std::memory_order_relaxed) == 0)
    return;
  try {
    const auto row = all.live.find(name);
    if (row && !row->node.empty())
      return; // its own node tells everybody
    if (!row)
      shown.freed(name);
    const bool news = is_news(name, row);
    for (const auto& x : linked.all())
      news ? x->out->changed(name) : x->out->refreshed(name);
  } catch (const std::exception&) {
    // Out of memory: peers hear the next value.
  }
}

bool link::core::is_news(const std::string& name, const std::optional<storage::live_table::row>& row) {
  std::lock_guard lock{mutex};
  if (!row) {
    last_grade.erase(name);
    return true;
  }
  const std::pair grade{row->now.grade, row->now.why};
  auto [at, fresh] = last_grade.try_emplace(name, grade);
  const bool other = fresh || std::exchange(at->second, grade) != grade;
  return other || row->now.told_as != origin::refresh;
}

/// The link to `x` is over: everything that depended on it hears so now.
void link::core::lose(const peer_ptr& x, const std::string& why, bool lost) {
  if (!linked.erase(x))
    return;
  --linked_count;
  const auto& name = x->who.name;
  if (hooks.on_peer_ends)
    hooks.on_peer_ends(name);
  shown.lost(name);
  questions.lost(name, why);
  end_readers(name);
  service.peer_gone(name);
  unsigned unsaid = 0;
  {
    std::lock_guard lock{x->complaints_mutex};
    unsaid = x->complaints.take_all();
  }
  tell_sum(name, unsaid, "more like these, before its link ended");
  if (hooks.on_peer_lost)
    hooks.on_peer_lost(name, why, lost);
}

void link::core::end_reader(const std::string& node, std::uint64_t stream) {
  std::function<bool(far_events)> sink;
  {
    std::lock_guard lock{mutex};
    const auto found = readers.find({node, stream});
    if (found == readers.end())
      return;
    sink = std::move(found->second);
    readers.erase(found);
  }
  (void)sink({stream, {}, true});
}

void link::core::end_readers(const std::string& node) {
  std::vector<std::pair<std::uint64_t, std::function<bool(far_events)>>> ended;
  {
    std::lock_guard lock{mutex};
    for (auto it = readers.begin(); it != readers.end();) {
      if (it->first.first != node) {
        ++it;
        continue;
      }
      ended.emplace_back(it->first.second, std::move(it->second));
      it = readers.erase(it);
    }
  }
  for (auto& [stream, sink] : ended)
    (void)sink({stream, {}, true});
}

/// Sends what waited for a fresh tick. What waited too long here keeps the old
/// one, so that the other side refuses it and says so. Under `to.mutex`.
void link::core::release_waiting(peer& to) {
  const auto oldest = all.clocks.mono() - std::chrono::nanoseconds{how.fresh_within}.count();
  const auto send = [&](auto& waiting) {
    for (auto& x : waiting) {
      if (x.since > oldest)
        x.what.echo = to.tick;
      post(to.gateway, std::move(x.what));
    }
    waiting.clear();
  };
  send(to.waiting);
  send(to.waiting_calls);
}

/// With the newest tick if that is recent; else it waits for one. Under `to.mutex`.
template <class T>
void link::core::send_fresh(peer& to, T what, std::deque<peer::waits<T>>& waiting) {
  const auto now = all.clocks.mono();
  what.echo = to.tick;
  // Behind those that wait already, whatever tick came meanwhile: "off" must not
  // overtake "on".
  const bool nobody_waits = to.waiting.empty() && to.waiting_calls.empty();
  if (nobody_waits && now - to.tick_at <= tick_is_recent)
    return post(to.gateway, std::move(what));
  if (nobody_waits)
    post(to.gateway, tick_asked{});
  waiting.push_back({now, std::move(what)});
}

link::link(caf::actor_system& system, transport& wire, services& all, far_service& service,
           link_hooks hooks, options how)
  : core_(std::make_shared<core>(system, wire, all, service, std::move(hooks), std::move(how))) {}

link::~link() { stop(); }

void link::start() {
  auto made = core_->spawn_gateway();
  core_->system.registry().put(made.id(), caf::actor_cast<caf::strong_actor_ptr>(made)); // a board publishes it to nobody
  {
    std::unique_lock lock{core_->gateway_mutex};
    core_->gateway = std::move(made);
  }
  core_->all.live.watch({}, core_);
}

void link::stop() {
  core_->all.live.unwatch({}, core_);
  const auto lose_all = [this] {
    for (const auto& x : core_->linked.all())
      core_->lose(x, "this node stops", false);
  };
  lose_all();
  caf::actor gone;
  {
    std::unique_lock lock{core_->gateway_mutex};
    gone = std::exchange(core_->gateway, nullptr);
  }
  if (!gone)
    return;
  // When it has ended nothing calls into the core any more, and who said hello
  // at the last moment is let go too: a handle of a peer must not outlive the
  // actor system.
  caf::scoped_actor self{core_->system};
  caf::anon_send_exit(gone, caf::exit_reason::user_shutdown);
  self->wait_for(gone);
  lose_all();
}

const caf::actor& link::gateway() const { return core_->gateway; }

void link::greet(const caf::actor& gateway) {
  spdlog::debug("greet {}", to_string(gateway.node()));
  {
    std::lock_guard lock{core_->mutex};
    core_->greeted[to_string(gateway.node())] = core_->all.clocks.mono();
  }
  core_->post(gateway, core_->my_hello());
}

void link::link_down(const peer_identity& who, const std::string& why, bool lost) {
  spdlog::debug("link down {} {} {}", who.name, why, who.node_id);
  {
    std::lock_guard lock{core_->mutex};
    core_->greeted.erase(who.node_id);
  }
  const auto x = core_->linked.find(who.name);
  if (x && x->who.node_id == who.node_id)
    core_->lose(x, why, lost);
  else if (!x) { // it never said hello, so the membership knows nothing of it
    if (lost)
      core_->tell_early_end(who, why);
    if (core_->hooks.on_peer_lost)
      core_->hooks.on_peer_lost(who.name, why, lost);
  }
}

std::vector<link_view> link::tick(std::vector<link_view> links) {
  const auto now = core_->all.clocks.mono();
  const auto hello_within = std::chrono::nanoseconds{core_->how.hello_within}.count();
  // One look at each: this is the work of a beat that grows with the cluster.
  std::erase_if(links, [&](const link_view& x) {
    const auto to = core_->linked.find(x.who->name);
    if (!to) {
      // Whoever dialled: a link without a hello is none.
      if (now - x.up_since > hello_within) {
        const auto why = fmt::format("said no hello within {} ms; is it stopped, or its software not whole?", core_->how.hello_within.count());
        core_->tell_early_end(*x.who, why);
        core_->wire.drop(x.who->name, why);
      }
      return true;
    }
    if (to->who.node_id == x.who->node_id && x.peer_tick > to->tick) {
      to->tick = x.peer_tick;
      to->tick_at = x.peer_tick_at;
    }
    return false;
  });
  {
    std::lock_guard lock{core_->mutex};
    std::erase_if(core_->greeted, [&](const auto& x) { return now - x.second >= hello_within; });
  }
  if (now - core_->breathed_at < breath)
    return links;
  core_->breathed_at = now;
  core_->tell_sums(now);
  for (const auto& x : core_->linked.all()) {
    x->out->breathe();
    unsigned unsaid = 0;
    {
      std::lock_guard lock{x->complaints_mutex};
      unsaid = x->complaints.take_unsaid(now);
    }
    core_->tell_sum(x->who.name, unsaid, "more like these");
    std::lock_guard lock{x->mutex};
    if (x->batch_taken != x->batch_said)
      core_->post(x->gateway, batch_taken{x->batch_said = x->batch_taken});
    if (x->seq_taken != x->seq_said)
      core_->post(x->gateway, envelopes_taken{x->seq_said = x->seq_taken});
  }
  return links;
}

bool link::send_to(const std::string& node, const std::string& name, caf::message what) {
  if (!what.match_elements<ownership_letter>())
    return false; // between an actor and its own node
  const auto to = core_->linked.find(node);
  if (!to)
    return false;
  std::lock_guard lock{to->mutex};
  if (!to->envelopes.is_open())
    return false; // it does not keep up; all words are said again
  core_->post(to->gateway, ownership_frame{to->envelopes.send(), name, what.get_as<ownership_letter>(0)});
  return true;
}

bool link::forward(const std::string& name, caf::message what) {
  if (what.match_elements<ownership_letter>()) {
    const auto row = core_->all.live.find(name);
    return row && !row->node.empty() && send_to(row->node, name, std::move(what));
  }
  if (!what.match_elements<command>() && !what.match_elements<renewal>())
    return false; // between an actor and its own node
  const auto row = core_->all.live.find(name);
  if (!row || row->node.empty())
    return false;
  const auto to = core_->linked.find(row->node);
  if (!to)
    return false;
  std::lock_guard lock{to->mutex};
  if (!to->envelopes.is_open())
    return false; // it does not keep up
  envelope x;
  x.seq = to->envelopes.send();
  x.to = name;
  x.renews = !what.match_elements<command>();
  if (!x.renews)
    x.what = what.get_as<command>(0);
  else
    x.what.source = what.get_as<renewal>(0).source;
  x.what.output = name;
  core_->send_fresh(*to, std::move(x), to->waiting);
  return true;
}

result<std::uint64_t> link::ask(const std::string& node, far_call what) {
  const auto to = core_->linked.find(node);
  if (!to)
    return error{errc::unreachable, fmt::format("node {} is not linked to {} now; `troupe members` shows how it "
                                                "stands, or ask a node that reaches it", node, core_->how.node)};
  auto id = core_->questions.begin(node);
  if (!id)
    return id;
  what.id = *id;
  if (what.looks()) {
    core_->post(to->gateway, std::move(what));
  } else {
    std::lock_guard lock{to->mutex};
    core_->send_fresh(*to, std::move(what), to->waiting_calls);
  }
  if (core_->linked.find(node) != to)
    core_->questions.lost(*id, "it ended meanwhile"); // nobody else will tell this question
  return id;
}

result<far_answer> link::answer(std::uint64_t question, milliseconds limit) {
  return core_->questions.wait(question, limit);
}

void link::close(const std::string& node, std::uint64_t stream) {
  {
    std::lock_guard lock{core_->mutex};
    if (core_->readers.erase({node, stream}) == 0)
      return;
  }
  if (const auto to = core_->linked.find(node))
    core_->post(to->gateway, far_close{stream});
}

void link::read(const std::string& node, std::uint64_t stream, std::function<bool(far_events)> sink) {
  const auto to = core_->linked.find(node);
  if (!to) {
    (void)sink({stream, {}, true});
    return;
  }
  {
    std::lock_guard lock{core_->mutex};
    core_->readers[{node, stream}] = std::move(sink);
  }
  if (core_->linked.find(node) != to)
    return core_->end_reader(node, stream); // the end of the link came before the reader
  core_->post(to->gateway, far_pull{stream, events_at_a_time});
}

void link::send(const std::string& node, const membership_message& what) {
  if (const auto to = core_->linked.find(node))
    core_->post(to->gateway, what);
}

void link::send_frame(const std::string& node, std::string frame) {
  if (const auto to = core_->linked.find(node); to && to->commands())
    core_->post(to->gateway, replica_frame{std::move(frame)});
}

void link::show_catalogue(std::uint64_t revision, std::vector<std::string> documents) {
  auto parts = catalogue::cut(revision, documents);
  std::lock_guard in_order{core_->introducing};
  {
    std::lock_guard lock{core_->mutex};
    core_->own_book = std::move(parts);
    core_->own_documents = std::move(documents);
  }
  for (const auto& x : core_->linked.all()) {
    std::vector<catalogue_part> book;
    {
      std::lock_guard lock{core_->mutex};
      book = core_->book_for(*x);
    }
    for (auto& part : book)
      core_->post(x->gateway, std::move(part));
  }
}

void link::offer_trust(trust_offer what) {
  std::lock_guard in_order{core_->introducing};
  {
    std::lock_guard lock{core_->mutex};
    core_->own_trust = what;
  }
  for (const auto& x : core_->linked.all())
    if (x->commands())
      core_->post(x->gateway, what);
}

void link::forget(const std::string& node) {
  core_->shown.forget(node);
  core_->books.forget(node);
}

std::vector<peer_ptr> link::peers_now() const { return core_->linked.all(); }
peer_ptr link::find(const std::string& node) const { return core_->linked.find(node); }
const catalogue& link::books() const { return core_->books; }
const mirror& link::shown() const { return core_->shown; }

} // namespace troupe::cluster
