#pragma once

#include "actors/rule/run.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::rule {

/// "rule/hall-light": the address of a rule, and its key in the store.
std::string address_of(const std::string& rule_name);

/// What the unit is to tell an output.
struct output_action {
  std::string output;
  wish what;                        ///< `val` none: let go
  std::vector<storage::step> story; ///< from the first step to "line 3: set ..."
};

/// A pulse that the unit is to ask an output for.
struct pulse_action {
  said_pulse what;
  std::vector<storage::step> story;
};

/// What one run asks the unit to do.
struct run_outcome {
  bool ok = true;
  std::vector<output_action> actions;
  std::vector<pulse_action> pulses; ///< after the actions, in this order
  std::vector<std::string> lines; ///< of `log`
  std::string passed_over;        ///< edges that this rule did not act on, for the journal; mostly empty
};

/// A rule without its actor: script, inputs, memory. Readings, times and the
/// stored memory go in, wishes come out; no actor, clock, store or socket, so
/// the same class runs in the daemon and in tests.
///
/// Threads: one.
class engine final : private script_host {
public:
  /// @returns `script_error` or `over_limit`, with the rule's name and the line.
  static result<std::unique_ptr<engine>> make(rule_config config);

  /// A random number, that ids of pulses are made of until `restore` brings another.
  void name_pulses(std::uint64_t series) { memory_.pulse_series = series; }

  /// Takes over what an earlier life of the rule has stored. Before any run.
  void restore(rule_memory memory);

  /// Runs once without any effect, to learn which inputs the rule reads.
  /// @returns true if each of them has a value.
  bool probe(const moment& now, const house_view& house);

  /// Runs the rule for the oldest edge that it has not acted on, or for what is
  /// now. On error nothing is wanted, remembered or let go; the edge is spent.
  run_outcome run_now(const moment& now, const house_view& house);

  /// True if the last run, or time since, left a reason to run at `now`.
  [[nodiscard]] bool due(mono_ns now) const;

  /// Edges wait, or what is now: `run_now` again, until it is false. It ends:
  /// each run acts on one edge, and a tail is bounded.
  [[nodiscard]] bool pending() const noexcept { return inputs_.pending(); }

  /// Edges that were too old, or not kept, since this life began.
  [[nodiscard]] std::uint64_t edges_passed_over() const noexcept { return passed_over_; }

  /// When time alone gives a reason to run, or edges do.
  [[nodiscard]] std::optional<mono_ns> next_due() const;

  /// With `positions`: the edges up to which this memory is. Who takes it over,
  /// by `restore`, acts on the rest, each once.
  [[nodiscard]] const rule_memory& memory() const noexcept { return memory_; }
  [[nodiscard]] const evaluation& last() const noexcept { return last_; }
  [[nodiscard]] const std::map<std::string, input>& inputs() const noexcept {
    return inputs_.all();
  }
  [[nodiscard]] const rule_config& config() const noexcept { return config_; }

  /// Young pulses of the memory that was restored, to be said again: nobody knows
  /// which of them came to their outputs.
  [[nodiscard]] std::vector<pulse_action> restored_pulses(const moment& now) const;

  /// What every command of a restored wish tells as its story.
  [[nodiscard]] std::vector<output_action> restored_wishes(const moment& now) const;

private:
  explicit engine(rule_config config);
  void on_call(std::size_t function, script_call& call) override;
  void execute(run& work, evaluation& record);
  std::vector<storage::step> find_trigger(const moment& now, const rule_memory& memory) const;
  void collect(const run& work, run_outcome& out) const;
  void forget_old_pulses(mono_ns now);
  [[nodiscard]] std::string note_passed();

  rule_config config_;
  std::unique_ptr<script> script_;
  input_table inputs_;
  rule_memory memory_;
  evaluation last_;
  run* work_ = nullptr;
  std::optional<mono_ns> last_run_;
  std::uint64_t passed_over_ = 0;
};

} // namespace troupe::rule
