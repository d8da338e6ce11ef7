#include "tests/sim/store/world.hpp"

#include "storage/counter_state.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace troupe::test {

using cluster::replicator;
using storage::slot_kind;
using storage::stream_id;
using storage::version_vector;

namespace {

constexpr mono_ns tick_every = 100 * ms;
constexpr milliseconds check_points{200};
/// What a power cut takes: what was counted since the last check point, or what a server may
/// have kept unconfirmed for as long, and the time until it is told (docs/counters.md).
constexpr milliseconds confirmed_within{150}, told_within{50};
constexpr mono_ns kept_after = std::max(check_points, confirmed_within + told_within).count() * ms + 2 * ms;
/// A disk that is lost takes along what others relied on; links notice so late.
constexpr mono_ns noticed_within = sec;
/// After the last fault all replicas must be equal within this.
constexpr mono_ns converges_within = 30 * sec;

constexpr unsigned most_nodes = 8;

std::array<std::string, most_nodes> numbered(const char* what) {
  std::array<std::string, most_nodes> out;
  for (unsigned i = 0; i < most_nodes; ++i)
    out[i] = what + std::to_string(i);
  return out;
}

const std::string& name_of(unsigned i) {
  static const auto all = numbered("n");
  return all.at(i);
}

const std::string& counter_of(unsigned i) {
  static const auto all = numbered("meter/");
  return all.at(i);
}

} // namespace

struct store_world::machine final : clock_source {
  machine(const store_world& in, unsigned index) : world(in), i(index) {}

  mono_ns mono() const override { return sec + world.now_ - booted_at; }
  wall_ms wall() const override { return 1'800'000'000'000 + world.now_ / ms + skew_ms; }

  /// Of what others have told it, nothing is left.
  void takes_new_disk() {
    all_members.reset();
    old_disk = false;
  }

  const store_world& world;
  const unsigned i;
  std::shared_ptr<sim_disk> disk = std::make_shared<sim_disk>();
  std::shared_ptr<bool> powered;
  std::unique_ptr<storage::replicated_store> store;
  std::unique_ptr<replicator> talker;
  std::vector<std::shared_ptr<void>> feeds;
  std::optional<sim_disk::image> copy;
  std::uint64_t life = 0;
  bool up = false;
  bool removed = false;
  /// In this life. What only it had heard of a counter was summed without it meanwhile
  /// (docs/replication.md, members), so its own readers may go back when it returns.
  bool was_removed = false;
  bool dies_in_commit = false;
  bool talking = false; ///< inside of the replicator
  bool news = false;    ///< and it must look again
  bool fresh_start = true; ///< has never run
  std::optional<version_vector> all_members; ///< whoever has that on disk knows them
  bool old_disk = false;   ///< which has held the word of every member: as if it had run for long
  bool rewrites = false; ///< its disk was given up in this life: RAM had everything
  bool clock_set = false;
  mono_ns booted_at = 0;
  mono_ns paused_until = 0;
  mono_ns stood_until = 0; ///< of all pauses of this life the latest end: what one has put off waits for that
  mono_ns old_news_until = 0; ///< what a disk said before it was lost may be heard until then
  mono_ns slower_by = 0;
  mono_ns work_at = std::numeric_limits<mono_ns>::max();
  std::int64_t skew_ms = 0;
  std::uint64_t told = 0; ///< pulses in this life
  std::vector<std::pair<mono_ns, std::uint64_t>> told_at; ///< when they were so many
  bool was_slow = false;  ///< in this life
  std::map<std::string, std::optional<storage::replica::shown>> heard; ///< what its feed told last
  std::vector<std::uint64_t> raw_seen;   ///< of each counter, in this life
  std::vector<std::unique_ptr<storage::replicated_store>> graves;
};

store_world::store_world(const schedule& how, std::vector<std::string>* story)
  : how_(how), story_(story), chance_(how.seed * 0xd6e8feb86659fd93u + 7),
    cut_(how.nodes, std::vector<bool>(how.nodes)), truth_(how.nodes) {
  for (unsigned i = 0; i < how.nodes; ++i) {
    all_.push_back(std::make_unique<machine>(*this, i));
    all_[i]->skew_ms = static_cast<std::int64_t>(pick(100)) - 50; // a life lasts seconds, not years
  }
}

store_world::~store_world() {
  for (auto& m : all_)
    if (m->powered)
      *m->powered = false; // nothing of the end reaches a disk
}

void store_world::tell(const std::string& what) {
  if (story_)
    story_->push_back(fmt::format("{:7.3f} s  {}", static_cast<double>(now_) / 1e9, what));
}

void store_world::fail(std::string why) {
  if (!out_.failure.empty())
    return;
  tell("FAILURE: " + why);
  if (story_)
    for (const auto& m : all_)
      if (m->up)
        describe(m->i);
  out_.failure = std::move(why);
}

