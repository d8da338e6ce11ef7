#pragma once

#include "cluster/membership/membership.hpp"
#include "cluster/membership/ring.hpp"
#include "tests/support/words.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::test {

using namespace cluster;
using kind = membership_message::kind;

inline const std::vector<std::string> two{"a", "c"};
inline const std::vector<std::string> seven{"a", "c", "d", "e", "f", "g", "h"};

inline member row(const std::string& name, std::uint64_t incarnation, std::uint32_t refutation, standing is) {
  member x;
  x.name = name;
  x.incarnation = incarnation;
  x.refutation = refutation;
  x.is = is;
  x.direct = is == standing::alive;
  return x;
}

/// One node, "b", and what it is told and hears; time by hand.
struct room {
  std::vector<std::string> names; ///< of all, "b" too
  membership b;
  mono_ns now = 1000 * sec;
  std::map<std::string, mono_ns> heard_at; ///< links, as the transport shows them
  std::set<std::string> silent;

  /// Linked to all `others`, each of which has told nothing yet.
  explicit room(const std::vector<std::string>& others, unsigned watched = 8, bool approve = true)
    : names(others), b(options(watched, approve)) {
    names.push_back("b");
    for (const auto& x : others) {
      b.know(x, {x + ":4710"}, now);
      link(x);
    }
    tick();
  }
  static membership::options options(unsigned watched, bool approve) {
    membership::options o;
    o.self = std::string{"b"}; // GCC 12 sees an overflow in an assigned literal
    o.addresses = {"b:4710"};
    o.pace.watched = watched;
    o.approve_found = approve;
    return o;
  }

  membership_effects link(const std::string& x, std::uint64_t incarnation = 1) {
    heard_at[x] = now;
    return b.on_link_up(x, incarnation, now, 0);
  }
  membership_effects lose(const std::string& x, bool lost = true) {
    heard_at.erase(x);
    return b.on_link_down(x, "cut", lost, now, 0);
  }
  mono_ns deaf_for = 0; ///< of the thread that reads the links
  membership_effects tick() {
    std::vector<heard> list;
    for (auto& [name, at] : heard_at) {
      if (!silent.contains(name))
        at = now;
      list.push_back({name, at, {}});
    }
    return b.tick(now, 0, list, deaf_for);
  }
  /// Timely ticks; what they want done, together.
  membership_effects pass(mono_ns length) {
    membership_effects all;
    const auto add = [](auto& to, const auto& x) { to.insert(to.end(), x.begin(), x.end()); };
    for (const auto end = now + length; now < end;) {
      now += 50 * ms;
      const auto x = tick();
      add(all.changes, x.changes);
      add(all.letters, x.letters);
      add(all.beat, x.beat);
      add(all.dial, x.dial);
      add(all.drop, x.drop);
    }
    return all;
  }
  membership_effects letter(const std::string& from, kind what, const std::string& about = {}, std::uint64_t question = 0) {
    return b.on_letter(from, {what, about, question, {}}, now, 0);
  }
  membership_effects view(const std::string& from, std::vector<member> rows) {
    return b.on_letter(from, {kind::view, {}, 0, std::move(rows)}, now, 0);
  }
  [[nodiscard]] member see(const std::string& name) const {
    for (const auto& x : b.members())
      if (x.name == name)
        return x;
    return {};
  }
  [[nodiscard]] bool sees(const std::string& name, standing is, bool direct = false) const {
    const auto x = see(name);
    return x.is == is && x.direct == direct;
  }

  /// Who watches `name` when all stand on the ring.
  [[nodiscard]] std::vector<std::string> watchers(const std::string& name, unsigned watched) const {
    return ring{names, watched}.watchers_of(name);
  }
  /// One that "b" does not watch.
  [[nodiscard]] std::string far(unsigned watched) const {
    const auto near = watchers("b", watched);
    for (const auto& x : names)
      if (x != "b" && std::find(near.begin(), near.end(), x) == near.end())
        return x;
    return {};
  }
};

inline std::vector<membership_effects::letter> letters(const membership_effects& all, kind what) {
  std::vector<membership_effects::letter> out;
  for (const auto& x : all.letters)
    if (x.what.what == what)
      out.push_back(x);
  return out;
}

inline std::set<std::string> receivers(const membership_effects& all, kind what, const std::string& about = {}) {
  std::set<std::string> out;
  for (const auto& x : letters(all, what))
    if (x.what.about == about
        || std::any_of(x.what.members.begin(), x.what.members.end(), [&](const auto& m) { return m.name == about; }))
      out.insert(x.to);
  return out;
}

inline bool has(const std::vector<std::string>& list, const std::string& x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}
inline bool dials(const membership_effects& all, const std::string& x) {
  return std::any_of(all.dial.begin(), all.dial.end(), [&](const auto& m) { return m.name == x; });
}

} // namespace troupe::test
