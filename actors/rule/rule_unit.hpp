#pragma once

#include "actors/protocol/authority.hpp"
#include "actors/protocol/services.hpp"
#include "actors/rule/bell.hpp"
#include "actors/rule/engine.hpp"
#include "actors/rule/leases.hpp"
#include "actors/rule/pace.hpp"
#include "actors/rule/said_pulses.hpp"
#include "actors/rule/shadow.hpp"
#include "actors/rule/shadow_sign.hpp"
#include "actors/supervision/unit.hpp"

#include <set>

namespace troupe::rule {

/// RULE: the thin shell around `engine`. Watches what the rule reads, runs it
/// when that changes or time comes, sends what it wants and keeps it wanted.
///
/// When it fails:
/// - A run that fails has no effect, is shown and journalled, and is tried
///   again after `retry_failed`; the fifth failure within a minute ends the
///   incarnation, so that supervision counts it and its outputs fall to the
///   next priority or to safe within their lease.
/// - A crash lets nothing go: the leases do that, unless the next incarnation
///   wants the same in time.
/// - A rule that may run on several nodes acts only while its outputs let it
///   (docs/failover.md): until then it is loaded and watches what it reads, so that
///   it can take over at once. What it remembers lies at its outputs.
/// - With `redundancy = "hot"` its shadow runs meanwhile, and is compared.
/// - An output that is away or has restarted is told again as soon as it is seen.
class rule_unit final : public unit {
public:
  /// Inputs that have no value yet are waited for at most so long.
  static constexpr milliseconds wait_for_inputs{3000};
  static constexpr milliseconds retry_failed{10000};
  /// The memory is written at most so often.
  static constexpr milliseconds save_every{1000};
  /// Edges that are worked off before another message gets its turn.
  static constexpr int runs_at_once = 32;

  /// What is left at outputs for a successor is at most so long; of more only
  /// what it has acted on and wants. The rest is in the store, a second older.
  static constexpr std::size_t most_carry = 12 << 10;

  rule_unit(unit_context& context, services& house, rule_config config,
            std::unique_ptr<authority> may_act);

  void start() override;
  caf::message_handler messages() override;
  void on_timer(int timer) override;
  void stop() override;
  /// As docs/rules.md says, "What a rule shows".
  nlohmann::json state() const override;

private:
  enum timer_id : int { wait_timer, run_timer, renew_timer, save_timer, authority_timer };

  [[nodiscard]] moment now() const;
  void load();
  void make_engine();
  void on_wake();
  void try_to_begin();
  void run();
  bool run_once();
  void act(const run_outcome& done);
  void send(const output_action& action);
  void send(const pulse_action& action);
  void repeat_pulses();
  void look_after_pulses();
  void send_with_permit(const output_action& action, command wanted);
  void hear(authority::news what);
  void take_over(const authority::taken& from);
  void stand_down(const std::string& why);
  void leave_carry();
  [[nodiscard]] std::optional<rule_memory> memory_to_go_on_with(const authority::taken& from);
  void make_shadow();
  void compare(const authority::acting& with);
  void run_shadow();
  void plan_shadow();
  void show_shadow();
  [[nodiscard]] nlohmann::json stored() const;
  void note_stored_round();
  [[nodiscard]] bool acts() const { return !authority_ || authority_->acts(); }
  void renew();
  void watch_inputs(const engine& of);
  void publish(bool ok);
  void on_failure();
  void note(storage::severity level, const std::string& text);
  void plan();
  void save(bool at_once);
  [[nodiscard]] std::uint32_t incarnation_of(const std::string& output) const;

  unit_context& context_;
  services& house_;
  rule_config config_;
  std::string address_;
  std::unique_ptr<authority> authority_; ///< null: it lives on this node only
  std::unique_ptr<engine> engine_;
  std::unique_ptr<shadow> shadow_; ///< of a hot rule while it does not act here
  std::unique_ptr<shadow_sign> sign_;
  std::shared_ptr<bell> bell_;
  std::set<std::string> watched_;
  leases leases_;
  said_pulses pulses_; ///< of a rule of this node only; others' are in the carry
  std::map<std::string, output_action> told_; ///< to repeat it to an output that restarted
  rule_memory saved_;
  rule_memory carried_of_; ///< what `carry_` tells
  carried carry_;
  std::uint64_t round_ = 0;
  memory_origin origin_;
  pace runs_{500, 2000};
  quiet journal_quiet_;
  streak failures_;
  std::uint64_t failed_runs_ = 0;
  mono_ns started_at_ = 0;
  mono_ns saved_at_ = 0;
  std::optional<mono_ns> retry_at_;
  bool waiting_ = true;       ///< for first values
  bool restored_told_ = false;
  bool run_put_off_ = false;
};

} // namespace troupe::rule