void store_world::describe(unsigned i) {
  const auto& m = *all_[i];
  const auto mine = m.store->summarize();
  const auto list = [](const version_vector& x) {
    std::string out;
    for (const auto& [of, seq] : x.items())
      out += fmt::format(" {:04x}-{}-{}:{}", of.node >> 48, of.boot, of.nonce, seq);
    return out;
  };
  tell(fmt::format("  n{} is {}, has seen{}; durable{}; collected{}; journals{}", i, to_string(mine.session), list(mine.seen),
                   list(mine.durable), list(mine.collected), list(mine.journals)));
  const auto all = m.store->whole({});
  for (const auto& x : all.items) {
    storage::counter_state c;
    if (x.content.kind == slot_kind::ctr && storage::decode_counts(x.content.payload, c)) {
      std::string text;
      for (const auto& d : c.disks)
        text += fmt::format(" [disk {:04x}-{}-{}: {} up to {},{}]", d.name.node >> 48, d.name.boot, d.name.nonce, d.pulses, d.upto, list(d.counts));
      tell(fmt::format("    {} by {}:{} counts{} (has seen{})", x.key, to_string(x.of), x.content.seq, text, list(x.content.ctx)));
    } else if (const auto mark = storage::decode_mark(x.content.payload); x.content.kind == slot_kind::ovr && mark) {
      std::string text;
      for (const auto& [disk, boot] : mark->before.items())
        text += fmt::format(" {:04x}-{}-{} up to {}", disk.node >> 48, disk.boot, disk.nonce, boot);
      tell(fmt::format("    {} by {}:{} set to {} at {} {}, {} parts, {} also, after{}", x.key, to_string(x.of), x.content.seq, mark->set,
                       to_string(mark->at), mark->count, mark->parts.size(), mark->also.size(), text));
    }
  }
  for (const auto& p : m.talker->peers())
    tell(fmt::format("    of {} ({}, {}{}) it knows{}; {} under way{}{}", p.name, p.linked ? "linked" : "not linked", p.session,
                     p.trouble.empty() ? "" : ", " + p.trouble, list(p.seen), p.under_way, p.sending_all ? ", sends all" : "",
                     p.receiving_all ? ", gets all" : ""));
}

// --- time --------------------------------------------------------------------

namespace {
constexpr auto later = [](const auto& a, const auto& b) {
  return std::tie(b.at, b.order) < std::tie(a.at, a.order);
};
}

void store_world::at(event x) {
  x.order = ++order_;
  events_.push_back(std::move(x));
  std::push_heap(events_.begin(), events_.end(), later);
}

void store_world::pass_until(mono_ns when) {
  while (!events_.empty() && events_.front().at <= when && out_.failure.empty()) {
    std::pop_heap(events_.begin(), events_.end(), later);
    auto x = std::move(events_.back());
    events_.pop_back();
    now_ = std::max(now_, x.at);
    happen(std::move(x));
    for (auto& m : all_) {
      look_at_disk(m->i);
      m->graves.clear();
    }
  }
  now_ = std::max(now_, when);
}

void store_world::happen(event x) {
  auto& m = *all_[x.node];
  using type = event::type;
  const bool of_life = x.what == type::work || x.what == type::news || x.what == type::tick;
  if (of_life && (!m.up || x.mark != m.life))
    return;
  if (m.paused_until > now_ && x.what != type::link_check && x.what != type::space) {
    x.at = m.paused_until;
    return at(std::move(x));
  }
  switch (x.what) {
  case type::work: {
    if (m.work_at > now_)
      return; // was done meanwhile
    m.work_at = std::numeric_limits<mono_ns>::max();
    const auto life = m.life;
    const auto next = m.store->work();
    if (!m.up || m.life != life)
      return;
    if (next != std::numeric_limits<mono_ns>::max())
      ask_work(x.node, now_ + std::max<mono_ns>(next - m.mono(), 0));
    return;
  }
  case type::news:
    return with_replicator(x.node, [&](replicator& r, replicator::frames& out) { r.news(m.mono(), out); });
  case type::tick: {
    const auto known = m.store->members().size();
    auto& truth = truth_.counters[x.node];
    const bool some = known > 1 && known < how_.nodes;
    truth.knew_some |= some;
    truth.began_with_some |= some && truth.lives.size() > 1;
    with_replicator(x.node, [&](replicator& r, replicator::frames& out) { r.tick(m.mono(), out); });
    if (!m.old_disk) {
      const auto mine = m.store->summarize();
      if (!m.all_members && m.store->members().size() == how_.nodes)
        m.all_members = mine.seen;
      m.old_disk = m.all_members && mine.durable.covers(*m.all_members);
    }
    look_at_counters(x.node);
    look_at_sums(x.node);
    for (unsigned j = 0; j < how_.nodes; ++j)
      if (j != x.node && !between(x.node, j).up[x.node < j ? 0 : 1] && reach(x.node, j) && reach(j, x.node))
        connect(x.node, j);
    event again;
    again.what = type::tick;
    again.node = x.node;
    again.mark = x.mark;
    again.at = now_ + tick_every;
    return at(std::move(again));
  }
  case type::frame: {
    auto& w = between(x.node, x.other);
    if (!m.up || w.number != x.mark || !w.up[x.node < x.other ? 0 : 1])
      return; // of a link that has ended
    if (cut_[x.other][x.node]) { // TCP sends it again
      x.at = now_ + 20 * ms;
      return at(std::move(x));
    }
    ++out_.frames;
    return with_replicator(x.node, [&](replicator& r, replicator::frames& out) {
      r.receive(name_of(x.other), x.bytes, m.mono(), out);
    });
  }
  case type::link_up: {
    auto& w = between(x.node, x.other);
    auto& end = w.up[x.node < x.other ? 0 : 1];
    if (!m.up || w.number != x.mark || end)
      return;
    end = true;
    w.of[x.node < x.other ? 0 : 1] = x.mark;
    return with_replicator(x.node, [&](replicator& r, replicator::frames& out) {
      r.linked(name_of(x.other), m.mono(), out);
    });
  }
  case type::link_down: {
    auto& w = between(x.node, x.other);
    auto& end = w.up[x.node < x.other ? 0 : 1];
    if (!m.up || !end || w.of[x.node < x.other ? 0 : 1] != x.mark)
      return; // a later link stands
    end = false;
    m.talker->unlinked(name_of(x.other));
    return;
  }
  case type::link_check:
    if (between(x.node, x.other).number == x.mark && (cut_[x.node][x.other] || cut_[x.other][x.node]))
      break_link(x.node, x.other);
    return;
  case type::space:
    m.disk->full = false;
    return;
  }
}

// --- network -----------------------------------------------------------------

store_world::wire& store_world::between(unsigned a, unsigned b) { return wires_[std::minmax(a, b)]; }

bool store_world::reach(unsigned a, unsigned b) const {
  return all_[a]->up && all_[b]->up && !cut_[a][b] && !all_[a]->removed && !all_[b]->removed
         && all_[a]->paused_until <= now_ && all_[b]->paused_until <= now_;
}

