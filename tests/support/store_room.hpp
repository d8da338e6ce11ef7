#pragma once

#include "cluster/replication/replicator.hpp"
#include "storage/check_points.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace troupe::test {

using cluster::replicator;
namespace frame = cluster::frame;

/// Some real stores in RAM, each with its replicator; frames and time by hand.
struct store_room {
  /// The room's time, and a wall clock that may be wrong.
  struct wrong_clock final : clock_source {
    const hand_clock* right = nullptr;
    wall_ms skew = 0;
    mono_ns mono() const override { return right->mono(); }
    wall_ms wall() const override { return right->wall() + skew; }
  };
  struct member {
    wrong_clock clock;
    std::shared_ptr<storage::memory_disk> disk = std::make_shared<storage::memory_disk>();
    std::unique_ptr<storage::replicated_store> store;
    std::unique_ptr<replicator> talker;
    replicator::options how;
    bool works = true; ///< its disk does what it is asked for
    bool news = false;
  };
  struct flight {
    std::string from;
    std::string to;
    std::string bytes;
  };

  hand_clock clock;
  std::map<std::string, member> all;
  std::set<std::pair<std::string, std::string>> links;
  std::deque<flight> wire;
  std::vector<flight> said; ///< everything since this was cleared
  std::function<bool(const flight&)> lost = [](const flight&) { return false; };
  std::function<void(storage::store_options&)> settings; ///< of stores that are opened from now on
  std::uint32_t nonces = 0;
  std::vector<std::unique_ptr<storage::replicated_store>> dead;
  milliseconds new_disk_sums_after{0};

  ~store_room() { // what is told at the end finds nobody
    for (auto& [name, m] : all)
      if (m.store)
        m.store->set_news({});
  }

  static replicator::options usual(const std::string& name) {
    replicator::options o;
    o.self = name;
    o.house = "house";
    return o;
  }
  member& open(const std::string& name, const replicator::options& how) {
    auto& m = all[name];
    m.how = how;
    m.clock.right = &clock;
    m.talker.reset();
    if (m.store) {
      m.store->set_news({});
      dead.push_back(std::move(m.store)); // a dead process writes nothing
      m.disk->crash();
    }
    for (const auto& l : std::set{links})
      if (l.first == name || l.second == name)
        cut(l.first, l.second);
    storage::store_options o;
    o.node = how.self;
    o.clustered = true;
    o.entropy = [this] { return nonces += 2; };
    o.others_sync = milliseconds{100};
    o.counters_to_engine_every = o.others_counters_sync = milliseconds{1000};
    o.checkpoint_every = milliseconds{1000};
    o.ring_path = "ring";
    o.settle_for = milliseconds{5000};
    o.new_disk_sums_after = new_disk_sums_after;
    if (settings)
      settings(o);
    auto opened = storage::replicated_store::open(storage::make_memory_engine(m.disk), o, m.clock);
    if (!opened)
      CAF_FAIL(opened.why().context);
    m.store = std::move(*opened);
    m.store->set_news([&m] { m.news = true; });
    m.talker = std::make_unique<replicator>(*m.store, how);
    return m;
  }
  member& open(const std::string& name) { return open(name, usual(name)); }
  /// A member says so in the documents.
  void belongs(const std::string& name, const storage::power_supply& x) {
    put(name, std::string{storage::member_prefix} + name,
        R"({"power_domain":")" + x.domain + R"(","server":)" + (x.server ? "true}" : "false}"));
  }
  void belongs(const std::string& name) { put(name, std::string{storage::member_prefix} + name, to_string(session(name))); }

  void put(const std::string& at, const std::string& key, const std::string& value, storage::on_durable done = {},
           storage::ack need = storage::ack::usual) {
    if (auto ok = all[at].store->put(storage::slot_kind::map, key, value, std::move(done), need); !ok)
      CAF_FAIL(ok.why().context);
  }
  std::string text(const std::string& at, const std::string& key) {
    auto x = all[at].store->get(storage::slot_kind::map, key);
    return x ? x->payload : "-";
  }
  storage::stream_id session(const std::string& of) { return all[of].store->summarize().session; }
  std::uint64_t seen(const std::string& at, const storage::stream_id& of) { return all[at].store->summarize().seen.at(of); }
  replicator::peer_view view(const std::string& at, const std::string& of) {
    for (auto& x : all[at].talker->peers())
      if (x.name == of)
        return x;
    CAF_FAIL(at << " knows no " << of);
    return {};
  }
  bool equal(const std::string& a, const std::string& b) {
    const auto x = all[a].store->summarize(), y = all[b].store->summarize();
    return x.seen == y.seen && x.sums == y.sums;
  }

  void link(const std::string& a, const std::string& b) {
    links.insert({a, b});
    links.insert({b, a});
    use(a, [&](replicator& r, auto& out) { r.linked(b, clock.mono(), out); });
    use(b, [&](replicator& r, auto& out) { r.linked(a, clock.mono(), out); });
  }
  void cut(const std::string& a, const std::string& b) {
    if (!links.contains({a, b}))
      return;
    links.erase({a, b});
    links.erase({b, a});
    std::erase_if(wire, [&](const auto& f) { return (f.from == a && f.to == b) || (f.from == b && f.to == a); });
    if (all[a].talker)
      all[a].talker->unlinked(b);
    if (all[b].talker)
      all[b].talker->unlinked(a);
  }

  void use(const std::string& name, const std::function<void(replicator&, replicator::frames&)>& what) {
    auto& m = all[name];
    replicator::frames out;
    what(*m.talker, out);
    while (std::exchange(m.news, false))
      m.talker->news(clock.mono(), out);
    for (auto& f : out) {
      said.push_back({name, f.to, f.bytes});
      if (links.contains({name, f.to}))
        wire.push_back({name, f.to, std::move(f.bytes)});
    }
  }
  /// Somebody outside of the room says something to `to`.
  void hear(const std::string& to, const std::string& from, const frame::any& x) {
    use(to, [&](replicator& r, auto& out) { r.receive(from, encode(x), clock.mono(), out); });
  }
  /// Delivers up to `most` frames, and what they bring about.
  void carry(std::size_t most = 100000) {
    for (auto& [name, m] : all)
      use(name, [&](replicator& r, auto& out) {
        if (std::exchange(m.news, false))
          r.news(clock.mono(), out);
      });
    for (; most > 0 && !wire.empty(); --most) {
      auto f = std::move(wire.front());
      wire.pop_front();
      if (!lost(f))
        use(f.to, [&](replicator& r, auto& out) { r.receive(f.from, f.bytes, clock.mono(), out); });
    }
  }
  void pass(milliseconds x) {
    constexpr milliseconds step{50};
    for (; x.count() > 0; x -= step) {
      clock.pass(step);
      for (auto& [name, m] : all)
        if (m.works)
          m.store->work();
      for (auto& [name, m] : all)
        use(name, [&](replicator& r, auto& out) { r.tick(clock.mono(), out); });
      carry();
    }
  }

  template <class Frame>
  std::vector<Frame> frames(const std::string& from = {}, const std::string& to = {}) const {
    std::vector<Frame> out;
    for (const auto& f : said)
      if ((from.empty() || f.from == from) && (to.empty() || f.to == to)) {
        const auto x = frame::decode(f.bytes);
        if (const auto* y = x ? std::get_if<Frame>(&*x) : nullptr)
          out.push_back(*y);
      }
    return out;
  }
};

template <class Frame>
bool is(const store_room::flight& f) {
  const auto x = frame::decode(f.bytes);
  return x && std::holds_alternative<Frame>(*x);
}

} // namespace troupe::test
