#pragma once

#include "actors/protocol/ownership.hpp"
#include "cluster/ownership/timing.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster {

/// The controller's side of the ownership protocol (docs/failover.md): gets and
/// keeps the grants of all outputs that one roaming rule needs, on one node.
///
/// It acts only between `began` and `ended`, and never longer than the outputs
/// let it: what it does after it was fenced has no effect anywhere (I4).
///
/// Pure: letters and times in, letters out.
class activation {
public:
  /// How it stands.
  enum class state : std::uint8_t {
    standby,    ///< somebody else acts, or nobody
    claiming,   ///< asks one output after the other, always in the same order
    confirming, ///< has all grants; acts when all of them answered once more
    active,
  };

  struct setup {
    std::string source;               ///< "rule/hall-light"
    std::vector<std::string> outputs; ///< that it needs, without repetition; not empty
    bool partial = false; ///< acts with those that it can get; see docs/failover.md
    timing pace;
    instance me;
    /// While it stands by it asks what the acting one leaves at an output.
    bool compares = false;
  };

  /// Its place among the candidates, 0 first, counted as if `without`, who lost
  /// it, stood last; negative: it is none.
  using rank_fn = std::function<int(const std::string& without)>;

  static constexpr milliseconds ask_every{2000};
  static constexpr milliseconds claim_answered_within{500};
  /// A named successor asks again so soon when an output is not free yet.
  static constexpr milliseconds successor_retry{15};
  static constexpr milliseconds hand_over_within{2000};
  static constexpr milliseconds prepare_again{100};
  /// After a refusal, times its rank and one: others shall have their turn.
  static constexpr milliseconds after_refusal{150};
  /// A partial rule waits so long for outputs that others hold or that say
  /// nothing before it begins without them.
  static constexpr milliseconds partial_wait{1000};
  /// A pause of its own that is as long makes it ask before it acts again.
  static constexpr milliseconds own_pause{400};
  /// A tick older than this is asked for again before a claim.
  static constexpr milliseconds tick_recent{1500};

  /// What it took over when it began to act.
  struct taken {
    carried carry;            ///< the newest that any output had
    ballot left_by;           ///< the activation that left it; round 0: none did
    std::int64_t age_ms = -1; ///< since it was left, by that output's clock
    std::uint64_t as = 0;     ///< its own round
  };

  /// What the acting one has left at an output, to one that compares.
  struct seen {
    carried carry;         ///< no bytes: the same as the last time
    ballot left_by;
    std::int64_t age_ms = 0;
  };

  struct effects {
    std::vector<ownership_letter> to_outputs;                          ///< to `letter.output`
    std::vector<std::pair<std::string, ownership_letter>> to_nodes;    ///< to its peer there
    std::optional<taken> began;
    std::optional<std::string> ended; ///< why, for people; no letter follows to a lost output
    /// It goes on after a pause of its own, in which it gave no leave, or a
    /// partial rule got one more output, or one answers again: all that is wanted
    /// is to be said now.
    bool resumed = false;
    std::optional<seen> saw;

    void add(effects&& more);
  };

  activation(setup how, rank_fn rank);

  /// Once, first.
  [[nodiscard]] effects begin(mono_ns now);
  /// It has loaded its rule and knows its inputs: from now on it may claim.
  [[nodiscard]] effects ready(mono_ns now);
  [[nodiscard]] effects on_letter(const ownership_letter& x, mono_ns now);
  [[nodiscard]] effects on_time(mono_ns now);
  [[nodiscard]] std::optional<mono_ns> next() const;
  /// The candidates changed, or a node with outputs came.
  [[nodiscard]] effects look_again(mono_ns now);

  /// Gives control to `node` as soon as that one says that it can; keeps it if
  /// it does not within `hand_over_within`.
  [[nodiscard]] effects hand_over(const std::string& node, mono_ns now);
  /// An ordered stop: lets go of everything at once.
  [[nodiscard]] effects stop(mono_ns now);

  /// Its ballots shall be above this one, which the replicated store knows of.
  void above(std::uint64_t round) { known_round_ = std::max(known_round_, round); }

