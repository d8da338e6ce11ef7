#pragma once

#include "cluster/membership/claims.hpp"
#include "cluster/membership/dial_plan.hpp"
#include "cluster/membership/local_health.hpp"
#include "cluster/membership/membership.hpp"
#include "cluster/membership/ring.hpp"
#include "cluster/membership/verdict.hpp"

#include <set>

namespace troupe::cluster {

/// One round of "do you hear it?".
struct question_round {
  std::uint64_t number = 0; ///< 0: none
  mono_ns asked_at = 0;
  mono_ns yes_at = 0;       ///< 0: nobody yet, in this doubt
  std::string yes_by;
  std::map<std::string, bool> answers; ///< who was asked -> has said no
};

/// One peer, as this node knows it.
struct peer {
  member fact;                    ///< merged; never `suspect` or `down`, these are opinions
  std::vector<std::string> hints; ///< addresses of configuration and earlier runs
  std::vector<std::string> earlier; ///< of its life before, until this one says its own
  std::vector<std::string> seen;  ///< by discovery, now or when it was last seen
  mono_ns gone_since = 0;         ///< discovery lost it; 0: sees it, or never did
  mono_ns hurried_at = 0;         ///< for an address that discovery brought
  std::string told_by;            ///< hearsay of this peer; empty: somebody vouches for it
  bool told_too_many = false;     ///< its hearsay is at the bound, and that was told
  standing is = standing::unknown;
  bool direct = false;
  wall_ms since = 0;

  bool met = false, lost = false, refused = false;
  unsigned links = 0;
  bool board = false;     ///< as the transport showed it last
  bool supposed = false;  ///< its link was seen; nobody has told of it
  std::uint64_t shown_in = 0; ///< the last tick in which the transport showed its link
  unsigned missing = 0;   ///< ticks in which it did not
  mono_ns up_since = 0;
  mono_ns heard_at = 0;
  mono_ns quiet_since = 0; ///< not linked: see `evidence::quiet`
  mono_ns watched_since = 0; ///< 0: we do not watch it
  std::string end;         ///< why the link ended
  dial_plan dials;
  question_round round;
  cluster::claims claims;
  opinion weighed = opinion::none; ///< the claims as a whole ...
  std::uint64_t weighed_at = 0;    ///< ... at this `parts::news`; 0: never
  mono_ns beat_until = 0;  ///< it asked for signs of life
  mono_ns deaf_at = 0;     ///< when it said that it does not hear us
  bool deaf_told = false;
  double flaps = 0;
  mono_ns flaps_at = 0;
};

/// Asked about a peer that we are linked to and do not watch: we ask itself.
struct probe_for {
  std::string asker;
  std::string about;
  std::uint64_t question = 0;
  mono_ns until = 0;
};

struct membership::parts {
  explicit parts(options o);

  options how;
  member me;
  bool asks_for_ban = false; ///< removed in an earlier run, and nobody has spoken yet
  std::map<std::string, peer> peers;
  ring circle;
  std::vector<std::string> circle_names;
  std::vector<std::string> neighbours; ///< whom we watch and beat to
  cluster::local_health health;
  std::mt19937_64 chance;
  std::vector<probe_for> probes;
  std::uint64_t questions = 0;
  std::set<std::string> urgent, slow; ///< names whose rows go to everybody
  std::set<std::string> forward;      ///< facts heard of others, for a few
  mono_ns next_tick = 0, slow_due = 0, view_due = 0;
  std::uint64_t ticks = 0;
  std::map<std::string, unsigned> untold; ///< links that the transport shows and nobody told of -> ticks
  std::uint64_t news = 1;  ///< grows with all that may change what claims weigh
  membership_differences differ; ///< between claims and our own view ...
  std::uint64_t differ_at = 0;   ///< ... at this `news`; 0: never
  std::uint64_t looks = 0; ///< at peers, by ticks
  bool waiting_told = false, full_told = false; ///< the bounds that were told

  // As the profile says, times the local health.
  [[nodiscard]] mono_ns suspect_after() const { return patient(how.pace.suspect_after); }
  [[nodiscard]] mono_ns down_after() const { return patient(how.pace.down_after); }
  [[nodiscard]] mono_ns given_up_after() const { return patient(how.pace.given_up_after); }
  [[nodiscard]] mono_ns patient(milliseconds time) const {
    return static_cast<mono_ns>(static_cast<double>(to_ns(time)) * health.factor());
  }

  // parts.cpp: the table of peers
  peer* find(const std::string& name);
  /// @param told_by empty: a link, an operator, discovery or an earlier run
  /// @returns null: the table, or what this teller may fill of it, is full
  peer* learn(const std::string& name, const std::string& told_by = {});
  void vouch(peer& p) { p.told_by.clear(); }
  [[nodiscard]] std::size_t told_of_by(const std::string& teller) const;
  bool make_room();
  void forget_hearsay_of_removed();
  [[nodiscard]] static bool removed(const peer& p) { return p.fact.banned % 2 == 1; }
  [[nodiscard]] bool watches(const std::string& name) const;
  void redraw_circle(mono_ns now);
  [[nodiscard]] static member shown(const peer& p);
  [[nodiscard]] static bool waits(const peer& p) { return p.is == standing::waiting && p.links == 0; }
  void forget_the_gone(mono_ns now);
  [[nodiscard]] std::vector<std::string> linked() const;
  std::vector<std::string> some_of(std::vector<std::string> names, std::size_t n);

  // judging.cpp
  [[nodiscard]] opinion opinion_of_others(peer& p);
  [[nodiscard]] opinion weigh(const peer& p) const;
  void judge_peer(peer& p, mono_ns now, wall_ms wall, membership_effects& out);
  void show(peer& p, told now_is, const std::string& why, mono_ns now, wall_ms wall,
            membership_effects& out);
  [[nodiscard]] std::string reason(const peer& p, told is, const evidence& x, mono_ns now) const;
  void plan_dial(peer& p, mono_ns now, membership_effects& out);

  // membership.cpp
  [[nodiscard]] const membership_differences& differences();
  [[nodiscard]] membership_differences compare() const;

  // questions.cpp
  void ask(peer& p, mono_ns now, membership_effects& out);
  [[nodiscard]] poll state_of(const question_round& r, mono_ns now) const;
  void on_ask(const std::string& from, const membership_message& what, mono_ns now,
              membership_effects& out);
  void on_answer(const std::string& from, const membership_message& what, mono_ns now,
                 wall_ms wall, membership_effects& out);
  void answer_probes(peer& p, mono_ns now, membership_effects& out);
  void on_deaf(peer& p, mono_ns now, membership_effects& out);

  // news.cpp
  void on_view(peer& teller, const membership_message& what, mono_ns now, wall_ms wall,
               membership_effects& out);
  void hear_of_me(const member& said, wall_ms wall, membership_effects& out);
  void believe(peer& p, const member& said, mono_ns now);
  void tell_all_of(const std::string& to, membership_effects& out);
  void flush(mono_ns now, const std::string& not_to, membership_effects& out);
  [[nodiscard]] membership_message rows(const std::set<std::string>& names) const;
};

} // namespace troupe::cluster