void store_world::connect(unsigned a, unsigned b) {
  auto& w = between(a, b);
  if (w.up[0] || w.up[1])
    return; // the other end has not noticed yet that the link is gone
  ++w.number;
  w.last[0] = w.last[1] = 0;
  for (const auto& [x, y] : {std::pair{a, b}, std::pair{b, a}}) {
    event e;
    e.what = event::type::link_up;
    e.node = x;
    e.other = y;
    e.mark = w.number;
    e.at = now_ + static_cast<mono_ns>(pick(5 * ms));
    at(std::move(e));
  }
}

/// Both ends notice, each in its time; what is under way is lost.
void store_world::break_link(unsigned a, unsigned b) {
  auto& w = between(a, b);
  if (!w.up[0] && !w.up[1])
    return;
  const auto broken = w.number++;
  for (const auto& [x, y] : {std::pair{a, b}, std::pair{b, a}}) {
    event e;
    e.what = event::type::link_down;
    e.node = x;
    e.other = y;
    e.mark = broken;
    e.at = now_ + static_cast<mono_ns>(pick(3) == 0 ? pick(200 * ms) : pick(2 * ms));
    at(std::move(e));
  }
}

void store_world::send_all(unsigned from, replicator::frames& frames) {
  for (auto& f : frames) {
    const auto to = static_cast<unsigned>(std::stoul(f.to.substr(1)));
    auto& w = between(from, to);
    const auto side = from < to ? 0 : 1;
    if (!w.up[side] || (chaos_ && likely(how_.loss)))
      continue;
    event e;
    e.what = event::type::frame;
    e.node = to;
    e.other = from;
    e.mark = w.number;
    e.at = now_ + ms / 10 + static_cast<mono_ns>(pick(2 * ms));
    if (!how_.reorders || !chaos_)
      e.at = w.last[side] = std::max(e.at, w.last[side]);
    if (chaos_ && likely(how_.repeats)) {
      auto twice = e;
      twice.at += static_cast<mono_ns>(pick(50 * ms));
      at(std::move(twice));
    }
    e.bytes = std::move(f.bytes);
    at(std::move(e));
  }
  frames.clear();
}

void store_world::with_replicator(
  unsigned i, const std::function<void(replicator&, replicator::frames&)>& what) {
  auto& m = *all_[i];
  if (m.talking) {
    m.news = true;
    return;
  }
  replicator::frames out;
  m.talking = true;
  what(*m.talker, out);
  while (m.up && std::exchange(m.news, false))
    m.talker->news(m.mono(), out);
  m.talking = false;
  if (m.up)
    send_all(i, out);
}

// --- machines ----------------------------------------------------------------

void store_world::ask_work(unsigned i, mono_ns when) {
  auto& m = *all_[i];
  when += m.slower_by;
  if (when >= m.work_at)
    return;
  m.work_at = when;
  event e;
  e.what = event::type::work;
  e.node = i;
  e.mark = m.life;
  e.at = when;
  at(std::move(e));
}

void store_world::start(unsigned i) {
  auto& m = *all_[i];
  if (m.up)
    return;
  ++m.life;
  ++out_.starts;
  m.booted_at = now_ - static_cast<mono_ns>(pick(sec));
  m.powered = std::make_shared<bool>(true);
  m.dies_in_commit = m.rewrites = false;
  m.was_removed = m.removed;
  m.talking = m.news = false;
  m.work_at = std::numeric_limits<mono_ns>::max();
  m.told = 0;
  m.told_at.clear();
  m.stood_until = 0;
  m.was_slow = m.slower_by > 0;
  m.raw_seen.assign(how_.nodes, 0);
  m.disk->in_commit = {};
  storage::store_options o;
  o.node = name_of(i);
  o.clustered = true;
  o.ring_path = how_.rings ? "ring" : "";
  o.flash_bytes_per_day = 0;
  o.checkpoint_every = check_points;
  o.covered_checkpoint_every = milliseconds{2000};
  o.cover_within = confirmed_within;
  o.counters_to_engine_every = milliseconds{800};
  o.settle_for = milliseconds{500};
  o.peer_ack = milliseconds{500};
  o.push_counters = told_within;
  o.others_sync = milliseconds{100};
  o.others_counters_sync = milliseconds{how_.supplies.empty() ? 300 : 1500}; // far behind what a cover needs
  o.journal_sync = milliseconds{150};
  o.journal_days = 0; // clocks jump by years here
  o.new_disk_sums_after = m.old_disk || how_.new_disks_sum ? milliseconds{0} : milliseconds{3'600'000};
  if (how_.seed % 5 == 1 && i % 3 == 1)
    o.clock = storage::clock_quality::none;
  o.entropy = [this] { return nonces_ += 2; };
  auto opened = storage::replicated_store::open(std::make_unique<sim_engine>(m.disk, m.powered), o, m);
  if (!opened)
    return fail(fmt::format("n{} does not open its store: {}", i, to_string(opened.why())));
  m.store = std::move(*opened);
  if (std::exchange(m.disk->moved_aside, false)) {
    truth_.counters[i].excused = true;
    disk_lost();
  }
  m.disk->in_commit = [this, i] { in_commit(i); };
  replicator::options r;
  r.self = name_of(i);
  r.house = "house";
  r.archive = i < how_.archives;
  r.smallest_piece = std::max<std::size_t>(1, how_.piece_bytes / 8);
  r.largest_piece = how_.piece_bytes;
  r.pulse_every = milliseconds{100};
  r.hello_every = milliseconds{5000};
  r.differs_for = milliseconds{300};
  r.lost_after = milliseconds{500};
  r.compare_every = milliseconds{2000};
  r.collect_every = milliseconds{100};
  r.forget_after = how_.forget_after;
  m.talker = std::make_unique<replicator>(*m.store, r);
  m.up = true;
  truth_.counters[i].lives.push_back({});
  m.heard.clear();
  for (const auto kind : {slot_kind::map, slot_kind::own}) {
    for (const auto& x : m.store->list(kind))
      m.heard[fmt::format("{}/{}", to_string(kind), x.key)] = storage::replica::shown{x.writer, x.seq};
    // I6: nobody hears of a change that is none.
    m.feeds.push_back(m.store->on_change(kind, "", [this, &m, kind, life = m.life](const storage::entry& x, bool erased) {
      if (!m.up || m.life != life)
        return;
      auto& last = m.heard[fmt::format("{}/{}", to_string(kind), x.key)];
      const auto now = erased ? std::nullopt : std::optional{storage::replica::shown{x.writer, x.seq}};
      if (now == last && !rotten_)
        fail(fmt::format("I6: n{} tells a change of {} that is none", m.i, x.key));
      last = now;
    }));
  }
  const auto life = m.life;
  m.store->set_wake([this, i, life] {
    if (all_[i]->up && all_[i]->life == life)
      ask_work(i, now_);
  });
  m.store->set_news([this, &m, life] {
    if (!m.up || m.life != life)
      return;
    if (m.talking) {
      m.news = true;
      return;
    }
    event e;
    e.what = event::type::news;
    e.node = m.i;
    e.mark = life;
    e.at = now_;
    at(std::move(e));
  });
  if (story_)
    m.feeds.push_back(m.store->on_event([this, i](const storage::journal_event& x) {
      if (x.level >= storage::severity::notice && x.node == storage::node_hash(name_of(i)))
        tell(fmt::format("  n{} notes: {}", i, x.text));
    }));
  ask_work(i, now_);
  event e;
  e.what = event::type::tick;
  e.node = i;
  e.mark = m.life;
  e.at = now_ + static_cast<mono_ns>(pick(tick_every));
  at(std::move(e));
  // Every node says at each start that it is a member.
  if (!m.removed || pick(2))
    (void)m.store->put(slot_kind::map, std::string{storage::member_prefix} + name_of(i),
                       member_document(i));
  m.fresh_start = false;
}

