#pragma once

#include "actors/rule/comparison.hpp"
#include "actors/rule/engine.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::rule {

/// The shadow of a rule with `redundancy = "hot"`: runs beside the acting one, on
/// another node, with the same inputs, edges and timers, and is compared with it.
///
/// It cannot reach an output, nor write, log or store anything (I4): it is an
/// engine and a comparison, is handed a house that it may only look at, and what
/// its runs ask for ends here. Keep it so: no directory, no store, no authority.
///
/// It begins with the memory that the acting one has left at an output, and acts
/// in its mind on what comes after that, as a successor would. It begins anew
/// after another activation has begun to act, after edges that it could not see,
/// and now and then while it differs; until it has settled nothing is told.
///
/// Pure: memories, readings and times in, differences out. Threads: one.
class shadow {
public:
  enum class standing : std::uint8_t {
    unheard, ///< nothing is known of an acting one, or not any more
    settles, ///< has begun, and is not yet believed
    agrees,
    differs,
  };

  /// What the acting one wants is looked at every 2 s; two looks may be lost.
  static constexpr milliseconds heard_within{7000};
  static constexpr milliseconds retry_failed{10'000};
  /// While it differs it begins anew after so long, then after twice that, and so on.
  static constexpr milliseconds begin_again{60'000};
  static constexpr milliseconds begin_again_at_most{3'600'000};

  /// @param settle a difference that is younger is not told
  /// @returns as `engine::make`
  static result<std::unique_ptr<shadow>> make(rule_config config, memory_origin origin, milliseconds settle);

  /// What this node's own rule knew when it acted last: to go on with if nobody
  /// leaves anything. The next `hear` replaces it.
  void go_on(rule_memory memory, std::uint64_t round, const moment& now, const house_view& house);

  /// The acting one, as an output tells of it.
  struct acting {
    std::string node;
    std::uint64_t round = 0;
    nlohmann::json memory; ///< of `to_json`; null: as the last time
    milliseconds age{0};   ///< how long that has been so
    bool fails = false;    ///< its last run failed
  };
  /// It may begin anew by that: look at `next_due`. It does not run by itself, nor
  /// oftener than the acting one does. @returns what is to be told
  comparison::news hear(const acting& x, const moment& now, const house_view& house);

  /// Runs once if it has a memory to run with.
  /// @returns true if more edges wait
  bool run(const moment& now, const house_view& house);
  /// When it is to run though no input changes.
  [[nodiscard]] std::optional<mono_ns> next_due() const;

  [[nodiscard]] standing is(mono_ns now) const;
  [[nodiscard]] std::vector<difference> told() const { return compared_.told(); }
  [[nodiscard]] const std::string& acting_node() const noexcept { return node_; }
  /// What may explain a difference: inputs that are bad here, a rule that asks
  /// for the time. For people; empty: nothing is known.
  [[nodiscard]] std::string hints() const;

  /// Its memory, if a successor of that round may go on with it: it agreed, or it
  /// is this node's own.
  [[nodiscard]] const rule_memory* trusted_memory(std::uint64_t round) const;

  [[nodiscard]] const engine& content() const noexcept { return *engine_; }

private:
  shadow(rule_config config, memory_origin origin, milliseconds settle);
  void begin(rule_memory memory, const moment& now, const house_view& house);
  [[nodiscard]] bool misses_an_input() const;

  rule_config config_;
  memory_origin origin_;
  milliseconds settle_;
  std::unique_ptr<engine> engine_;
  comparison compared_;
  std::string node_;         ///< of the acting one
  std::uint64_t round_ = 0;  ///< that it follows
  bool begun_ = false;       ///< has a memory to run with
  bool own_ = false;         ///< that memory is this node's own
  bool lost_track_ = false;  ///< is to begin anew with the next word
  bool missed_input_ = false;
  bool failed_ = false;
  std::string error_;
  nlohmann::json memory_;    ///< of the acting one, newest
  mono_ns left_at_ = 0;      ///< when that was left, by this node's clock
  mono_ns heard_at_ = 0;
  mono_ns begun_at_ = 0;
  std::optional<mono_ns> retry_at_;
  milliseconds patience_ = begin_again;
};

/// For people: how it stands, with whom it is compared, where it differs, what it
/// would hold.
nlohmann::json to_json(const shadow& x, mono_ns now);

/// "agrees", ...
const char* to_string(shadow::standing x) noexcept;

} // namespace troupe::rule
