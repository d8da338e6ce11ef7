#pragma once

#include "cluster/membership/membership.hpp"

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <set>

namespace troupe::test {

using namespace troupe::cluster;

constexpr mono_ns ms = 1'000'000;
constexpr mono_ns sec = 1'000 * ms;

/// A simulated network with the real membership in each of its nodes. All
/// chance comes from one seed, all time is virtual; one thread.
///
/// The wire is TCP as a node meets it: in order, a lost or cut segment is sent
/// again after 200 ms, then twice as long, and holds back what follows; after
/// 15 s without success the sender's end gives up. A dead process on a living
/// host resets and refuses; a dead host says nothing.
class world {
public:
  world(std::uint64_t seed, unsigned nodes, const std::string& profile_name)
    : pace(profile::named(profile_name)), chance(seed), all(nodes), cut(nodes, std::vector<bool>(nodes)) {
    for (unsigned i = 0; i < nodes; ++i)
      all[i].name = fmt::format("n{:02}", i);
  }

  world(const world&) = delete; // what is to come points here
  world& operator=(const world&) = delete;

  struct host {
    std::string name;
    std::unique_ptr<membership> inside; ///< null: the process is dead
    unsigned life = 0;                  ///< of the process: events of an earlier one are void
    unsigned address = 0;               ///< changes with a move
    bool powered = true;
    mono_ns paused_until = 0;
    std::map<std::string, mono_ns> heard_at;
    std::vector<std::function<void()>> held; ///< while paused
    std::uint64_t beats = 0, dials = 0, letters = 0;
    std::map<std::string, unsigned> falls; ///< who was called down, how often
    std::map<std::string, mono_ns> suspect_at, down_at;
  };

  profile pace;
  std::mt19937_64 chance;
  std::vector<host> all;
  std::vector<std::vector<bool>> cut; ///< from, to
  double loss = 0;
  mono_ns delay = ms / 5;
  mono_ns jitter = ms / 5;
  mono_ns now = 1000 * sec;
  bool loud = false;
  std::string kept_wrongly; ///< the first; see `membership::kept_wrongly`
  static constexpr std::size_t most_looked_into = 16; ///< nodes: that look is of all peers and all they say, after each event

  double any() { return std::uniform_real_distribution<>{0, 1}(chance); }
  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>{0, n - 1}(chance); }

  // --- what happens to hosts ---

  /// @param knows indices; by a DNS name that follows the peer when it moves
  void start(unsigned i, const std::vector<unsigned>& knows) {
    auto& h = all[i];
    h.powered = true;
    ++h.life;
    h.paused_until = 0;
    h.held.clear();
    h.heard_at.clear();
    membership::options o;
    o.self = h.name;
    o.addresses = {literal(i)};
    o.incarnation = h.life;
    o.version = std::string{"1.0"};
    o.pace = pace;
    o.seed = chance();
    h.inside = std::make_unique<membership>(o);
    for (const auto k : knows)
      if (k != i)
        h.inside->know(all[k].name, {fmt::format("dns:{}", k)}, now);
    const auto life = h.life;
    at(now + static_cast<mono_ns>(any() * 20 * ms), [this, i, life] { tick(i, life); });
  }
  void kill(unsigned i) {
    if (!all[i].inside)
      return;
    end_process(i);
    for (auto& [id, l] : links)
      for (int side : {0, 1})
        if (l.who[side] == i && l.open[side])
          close(id, side);
  }
  void power_off(unsigned i) {
    end_process(i);
    all[i].powered = false;
    for (auto& [id, l] : links)
      for (int side : {0, 1})
        if (l.who[side] == i)
          l.open[side] = false;
  }
  void move(unsigned i) { all[i].address += 1000; }
  void pause(unsigned i, mono_ns length) {
    if (!all[i].inside)
      return;
    all[i].paused_until = now + length;
    const auto life = all[i].life;
    at(now + length, [this, i, life] {
      auto& h = all[i];
      if (h.life != life || now < h.paused_until)
        return;
      auto held = std::move(h.held);
      h.held.clear();
      for (auto& x : held)
        x();
    });
  }
  void both_ways(unsigned a, unsigned b, bool on) { cut[a][b] = cut[b][a] = on; }
  void heal() {
    for (auto& row : cut)
      row.assign(row.size(), false);
  }
  /// A middlebox forgets a connection: both ends get a reset.
  void reset_link(unsigned a, unsigned b) {
    for (auto& [id, l] : links)
      if ((l.who[0] == a && l.who[1] == b) || (l.who[0] == b && l.who[1] == a))
        for (int side : {0, 1})
          if (l.open[side])
            hang_up(id, side, "connection reset", true);
  }
  void leave(unsigned i) {
    if (!all[i].inside)
      return;
    apply(i, all[i].inside->leave(wall()));
    const auto life = all[i].life;
    at(now + 300 * ms, [this, i, life] {
      if (all[i].life == life)
        kill(i);
    });
  }