void store_world::power_off(unsigned i) {
  auto& m = *all_[i];
  if (!m.up)
    return;
  auto& life = truth_.counters[i].lives.back();
  const auto view = m.store->counter(counter_of(i));
  life.durable = m.told - std::min(m.told, view.provisional);
  life.promised = promised(i);
  const bool just_now = m.disk->moved_aside;
  look_at_disk(i);
  if (m.rewrites) { // what it has not said to be safe once more is gone with it
    const auto again = just_now ? version_vector{} : m.store->summarize().durable;
    truth_.disk_lost([&](const stream_id& of) { return std::max(again.at(of), held_by_disks(of)); });
  }
  m.up = false;
  *m.powered = false;
  m.disk->in_commit = {};
  m.feeds.clear();
  m.graves.push_back(std::move(m.store)); // it may be working right now
  m.paused_until = 0;
  m.slower_by = 0;
  for (unsigned j = 0; j < how_.nodes; ++j)
    if (j != i) {
      auto& w = between(i, j);
      w.up[i < j ? 0 : 1] = false;
      event e;
      e.what = event::type::link_down;
      e.node = j;
      e.other = i;
      e.mark = w.number++;
      e.at = now_ + static_cast<mono_ns>(pick(2) ? pick(2 * ms) : pick(300 * ms));
      at(std::move(e));
    }
}

std::string store_world::member_document(unsigned i) const {
  if (how_.supplies.empty())
    return fmt::format("start {}", out_.starts);
  const auto& x = how_.supplies[i];
  return fmt::format(R"({{"start":{},"server":{},"power_domain":"{}"}})", out_.starts, x.server, x.domain);
}

/// Pulses that may not be lost if `i` loses its power now. The books of the world: no store is asked.
std::uint64_t store_world::promised(unsigned i) const {
  const auto& m = *all_[i];
  const bool worked = !m.was_slow && m.stood_until + kept_after < now_;
  if (!how_.rings || !worked || now_ - promises_ended_at_ < noticed_within)
    return 0;
  std::uint64_t out = 0;
  for (const auto& [when, told] : m.told_at)
    if (when <= now_ - kept_after)
      out = told;
  return out;
}

/// A disk that others may have relied on is gone, or nobody waits for its node any more.
void store_world::promises_end() {
  promises_ended_at_ = now_;
  for (auto& x : truth_.counters)
    for (auto& life : x.lives)
      life.promised = 0;
}

/// What a disk had said it has, it has no more.
void store_world::given_up() {
  for (auto& m : all_)
    m->old_news_until = std::max(now_, m->paused_until) + sec;
  promises_end();
}

/// What was acknowledged may be gone only where every disk that had it is.
void store_world::disk_lost() {
  given_up();
  truth_.disk_lost([this](const stream_id& of) { return held_by_disks(of); });
}

std::uint64_t store_world::held_by_disks(const stream_id& of) const {
  std::uint64_t most = 0;
  for (const auto& m : all_)
    most = std::max(most, m->disk->holds(of));
  return most;
}

/// A running store may give its disk up and write everything anew.
void store_world::look_at_disk(unsigned i) {
  auto& m = *all_[i];
  if (!m.up || !std::exchange(m.disk->moved_aside, false))
    return;
  m.rewrites = true;
  m.takes_new_disk();
  given_up();
  truth_.counters[i].excused = true;
}

/// Somebody is removed, or taken back.
void store_world::part_with(unsigned i) {
  for (unsigned c = 0; c < how_.nodes; ++c)
    truth_.counters[c].parted |= alone_knows_of(i, c);
}

