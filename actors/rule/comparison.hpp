#pragma once

#include "actors/rule/memory.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::rule {

/// One thing that the acting rule and its shadow want differently.
struct difference {
  std::string what;   ///< the output; "run" or "text": the rule itself
  std::string acting; ///< what the acting one wants; "nothing"
  std::string shadow; ///< what the shadow wants
  mono_ns since = 0;
  wall_ms since_wall = 0;

  friend bool operator==(const difference&, const difference&) = default;
};

/// Tells whether two rules that should want the same do so, though they see
/// their inputs at different instants and each other's wishes late.
///
/// What the other one wanted at one look counts as agreed if the own rule wanted
/// it at any time from `before` until the next look; of numbers, if it lies
/// between the lowest and the highest of that time, give or take a hundredth. A
/// difference that every look has seen for the settling time is told, and is over
/// when every look has agreed for `calm`.
///
/// Pure: wishes and times in, differences out.
class comparison {
public:
  using wishes = std::map<std::string, wish>;

  static constexpr milliseconds before{2000};
  static constexpr milliseconds calm{30'000};
  /// Two numbers that are as near, in parts of the larger, are the same one.
  static constexpr double near_enough = 0.01;
  static constexpr std::size_t most_kept = 256; ///< own wishes of one output
  static constexpr std::size_t most_told = 256;

  /// @param settle a difference that is younger is not told
  explicit comparison(milliseconds settle) : settle_(settle) {}

  /// The own rule ran, and wants this from now on.
  void note(const wishes& own, mono_ns now);

  struct news {
    std::vector<difference> began;
    std::vector<difference> ended;
  };
  /// The other one wants this now. Judges the look before, with what the own
  /// rule wanted meanwhile.
  /// @param besides other facts that must agree: {what, {acting, shadow}}
  news look(const wishes& acting, const moment& now,
            const std::map<std::string, std::pair<std::string, std::string>>& besides = {});

  /// The own rule begins anew: what it wanted before says nothing. What was told
  /// stays told until looks agree.
  void begin_anew();

  /// Looks that were judged since the last beginning.
  [[nodiscard]] std::size_t judged() const noexcept { return judged_; }
  /// The last judgement found nothing at all, not even something young.
  [[nodiscard]] bool agrees() const noexcept { return judged_ > 0 && open_.empty(); }
  /// What was told and is not over.
  [[nodiscard]] std::vector<difference> told() const;

private:
  struct past {
    value val;
    int priority = 0;
    mono_ns until = 0; ///< 0: still
  };
  struct told_row {
    difference what;
    mono_ns differed = 0; ///< last
  };

  [[nodiscard]] bool wanted(const std::string& output, const wish* theirs) const;
  void forget_before(mono_ns then);

  milliseconds settle_;
  std::map<std::string, std::deque<past>> own_;
  mono_ns known_from_ = 0;
  wishes last_;
  mono_ns looked_at_ = 0;
  std::size_t judged_ = 0;
  std::map<std::string, difference> open_; ///< not agreed at the last judgement
  std::map<std::string, told_row> told_;
};

/// "off", "21.5 at priority 8"; "nothing".
std::string to_text(const wish* x, int usual_priority);

} // namespace troupe::rule