  void pass(mono_ns length) {
    const auto end = now + length;
    while (!events.empty() && events.top().at <= end) {
      auto next = events.top();
      events.pop();
      now = std::max(now, next.at);
      next.what();
    }
    now = end;
  }

  // --- what is to be seen ---

  [[nodiscard]] bool runs(unsigned i) const { return all[i].inside != nullptr; }
  [[nodiscard]] member sees(unsigned i, unsigned j) const {
    for (const auto& x : all[i].inside->members())
      if (x.name == all[j].name)
        return x;
    return {};
  }
  /// Empty: every running node sees every running node itself, at its newest
  /// address, and no dead one as living.
  [[nodiscard]] std::string disagreement() const {
    for (unsigned i = 0; i < all.size(); ++i) {
      if (!runs(i))
        continue;
      const auto rows = all[i].inside->members();
      for (unsigned j = 0; j < all.size(); ++j) {
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == all[j].name; });
        const auto x = row == rows.end() ? member{} : *row;
        const bool alive = x.is == standing::alive && x.direct;
        const bool well = runs(j) ? alive && x.incarnation == all[j].inside->self().incarnation
                                      && std::find(x.addresses.begin(), x.addresses.end(), literal(j)) != x.addresses.end()
                                  : x.is == standing::down || x.is == standing::left || x.is == standing::unknown
                                      || x.is == standing::removed;
        if (!well)
          return fmt::format("{} sees {} {}{} (incarnation {}), which {}", all[i].name, all[j].name,
                             to_string(x.is), x.direct ? "" : " not directly", x.incarnation,
                             runs(j) ? "runs" : "is dead");
      }
      if (const auto d = all[i].inside->differences(); !d.empty())
        return fmt::format("{} sees a difference about {} with {}", all[i].name, d.begin()->first,
                           d.begin()->second.begin()->first);
    }
    return {};
  }
  /// @returns how long it took until all agreed; or `limit`.
  mono_ns until_agreed(mono_ns limit) {
    const auto from = now;
    while (now - from < limit && !disagreement().empty())
      pass(50 * ms);
    return now - from;
  }

  void apply(unsigned i, const membership_effects& todo) {
    auto& h = all[i];
    if (kept_wrongly.empty() && h.inside && all.size() <= most_looked_into)
      kept_wrongly = h.inside->kept_wrongly();
    for (const auto& x : todo.changes) {
      if (loud)
        fmt::print("{:9.3f} {}: {} {} -> {}{}: {}\n", static_cast<double>(now - 1000 * sec) / 1e9, h.name, x.now.name,
                   to_string(x.before), to_string(x.now.is), x.now.direct ? "" : " (indirect)", x.why);
      if (x.now.is == standing::down && x.before != standing::down) {
        ++h.falls[x.now.name];
        h.down_at[x.now.name] = now;
      }
      if (x.now.is == standing::suspect)
        h.suspect_at.try_emplace(x.now.name, now);
    }
    for (const auto& x : todo.letters) {
      ++h.letters;
      send(i, x.to, x.what);
    }
    for (const auto& x : todo.beat) {
      ++h.beats;
      send(i, x, {});
    }
    for (const auto& x : todo.dial)
      dial(i, x);
    for (const auto& x : todo.drop)
      for (auto& [id, l] : links) // rare
        for (int side : {0, 1})
          if (l.who[side] == i && l.open[side] && all[l.who[1 - side]].name == x) {
            close(id, side);
            told_down(i, x, "dropped", false);
          }
  }