/// Has it heard of something in a start of another node that all that run and stay have not?
/// Of one that is off nobody knows.
bool store_world::alone_knows_of(unsigned i, unsigned other) const {
  if (i == other)
    return false; // what it has counted itself it sums itself
  if (!all_[i]->up)
    return true;
  storage::version_vector known;
  for (const auto& m : all_)
    if (m->i != i && m->up && !m->removed)
      known.join(m->store->summarize().seen);
  const auto mine = all_[i]->store->summarize().seen;
  const auto by = storage::node_hash(name_of(other));
  return std::any_of(mine.items().begin(), mine.items().end(),
                     [&](const auto& x) { return x.first.node == by && known.at(x.first) < x.second; });
}

void store_world::in_commit(unsigned i) {
  auto& m = *all_[i];
  if (std::exchange(m.dies_in_commit, false)) {
    tell(fmt::format("  n{} loses power within a commit", i));
    return power_off(i);
  }
  if (!chaos_)
    return;
  // The house goes on while a disk works.
  switch (pick(8)) {
  case 0: return do_pulses(i, 1);
  case 1: return do_write(i, slot_kind::map, static_cast<unsigned>(pick(how_.keys)), false);
  default: return;
  }
}

/// I3: as long as a reader runs, no total that it sees goes backwards.
void store_world::look_at_counters(unsigned i) {
  auto& m = *all_[i];
  for (unsigned c = 0; c < how_.nodes && m.up; ++c) {
    const auto raw = m.store->counter(counter_of(c)).raw;
    const auto& truth = truth_.counters[c];
    const bool some = truth.began_with_some || (truth.excused && truth.knew_some);
    const bool forgotten = m.was_removed || truth.parted || (how_.new_disks_sum && some);
    if (raw < m.raw_seen[c] && !forgotten)
      fail(fmt::format("I3: n{} sees counter {} go back from {} to {}", i, c, m.raw_seen[c], raw));
    if (story_ && raw != m.raw_seen[c])
      tell(fmt::format("  n{} sees {} pulses of counter {}", i, raw, c));
    m.raw_seen[c] = raw;
    if (raw > truth_.counters[c].pulses()) {
      std::string lives;
      for (const auto& x : truth_.counters[c].lives)
        lives += fmt::format(" {}", x.told);
      fail(fmt::format("I3: n{} sees {} pulses of counter {}, there were {}:{}", i, raw, c, truth_.counters[c].pulses(), lives));
    }
  }
}

/// I2: whoever has seen the same shows the same, at any time.
void store_world::look_at_sums(unsigned i) {
  const auto mine = all_[i]->store->summarize();
  // Once all have met, nothing that one alone knew can appear any more.
  if (std::all_of(all_.begin(), all_.end(), [&](const auto& m) { return m->up && !m->removed && m->store->summarize().seen == mine.seen; }))
    for (unsigned c = 0; c < how_.nodes; ++c)
      if (std::exchange(truth_.counters[c].parted, false))
        for (const auto& m : all_)
          m->raw_seen[c] = m->store->counter(counter_of(c)).raw; // who has not looked since
  for (const auto& m : all_) {
    if (!m->up || m->i == i || rotten_)
      continue;
    const auto x = m->store->summarize();
    if (!(x.seen == mine.seen) || x.sums == mine.sums)
      continue;
    std::string where;
    for (std::size_t b = 0; b < storage::digest::buckets; ++b)
      if (x.sums.sums[b] != mine.sums.sums[b])
        for (const auto* of : {all_[i].get(), m.get()})
          for (const auto& r : of->store->slots_of(of->store->digest_rows(b))) {
            where += fmt::format("\n      n{}: {} {} {}:{}{} '{}' ctx", of->i, to_string(r.content.kind), r.key, to_string(r.of), r.content.seq,
                                 r.content.deleted() ? " deleted" : "", r.content.payload);
            for (const auto& [s, q] : r.content.ctx.items())
              where += fmt::format(" {}:{}", to_string(s), q);
          }
    return fail(fmt::format("I2: n{} and n{} have seen the same and differ{}", i, m->i, where));
  }
}

// --- actions -----------------------------------------------------------------

void store_world::do_write(unsigned i, slot_kind kind, unsigned key, bool erase) {
  auto& m = *all_[i];
  if (!m.up)
    return;
  auto& port = *m.store;
  const auto before = port.summarize();
  ghost::operation op;
  op.at = {kind, fmt::format("{}/{}", kind == slot_kind::own ? "state" : "doc", key)};
  op.deleted = erase;
  op.content = fmt::format("w{}", ++writes_);
  if (how_.piece_bytes < 100 && pick(2))
    op.content += std::string(pick(60), 'x');
  const auto need = static_cast<storage::ack>(pick(4));
  const auto id = std::make_shared<std::optional<std::size_t>>();
  const auto at_once = std::make_shared<bool>(false); // told before the call returned
  const auto judge = [this, &m, id, need, life = m.life] {
    if (!m.up || m.life != life)
      return;
    auto& x = truth_.operations[**id];
    x.acked = true;
    tell(fmt::format("  n{} is told that {} of {} is safe: {} {}", m.i, x.content, x.at.key, to_string(x.stream), x.seq));
    ++out_.acks;
    look_at_disk(m.i);
    // I1: what an acknowledgement claims is looked up on the disks themselves. It may
    // have waited for a peer while the disk that had it was given up.
    unsigned elsewhere = 0;
    for (const auto& other : all_)
      elsewhere += other->i != m.i && other->disk->holds(x.stream) >= x.seq ? 1 : 0;
    if (m.disk->holds(x.stream) < x.seq && !(m.rewrites && now_ <= m.old_news_until))
      fail(fmt::format("I1: n{} acknowledged {} of {}, and its disk does not have it", m.i, x.content, x.at.key));
    // Unless that disk was lost meanwhile: what a peer said was true when it said it.
    if (need == storage::ack::peer && elsewhere == 0 && now_ > m.old_news_until)
      fail(fmt::format("I1: n{} acknowledged {} of {} as safe at a peer, and no other disk has it", m.i, x.content, x.at.key));
  };
  auto done = [id, at_once, judge](const status& how) {
    if (how && !*id)
      *at_once = true;
    else if (how)
      judge();
  };
  const auto ok = erase ? m.store->erase(kind, op.at.key, std::move(done), need)
                        : m.store->put(kind, op.at.key, op.content, std::move(done), need);
  if (!ok || !m.up)
    return;
  const auto after = port.summarize();
  op.stream = after.session;
  op.seq = after.seen.at(after.session);
  if (op.seq == before.seen.at(after.session))
    return;
  *id = truth_.wrote(std::move(op), before.seen);
  if (*at_once)
    judge();
}

