#pragma once

#include "actors/supervision/fates.hpp"
#include "actors/supervision/pacing.hpp"

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::supervision {

/// A child's place in its supervisor's list: given once, never again, in order
/// of start.
using child_key = std::uint64_t;

/// What the supervisor's shell has to do.
struct action {
  enum class kind : std::uint8_t {
    start,      ///< bring it up: in place if its actor lives, else a new one
    stop,       ///< ask it to stop; answer with `stopped`
    kill,       ///< end its actor at once; answer with `ended`
    abandon,    ///< it cannot be ended: fence it, forget it; no answer
    quarantine, ///< it is kept down; `why` says for what
    rest,       ///< it ended by plan: end its actor, keep its place
    forget,     ///< end its actor, drop its place
    grant,      ///< it may restart itself `count` times without asking
    finished,   ///< all children are gone after `stop_all`
    failed,     ///< all children are gone; the supervisor fails with `why`
  };
  kind what;
  child_key child = 0;
  std::size_t count = 0;
  std::string why;

  friend bool operator==(const action&, const action&) = default;
};

const char* to_string(action::kind x) noexcept;

/// One supervisor's mind: which children run, which are tried again and when,
/// in which order. Events in, actions out; no actor, no clock.
///
/// one_for_one: children are independent; all starts are given out at once, in
/// order. one_for_all, rest_for_one: who depends on a failed child is stopped,
/// last to first, then all are started, first to last, each when the one
/// before it is up. `stop_all` always stops one at a time, last to first.
///
/// Without `escalate` failures are counted for each child and quarantine hits
/// the one that fails (in a group also those that depend on it: they are held
/// until it is back). With `escalate` they are counted together, as in OTP.
///
/// Threads: one. Bound: what the caller adds.
class core {
public:
  struct rules {
    strategy how = strategy::one_for_one;
    backoff_policy backoff;
    intensity_policy intensity;
    std::uint64_t seed = 1; ///< of the jitter
  };

  /// What the mind knows of one child.
  struct child_rules {
    std::string id; ///< for reasons that people read
    restart when = restart::permanent;
    milliseconds stop_within{1000};
    bool pre_emptible = false; ///< has its own thread: can be left behind
  };

  enum class phase : std::uint8_t { down, starting, up, stopping, quarantined };

  explicit core(rules r);

  child_key add(child_rules x, mono_ns now);

  // --- what happened ---
  void started(child_key k, mono_ns now);
  /// @param back_up it had a grant and runs again already.
  void ended(child_key k, end how, const std::string& why, mono_ns now,
             bool back_up = false);
  void stopped(child_key k, mono_ns now);
  /// Did not answer in time. A child without its own thread cannot be
  /// replaced: it stays, marked, until it answers or the supervisor fails.
  void hung(child_key k, const std::string& why, mono_ns now);
  void answered(child_key k);
  void tick(mono_ns now);

  // --- by hand ---
  void restart_child(child_key k, mono_ns now);
  void kill_child(child_key k, mono_ns now);
  void quarantine_child(child_key k, const std::string& why, mono_ns now);
  void release_child(child_key k, mono_ns now);
  void remove_child(child_key k, mono_ns now);
  void stop_all(mono_ns now);

  /// What is to be done now, oldest first; the list is empty afterwards.
  [[nodiscard]] std::vector<action> take();
  /// When `tick` is wanted next.
  [[nodiscard]] std::optional<mono_ns> due() const;

  // --- looking ---
  [[nodiscard]] std::optional<phase> state_of(child_key k) const;
  [[nodiscard]] bool marked_hung(child_key k) const;
  [[nodiscard]] double flap(child_key k, mono_ns now) const;
  [[nodiscard]] bool ending() const { return ending_; }
  /// Every child had its first chance to start.
  [[nodiscard]] bool settled() const { return untried_ == 0; }
  [[nodiscard]] std::size_t size() const { return children_.size(); }

private:
  enum class goal : std::uint8_t { up, rest, gone, held };

  static constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

  struct child {
    child_rules of;
    phase now_is = phase::down;
    goal wanted = goal::up;
    bool bounce = false;    ///< must stop before it may start again
    bool killing = false;   ///< a kill is on its way
    bool hung = false;
    bool probation = false; ///< a slow retry: the next failure needs no five
    mono_ns passes_at = never; ///< end of the probation
    bool rested = false;    ///< its actor was ended by plan
    bool untried = true;
    mono_ns not_before = 0; ///< earliest next start
    mono_ns deadline = never; ///< of the stop or the kill that was asked for
    mono_ns retry_at = never; ///< slow try out of quarantine
    mono_ns due = never;
    child_key held_by = 0;
    std::size_t granted = 0;
    std::string why;
    pacing pace;
    failure_window failures;
    flap_score flaps;
  };
  using children_map = std::map<child_key, child>;

  child* find(child_key k);
  [[nodiscard]] const child* find(child_key k) const;
  [[nodiscard]] bool ordered() const;
  [[nodiscard]] bool concerned(child_key by, child_key k) const;
  void emit(action::kind what, child_key k = 0, std::string why = {});
  void tried(child& c);
  void failed(child_key k, child& c, end how, const std::string& why, mono_ns now,
              bool back_up);
  void bounce_others(child_key k, mono_ns not_before);
  void hold(child_key k, child& c, const std::string& why, mono_ns retry_at);
  void escalate(const std::string& why, mono_ns now);
  void let_go(child_key k, child& c, bool forgive, mono_ns now);
  void settle(child_key k, mono_ns now);
  void settle_all(mono_ns now);
  void start(child_key k, child& c);
  bool settle_stop(child_key k, child& c, mono_ns now);
  bool settle_down(child_key k, child& c);
  void finish();
  void note_due(child_key k, child& c);
  void grant(child_key k, child& c, mono_ns now);
  void erase(child_key k);

  rules rules_;
  dice chance_;
  failure_window failures_; ///< of all children together, for escalation
  children_map children_;
  std::set<std::pair<mono_ns, child_key>> agenda_;
  std::vector<action> actions_;
  child_key next_ = 1;
  std::size_t untried_ = 0;
  bool ending_ = false;
  bool over_ = false;
  std::string failure_; ///< why the supervisor fails; empty: it is just stopped
};

} // namespace troupe::supervision