private:
  struct event {
    mono_ns at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const event& x) const { return at != x.at ? at > x.at : order > x.order; }
  };
  struct parcel {
    std::optional<membership_message> letter; ///< none: a beat
  };
  struct link {
    unsigned who[2];
    unsigned life[2];
    bool open[2];
    std::deque<parcel> queue[2]; ///< by sender's side
    bool stuck[2] = {false, false};
    mono_ns arrives[2] = {0, 0};
  };

  std::priority_queue<event> events;
  std::uint64_t order = 0, link_ids = 0;
  std::map<std::uint64_t, link> links;
  std::map<std::pair<unsigned, unsigned>, std::vector<std::uint64_t>> between; ///< newest first

  [[nodiscard]] wall_ms wall() const { return 1'700'000'000'000 + now / ms; }
  [[nodiscard]] std::string literal(unsigned i) const { return fmt::format("ip:{}", i + all[i].address); }
  void at(mono_ns when, std::function<void()> what) { events.push({when, order++, std::move(what)}); }
  mono_ns way() { return delay + static_cast<mono_ns>(any() * static_cast<double>(jitter)); }
  [[nodiscard]] bool blocked(unsigned from, unsigned to) const { return cut[from][to] || !all[from].powered || !all[to].powered; }

  /// The host does it now, or when it goes on after its pause.
  void in_process(unsigned i, unsigned life, std::function<void()> what) {
    auto& h = all[i];
    if (h.life != life || !h.inside)
      return;
    if (now < h.paused_until)
      h.held.push_back([this, i, life, what] {
        if (all[i].life == life && all[i].inside)
          what();
      });
    else
      what();
  }

  void tick(unsigned i, unsigned life) {
    in_process(i, life, [this, i, life] {
      auto& h = all[i];
      std::vector<heard> list;
      for (unsigned other = 0; other < all.size(); ++other)
        if (has_link(i, other))
          list.push_back({all[other].name, h.heard_at[all[other].name], {}});
      apply(i, h.inside->tick(now, wall(), list));
      if (h.inside)
        at(h.inside->wake_at() + static_cast<mono_ns>(any() * 3 * ms), [this, i, life] { tick(i, life); });
    });
  }

  void end_process(unsigned i) {
    all[i].inside.reset();
    all[i].held.clear();
    ++all[i].life;
  }

  bool has_link(unsigned i, unsigned other) {
    const auto pair = between.find(std::minmax(i, other));
    if (i == other || pair == between.end())
      return false;
    return std::any_of(pair->second.begin(), pair->second.end(), [&](auto id) {
      const auto l = links.find(id);
      return l != links.end() && l->second.open[side_of(l->second, i)];
    });
  }

  int side_of(const link& l, unsigned i) const { return l.who[0] == i ? 0 : 1; }

  void send(unsigned i, const std::string& to, std::optional<membership_message> what) {
    const auto other = static_cast<unsigned>(std::stoul(to.substr(1)));
    for (auto& id : between[std::minmax(i, other)]) {
      const auto found = links.find(id);
      if (found == links.end())
        continue;
      auto& l = found->second;
      const auto side = side_of(l, i);
      if (!l.open[side])
        continue;
      l.queue[side].push_back({std::move(what)});
      if (!l.stuck[side])
        pump(id, side, 0, now);
      return;
    }
  }

  /// Sends the head of the queue, and all that gets through after it.
  void pump(std::uint64_t id, int side, int tries, mono_ns since) {
    const auto found = links.find(id);
    if (found == links.end())
      return;
    auto& l = found->second;
    l.stuck[side] = false;
    while (!l.queue[side].empty() && l.open[side]) {
      if (blocked(l.who[side], l.who[1 - side]) || any() < loss) {
        if (now - since > 15 * sec)
          return hang_up(id, side, "connection timed out", true);
        l.stuck[side] = true;
        const auto pause = std::min<mono_ns>(200 * ms << std::min(tries, 5), 5 * sec);
        at(now + pause, [this, id, side, tries, since] { pump(id, side, tries + 1, since); });
        return;
      }
      tries = 0;
      since = now;
      auto x = std::move(l.queue[side].front());
      l.queue[side].pop_front();
      l.arrives[side] = std::max(now + way(), l.arrives[side]);
      at(l.arrives[side], [this, id, side, x] { arrive(id, side, x); });
    }
  }

  void arrive(std::uint64_t id, int from_side, const parcel& x) {
    const auto found = links.find(id);
    if (found == links.end())
      return;
    auto& l = found->second;
    const auto to_side = 1 - from_side;
    if (!l.open[to_side]) {
      // Nobody has this connection any more: reset.
      if (l.open[from_side] && !blocked(l.who[to_side], l.who[from_side]))
        hang_up(id, from_side, "connection reset", true);
      return;
    }
    const auto i = l.who[to_side];
    const auto from = all[l.who[from_side]].name;
    in_process(i, l.life[to_side], [this, i, from, x] {
      all[i].heard_at[from] = now;
      if (x.letter)
        apply(i, all[i].inside->on_letter(from, *x.letter, now, wall()));
    });
  }

  /// This end closes; the other one sees the end of file if the way is open.
  void close(std::uint64_t id, int side) {
    auto& l = links.at(id);
    l.open[side] = false;
    const auto i = l.who[side], other = l.who[1 - side];
    if (!blocked(i, other) && l.open[1 - side])
      at(std::max(now + way(), l.arrives[side]), [this, id, side] { hang_up(id, 1 - side, "end of file", true); });
  }

  void hang_up(std::uint64_t id, int side, const std::string& why, bool lost) {
    const auto found = links.find(id);
    if (found == links.end() || !found->second.open[side])
      return;
    auto& l = found->second;
    l.open[side] = false;
    const auto i = l.who[side];
    const auto name = all[l.who[1 - side]].name;
    if (all[i].life == l.life[side])
      told_down(i, name, why, lost);
  }

  /// Told a moment later: the decision that asked for it has come back by then.
  void told_down(unsigned i, const std::string& name, const std::string& why, bool lost) {
    const auto life = all[i].life;
    at(now + ms / 100, [=, this] {
      in_process(i, life, [=, this] { apply(i, all[i].inside->on_link_down(name, why, lost, now, wall())); });
    });
  }

  void dial(unsigned i, const member& whom) {
    auto& h = all[i];
    ++h.dials;
    const auto life = h.life;
    unsigned to = 0;
    bool found = false, refused = false;
    for (const auto& address : whom.addresses) {
      const auto n = static_cast<unsigned>(std::stoul(address.substr(address.find(':') + 1)));
      const bool dns = address.starts_with("dns:");
      for (unsigned k = 0; k < all.size() && !found; ++k) {
        if (k == i || (dns ? k != n : k + all[k].address != n) || blocked(i, k) || blocked(k, i))
          continue;
        if (all[k].inside && all[k].name == whom.name)
          found = true, to = k;
        else
          refused = true;
      }
      if (found)
        break;
    }
    const auto fail = [=, this](mono_ns after, bool is_refused) {
      at(now + after, [=, this] {
        in_process(i, life, [=, this] {
          apply(i, all[i].inside->on_dial_failed(whom.name, is_refused ? "connection refused" : "no answer",
                                                   is_refused ? dial_end::refused : dial_end::silence, now, wall()));
        });
      });
    };
    if (!found)
      return fail(refused ? 2 * way() : 3 * sec, refused);
    // TCP and TLS 1.3: three one-way trips to the first byte of the peer's.
    mono_ns took = 0;
    for (int trip = 0; trip < 3; ++trip) {
      took += way();
      for (mono_ns pause = trip == 0 ? sec : 200 * ms; any() < loss; pause *= 2)
        took += pause;
    }
    if (took > 3 * sec)
      return fail(3 * sec, false);
    const auto peer_life = all[to].life;
    at(now + took, [=, this] {
      auto& a = all[i];
      auto& b = all[to];
      if (a.life != life || !a.inside)
        return;
      if (b.life != peer_life || !b.inside || blocked(i, to) || blocked(to, i) || now < b.paused_until || now < a.paused_until)
        return fail(3 * sec - took, false);
      std::uint64_t old = 0;
      for (auto& [id, l] : links)
        if (l.open[0] && l.open[1] && ((l.who[0] == i && l.who[1] == to) || (l.who[0] == to && l.who[1] == i)))
          old = id;
      if (old && any() < 0.5)
        return; // the transport keeps the old one and tells nothing
      std::erase_if(links, [](const auto& x) { return !x.second.open[0] && !x.second.open[1]; });
      const auto id = ++link_ids;
      links[id] = {{i, to}, {life, peer_life}, {true, true}, {}, {false, false}, {0, 0}};
      auto& pair = between[std::minmax(i, to)];
      std::erase_if(pair, [&](auto x) { return !links.contains(x); });
      pair.insert(pair.begin(), id);
      a.heard_at[b.name] = b.heard_at[a.name] = now;
      const auto up = [this](unsigned who, unsigned its_life, unsigned peer, unsigned number) {
        in_process(who, its_life, [=, this] {
          apply(who, all[who].inside->on_link_up(all[peer].name, number, now, wall()));
        });
      };
      up(i, life, to, peer_life);
      up(to, peer_life, i, life);
      if (old)
        for (int side : {0, 1})
          hang_up(old, side, "a newer link took its place", false);
    });
  }
};

} // namespace troupe::test