void store_world::do_pulses(unsigned i, std::uint64_t n) {
  auto& m = *all_[i];
  if (!m.up)
    return;
  m.told += n;
  truth_.counters[i].lives.back().told = m.told;
  m.told_at.emplace_back(now_, m.told);
  m.store->counted(counter_of(i), m.told);
}

void store_world::do_meter(unsigned i, std::uint64_t to) {
  auto& m = *all_[i];
  if (!m.up)
    return;
  auto& port = *m.store;
  const auto before = port.summarize();
  ghost::operation op;
  op.at = {slot_kind::ovr, counter_of(i)};
  op.number = to;
  op.content = fmt::format("set {}", ++writes_);
  op.pulses_before = truth_.counters[i].pulses();
  op.told_before = m.told;
  op.life = truth_.counters[i].lives.size() - 1;
  const auto id = std::make_shared<std::optional<std::size_t>>();
  if (!m.store->set_counter(op.at.key, to, op.content, [this, &m, id, life = m.life](const status& how) {
        if (how && *id && m.up && m.life == life)
          truth_.operations[**id].acked = true;
      }))
    return;
  const auto after = port.summarize();
  op.stream = after.session;
  op.seq = after.seen.at(after.session);
  *id = truth_.wrote(std::move(op), before.seen);
  if (m.store->counter(counter_of(i)).total != to)
    fail(fmt::format("counter {} was set to {} and shows {}", i, to, m.store->counter(counter_of(i)).total));
}

/// A slot on the disk says something else, and its check sum agrees.
void store_world::rot(unsigned i) {
  auto& table = all_[i]->disk->now.tables[static_cast<std::size_t>(storage::family::slot)];
  std::vector<std::string> documents;
  for (const auto& [key, value] : table)
    if (const auto a = storage::layout::parse_slot_key(key); a && a->kind == slot_kind::map && a->key.starts_with("doc/"))
      documents.push_back(key);
  if (documents.empty())
    return;
  auto& bytes = table[documents[pick(documents.size())]];
  auto x = storage::decode_slot(bytes);
  x->payload += "?";
  bytes = encode(*x);
  rotten_ = true;
}

void store_world::carry_out(const action& x) {
  if (story_)
    story_->push_back(to_string(x));
  auto& m = *all_[x.a];
  using kind = action::kind;
  switch (x.what) {
  case kind::write: return do_write(x.a, slot_kind::map, static_cast<unsigned>(x.x), false);
  case kind::erase: return do_write(x.a, slot_kind::map, static_cast<unsigned>(x.x), true);
  case kind::own: return do_write(x.a, slot_kind::own, static_cast<unsigned>(x.x), false);
  case kind::pulses: return do_pulses(x.a, static_cast<std::uint64_t>(x.x));
  case kind::meter: return do_meter(x.a, static_cast<std::uint64_t>(x.x));
  case kind::event:
    if (m.up) {
      storage::journal_event e;
      e.kind = "test";
      e.subject = name_of(x.a);
      e.text = fmt::format("event {}", ++writes_);
      m.store->append(std::move(e));
    }
    return;
  case kind::future: {
    if (!m.up)
      return;
    storage::stream_range r;
    r.stream = {storage::node_hash("future"), 1, 2};
    r.after = futures_;
    storage::keyed_slot s;
    s.key = fmt::format("later/{}", pick(3));
    s.content.kind = static_cast<slot_kind>(77);
    s.content.flags = 0x42;
    s.content.schema = 9;
    s.content.seq = r.upto = futures_ + 1;
    s.content.payload = "who knows";
    r.slots.push_back(std::move(s));
    if (m.store->take(std::move(r)))
      ++futures_;
    return;
  }
  case kind::crash: return power_off(x.a);
  case kind::crash_in_commit: m.dies_in_commit = m.up; return;
  case kind::start: return start(x.a);
  case kind::wipe:
    power_off(x.a);
    m.disk->wipe();
    m.takes_new_disk();
    truth_.counters[x.a].excused = true;
    return disk_lost();
  case kind::lie:
    power_off(x.a);
    m.disk->forget(static_cast<std::size_t>(x.x));
    truth_.counters[x.a].confused |= truth_.counters[x.a].excused;
    truth_.counters[x.a].excused = true;
    return disk_lost();
  case kind::copy: m.copy = m.disk->now; return;
  case kind::restore:
    if (!m.copy)
      return;
    power_off(x.a);
    m.disk->restore(*m.copy);
    // For how long it had run was put back, too: of members that it met later it does not know.
    m.old_disk = m.old_disk && std::all_of(m.all_members->items().begin(), m.all_members->items().end(),
                                           [&](const auto& of) { return m.disk->holds(of.first) >= of.second; });
    truth_.counters[x.a].excused = true;
    return disk_lost();
  case kind::damage:
    power_off(x.a);
    m.disk->damaged = true;
    m.takes_new_disk();
    truth_.counters[x.a].excused = true;
    return;
  case kind::rot:
    power_off(x.a);
    return rot(x.a);
  case kind::fail:
    m.disk->fail_commits = 1;
    m.disk->failed_comes_back = x.x == 1;
    m.disk->failed_damages = x.x == 2;
    return;
  case kind::full: {
    m.disk->full = true;
    event e;
    e.what = event::type::space;
    e.node = x.a;
    e.at = now_ + x.x * ms;
    return at(std::move(e));
  }
  case kind::slow:
    m.slower_by = x.x * ms;
    m.was_slow = true;
    return;
  case kind::pause:
    if (m.up) {
      m.stood_until = std::max(m.stood_until, m.paused_until = now_ + x.x * ms);
      if (now_ <= m.old_news_until)
        m.old_news_until = m.stood_until + sec;
    }
    return;
  case kind::clock:
    m.skew_ms += x.x * 1000;
    m.clock_set = true;
    return;
  case kind::cut:
  case kind::split:
    for (unsigned a = 0; a < how_.nodes; ++a)
      for (unsigned b = 0; b < how_.nodes; ++b) {
        const bool now = x.what == kind::cut ? a == x.a && b == x.b : ((x.x >> a & 1) != (x.x >> b & 1));
        if (!now || a == b)
          continue;
        cut_[a][b] = true;
        event e;
        e.what = event::type::link_check;
        e.node = a;
        e.other = b;
        e.mark = between(a, b).number;
        e.at = now_ + 100 * ms + static_cast<mono_ns>(pick(300 * ms));
        at(std::move(e));
      }
    return;
  case kind::heal:
    for (auto& row : cut_)
      row.assign(row.size(), false);
    return;
  case kind::reset: return break_link(x.a, x.b);
  case kind::remove:
    if (!m.up || m.removed || all_[x.b]->removed)
      return;
    all_[x.b]->removed = all_[x.b]->was_removed = true;
    promises_end(); // what only it has is given up with it
    part_with(x.b);
    (void)m.store->erase(slot_kind::map, std::string{storage::member_prefix} + name_of(x.b));
    for (unsigned j = 0; j < how_.nodes; ++j)
      if (j != x.b)
        break_link(x.b, j);
    return;
  case kind::admit:
    if (!m.up || m.removed || !all_[x.b]->removed)
      return;
    part_with(x.b); // it may have heard of something since, from those who had not heard of its removal
    all_[x.b]->removed = false;
    (void)m.store->put(slot_kind::map, std::string{storage::member_prefix} + name_of(x.b),
                       fmt::format("admitted {}", ++writes_));
    return;
  case kind::flicker: return; // was drawn as its parts
  case kind::blackout:
    for (unsigned i = 0; i < how_.nodes; ++i)
      if (x.x >> i & 1)
        power_off(i);
    return;
  case kind::compare:
    if (m.up)
      with_replicator(x.a, [&](replicator& r, replicator::frames& out) { r.compare(m.mono(), out); });
    return;
  }
}