  /// For the next command to that output; none: it must not be sent.
  [[nodiscard]] std::optional<permit> permit_for(const std::string& output, mono_ns now);
  /// Left at the outputs with the next renewal; `renew_now` does not wait for its turn.
  void carry(carried x) { carry_ = std::move(x); }
  [[nodiscard]] effects renew_now(mono_ns now);

  [[nodiscard]] state is() const noexcept { return state_; }
  [[nodiscard]] bool hands_over() const noexcept { return !successor_.empty(); }
  [[nodiscard]] const std::string& successor() const noexcept { return successor_; }
  [[nodiscard]] std::uint64_t round() const noexcept { return round_; }
  [[nodiscard]] const setup& how() const noexcept { return how_; }

  /// What is known of one output.
  struct door {
    enum class look : std::uint8_t { unknown, vacant, busy, claimed, granted };
    look is = look::unknown;
    std::uint64_t nonce = 0;
    mono_ns tick = 0;    ///< its clock ...
    mono_ns heard = 0;   ///< ... and when that was heard
    ballot highest;      ///< ever granted there, that was heard of
    std::string holder;  ///< of another one's grant, or the last one's
    std::string why;
    std::uint64_t grant = 0;
    std::uint64_t renewals = 0; ///< sent under this grant
    std::uint64_t commands = 0;
    mono_ns answered = 0; ///< when the newest answered renewal was sent
    mono_ns vacant_since = 0;
    mono_ns claimed_at = 0;
    bool confirmed = false;
    bool withheld = false; ///< leave for a command was asked for and not given
    bool ours_before = false; ///< an earlier life here held it, or we did until it started again
    bool for_us = false;      ///< it is kept for this node
    std::uint64_t commands_at_renewal = 0; ///< sent before the newest renewal
    std::uint64_t missing = 0; ///< a command that the answer before did not know
  };
  [[nodiscard]] const std::map<std::string, door>& doors() const noexcept { return doors_; }

private:
  void ask(const std::string& output, effects& out);
  [[nodiscard]] bool is_compared_at(const std::string& output) const;
  void ask_all(effects& out, mono_ns now);
  void consider(effects& out, mono_ns now);
  void claim_next(effects& out, mono_ns now);
  void claim(const std::string& output, door& d, effects& out, mono_ns now);
  void confirm(effects& out, mono_ns now);
  void renew(const std::string& output, door& d, effects& out, mono_ns now);
  void renew_all(effects& out, mono_ns now);
  void on_answer(const ownership_letter& x, effects& out, mono_ns now);
  void on_granted(const ownership_letter& x, door& d, effects& out, mono_ns now);
  void on_ok(const ownership_letter& x, door& d, effects& out, mono_ns now);
  void on_refused(const ownership_letter& x, door& d, effects& out, mono_ns now);
  void lose(const std::string& output, const std::string& why, effects& out, mono_ns now);
  void give_up(const std::string& why, const std::string& to, effects& out, mono_ns now);
  void stand_down(const std::string& why, effects& out, mono_ns now);
  void say_ready(effects& out, mono_ns now);
  [[nodiscard]] bool all(door::look x) const;
  [[nodiscard]] ownership_letter letter(ownership_word word, const std::string& output) const;
  [[nodiscard]] std::optional<mono_ns> may_claim_at() const;
  [[nodiscard]] int rank() const;
  [[nodiscard]] ballot own() const { return {round_, how_.me.node}; }

  setup how_;
  rank_fn rank_;
  state state_ = state::standby;
  bool ready_ = false;
  std::map<std::string, door> doors_; ///< by output: the canonical order
  std::uint64_t round_ = 0;
  std::uint64_t known_round_ = 0;
  bool acted_ = false; ///< `began` was told and `ended` was not
  taken taken_;
  carried carry_;
  std::pair<ballot, std::uint64_t> compared_; ///< the newest carry of another that was told here
  mono_ns asked_at_ = 0;
  mono_ns renewed_at_ = 0;
  mono_ns looked_at_ = 0;
  mono_ns not_before_ = 0;  ///< after a refusal
  std::string successor_;   ///< to whom it wants to hand over
  mono_ns hand_over_until_ = 0;
  mono_ns prepared_at_ = 0;
  std::string predecessor_; ///< who wants to hand over to us
  mono_ns expecting_until_ = 0;
};

[[nodiscard]] const char* to_string(activation::state x) noexcept;

} // namespace troupe::cluster