// --- judgement ---------------------------------------------------------------

store_world::result store_world::run() {
  for (unsigned i = 0; i < how_.nodes; ++i)
    start(i);
  pass_until(50 * ms);
  const auto begun = now_;
  for (const auto& x : how_.actions) {
    pass_until(begun + x.at);
    if (!out_.failure.empty())
      return out_;
    carry_out(x);
    for (auto& m : all_)
      m->graves.clear();
  }
  // Peace: everything is mended, everybody runs.
  chaos_ = false;
  tell("all faults end");
  for (auto& row : cut_)
    row.assign(row.size(), false);
  for (unsigned i = 0; i < how_.nodes; ++i) {
    auto& m = *all_[i];
    m.removed = false;
    m.paused_until = 0;
    m.slower_by = 0;
    m.dies_in_commit = false;
    m.disk->full = false;
    m.disk->fail_commits = 0;
    start(i);
    m.work_at = std::numeric_limits<mono_ns>::max(); // what was asked for may stand behind a pause
    ask_work(i, now_);
  }
  const auto peace = now_;
  std::string different;
  do {
    pass_until(now_ + 100 * ms);
    different = difference();
  } while (!different.empty() && out_.failure.empty() && now_ - peace < converges_within);
  out_.converged_after = now_ - peace;
  if (!different.empty())
    fail(fmt::format("I2: {} s after the last fault {}", converges_within / sec, different));
  // Collection may begin only now; what is shown must not change by it.
  if (out_.failure.empty()) {
    const auto equal = now_;
    do {
      pass_until(now_ + 500 * ms);
      different = difference(); // a counter or an event may just have been told
    } while (!different.empty() && out_.failure.empty() && now_ - equal < 5 * sec);
    if (!different.empty())
      fail("I2: after collection " + different);
  }
  if (out_.failure.empty())
    judge();
  out_.operations = truth_.operations.size();
  for (const auto& x : truth_.counters)
    out_.pulses += x.pulses();
  for (const auto& m : all_)
    if (m->talker)
      for (const auto& p : m->talker->peers()) {
        out_.wholes += p.wholes_sent;
        out_.repairs += p.repaired;
      }
  return out_;
}

std::string store_world::difference() const {
  const auto first = all_[0]->store->summarize();
  for (unsigned i = 1; i < how_.nodes; ++i) {
    const auto x = all_[i]->store->summarize();
    if (!(x.seen == first.seen))
      return fmt::format("n0 and n{} have not seen the same", i);
    if (!(x.sums == first.sums))
      return fmt::format("n0 and n{} have seen the same and differ", i);
  }
  version_vector journals;
  for (const auto& m : all_)
    journals.join(m->store->summarize().journals);
  for (unsigned i = 0; i < std::min(how_.archives, how_.nodes); ++i)
    if (!all_[i]->store->summarize().journals.covers(journals))
      return fmt::format("archive n{} lacks events", i);
  return {};
}

void store_world::judge() {
  const auto seen = all_[0]->store->summarize().seen;
  for (const auto& x : truth_.operations)
    if (x.acked && !x.excused && seen.at(x.stream) < x.seq)
      return fail(fmt::format("I1: {} of {} was acknowledged and is lost", x.content, x.at.key));
  judge_documents(seen);
  judge_counters(seen);
  judge_journals();
  // I6: what was told last is what is shown.
  for (const auto& m : all_)
    for (const auto kind : {slot_kind::map, slot_kind::own}) {
      std::size_t shown = 0;
      for (const auto& x : m->store->list(kind)) {
        ++shown;
        const auto told = m->heard[fmt::format("{}/{}", to_string(kind), x.key)];
        if (told != std::optional{storage::replica::shown{x.writer, x.seq}})
          return fail(fmt::format("I6: n{} shows {} of {} and never told so", m->i, x.payload, x.key));
      }
      for (const auto& [name, told] : m->heard)
        shown -= told && name.starts_with(to_string(kind)) ? 1 : 0;
      if (shown != 0)
        return fail(fmt::format("I6: n{} did not tell that an entry is gone", m->i));
    }
}

void store_world::judge_documents(const version_vector& seen) {
  for (const auto& at : truth_.addresses()) {
    if (at.kind == slot_kind::ovr)
      continue;
    std::set<std::string> expected;
    std::set<std::size_t> winners = truth_.maximal(at, seen);
    for (const auto i : winners)
      if (!truth_.operations[i].deleted)
        expected.insert(truth_.operations[i].content);
    for (const auto& m : all_) {
      std::set<std::string> shown;
      if (at.kind == slot_kind::own) {
        // Any of the concurrent ones, and the same at all nodes.
        const auto x = m->store->get(at.kind, at.key);
        if (x.has_value() != all_[0]->store->get(at.kind, at.key).has_value()
            || (x && (x->payload != all_[0]->store->get(at.kind, at.key)->payload)))
          return fail(fmt::format("I2: n0 and n{} show different states of {}", m->i, at.key));
        // A state that was issued anew after a write error is a later operation that
        // only the store knows of: its content must still be one that nobody replaced.
        if (x && !expected.contains(x->payload))
          return fail(fmt::format("state {} shows {}, which was replaced", at.key, x->payload));
        continue;
      }
      storage::slot_set set;
      auto all = m->store->whole({});
      for (auto& item : all.items)
        if (item.content.kind == at.kind && item.key == at.key)
          merge(set, item.of, std::move(item.content));
      for (const auto& x : siblings(set))
        shown.emplace(x.payload);
      if (shown == expected || rotten_)
        continue;
      std::string text;
      for (const auto& x : expected)
        if (!shown.contains(x))
          text += " LOST " + x;
      for (const auto& x : shown)
        if (!expected.contains(x))
          text += " RESURRECTED " + x;
      return fail(fmt::format("n{} at {}:{}", m->i, at.key, text));
    }
  }
}

void store_world::judge_counters(const version_vector& seen) {
  for (unsigned c = 0; c < how_.nodes; ++c) {
    const auto& truth = truth_.counters[c];
    const auto view = all_[c]->store->counter(counter_of(c));
    for (const auto& m : all_) {
      const auto x = m->store->counter(counter_of(c));
      if (x.raw != view.raw || x.total != view.total)
        return fail(fmt::format("I2: counter {} is {} ({} pulses) at its node and {} ({}) at n{}", c, view.total, view.raw,
                                x.total, x.raw, m->i));
    }
    if (view.raw > truth.pulses())
      return fail(fmt::format("I3: counter {} shows {} pulses, there were {}", c, view.raw, truth.pulses()));
    std::uint64_t durable = 0;
    for (std::size_t life = 0; life + 1 < truth.lives.size(); ++life)
      durable += std::max(truth.lives[life].durable, truth.lives[life].promised);
    if (truth.excused)
      durable = 0; // but for what the process that runs has counted itself
    durable += truth.lives.back().told;
    if (view.raw < durable)
      return fail(fmt::format("I3: counter {} shows {} pulses, {} were safe", c, view.raw, durable));
    // A setting that nobody acknowledged may be lost, or come back from the ring.
    const auto arrived = truth_.maximal({slot_kind::ovr, counter_of(c)}, seen);
    const auto marks = truth_.not_replaced({slot_kind::ovr, counter_of(c)}, seen);
    bool fits = arrived.empty() && view.total == view.raw;
    if (marks.empty() && !fits)
      return fail(fmt::format("counter {} shows {} and was never set; it counted {}", c, view.total, view.raw));
    for (const auto i : marks) {
      const auto& mark = truth_.operations[i];
      std::uint64_t least = mark.number;
      for (auto life = mark.life; life < truth.lives.size(); ++life) {
        const auto& l = truth.lives[life];
        const auto safe = life + 1 == truth.lives.size() ? l.told : truth.excused ? 0 : l.durable;
        least += safe - std::min(safe, life == mark.life ? mark.told_before : 0);
      }
      // Which of two lost disks was first, only its clock can tell.
      const bool confused = truth.confused || (truth.excused && all_[c]->clock_set);
      const auto before = confused ? 0 : mark.pulses_before;
      fits = fits || (view.total >= least && view.total <= mark.number + truth.pulses() - before);
    }
    if (!fits)
      return fail(fmt::format("I3: counter {} shows {}; it was set to {} after {} of {} pulses", c, view.total,
                              truth_.operations[*marks.begin()].number, truth_.operations[*marks.begin()].pulses_before,
                              truth.pulses()));
  }
}

void store_world::judge_journals() {
  for (const auto& owner : all_) {
    const auto journals = owner->store->summarize().journals;
    for (const auto& [of, head] : journals.items()) {
      if (of.node != storage::node_hash(name_of(owner->i)))
        continue;
      const auto own = owner->store->range(of, 0, std::numeric_limits<std::size_t>::max());
      for (unsigned i = 0; i < std::min(how_.archives, how_.nodes); ++i) {
        const auto kept = all_[i]->store->range(of, 0, std::numeric_limits<std::size_t>::max());
        auto at = kept.slots.begin();
        for (const auto& x : own.slots) {
          while (at != kept.slots.end() && at->content.seq < x.content.seq)
            ++at;
          if (at == kept.slots.end() || !(at->content == x.content))
            return fail(fmt::format("archive n{} lacks event {} of n{}", i, x.content.seq, owner->i));
        }
      }
    }
  }
}

} // namespace troupe::test
