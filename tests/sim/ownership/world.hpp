#pragma once

#include "actors/channel/output_core.hpp"
#include "actors/channel/output_fence.hpp"
#include "cluster/ownership/activation.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace troupe::sim {

/// A simulated house with the real fences and the real activations: nodes, some
/// of them with an output and a button, one rule that may run on any of them.
/// All chance comes from one seed, all time is virtual; one thread.
///
/// Between nodes is TCP as they meet it: in order, a cut holds it back, and what
/// was held back comes late when the cut heals; after `dead_link` of a cut the
/// link ends at both sides, as it does at once when a process dies. With `wild`
/// each message goes its own way besides: late, twice, overtaken, lost.
///
/// The rule obeys the button: press number k is a command of value k, once, in
/// order. It carries k. With `pulses` each eighth press is a pulse besides,
/// with the id of the press: each output does it exactly once, also when a
/// successor says it again, unless it started after that press.
class house {
public:
  struct shape {
    unsigned nodes = 3;
    unsigned outputs = 1; ///< at the first nodes, one each
    bool partial = false;
    bool wild = false;
    std::string pace = "normal";
    bool pulses = false;
    bool hiccups = true; ///< of links, some ms and now and then
  };

  house(std::uint64_t seed, shape how);
  house(const house&) = delete;
  house& operator=(const house&) = delete;

  // --- what may happen ---
  void kill(unsigned node);                ///< the process; its connections are reset
  void start(unsigned node);
  void pause(unsigned node, mono_ns span); ///< SIGSTOP, SIGCONT
  void cut(unsigned from, unsigned to, bool is_cut);
  void heal();
  void crash_rule(unsigned node);          ///< its actor; restarted in place
  void crash_output(unsigned node);        ///< its actor; its memory lives on
  void hand_over(unsigned to);
  void hang_rule(unsigned node, mono_ns span);
  void press();

  void pass(mono_ns span);
  /// One life from the seed: faults for some seconds, then peace. @returns what
  /// went wrong; empty: nothing.
  [[nodiscard]] std::string live();

  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  [[nodiscard]] mono_ns now() const { return now_; }
  /// The node whose activation acts, by its own belief; -1: none.
  [[nodiscard]] int acting() const;
  [[nodiscard]] unsigned actors() const; ///< nodes that believe it of themselves
  [[nodiscard]] std::uint64_t pressed() const { return pressed_; }
  [[nodiscard]] std::uint64_t applied(unsigned output) const { return outputs_[output].value; }
  /// Press up to which the rule acts elsewhere, as this node's shadow was told, and how often.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> seen_by(unsigned node) const { return {nodes_[node].seen, nodes_[node].tellings}; }
  /// When press `k` was obeyed at the output; 0: not yet.
  [[nodiscard]] mono_ns obeyed_at(unsigned output, std::uint64_t k) const;

  struct totals {
    std::uint64_t commands = 0, fenced = 0, takeovers = 0, presses = 0, merged = 0;
    std::uint64_t pulses = 0, repeated = 0, refused = 0; ///< done; known and not done again; too old for the output
    mono_ns slowest = 0; ///< from the end of all faults to the last press obeyed
  };
  [[nodiscard]] const totals& sums() const { return sums_; }
  void tell(std::function<void(const std::string&)> f) { tell_ = std::move(f); }

  static constexpr mono_ns dead_link = 1'500'000'000;
  static constexpr mono_ns redial = 300'000'000;
  static constexpr unsigned pulse_every = 8; ///< presses
  static constexpr unsigned young_pulses = 32; ///< are said again
  static constexpr std::size_t tail = 256; ///< presses that a node still knows

private:
  struct message {
    unsigned from = 0, to = 0;
    std::uint64_t link = 0; ///< of which it is part
    bool is_command = false;
    ownership_letter letter;
    permit pass;
    std::uint64_t value = 0;
    std::uint64_t known = 0; ///< press that the sender's board tells
    bool tells_press = false;
    mono_ns age = -1;        ///< of a pulse; -1: it is none
  };

  struct node {
    bool lives = false;
    std::uint64_t run = 0;
    std::uint64_t activations = 0;
    mono_ns skew = 0;           ///< of its CLOCK_MONOTONIC
    mono_ns paused_until = 0;
    mono_ns hung_until = 0;     ///< its rule
    std::unique_ptr<cluster::activation> rule;
    std::uint64_t position = 0; ///< press up to which its rule has acted
    std::uint64_t seen = 0;     ///< while it stands by: press up to which the acting one has, as an output told
    std::uint64_t tellings = 0; ///< how often that came anew
    std::uint64_t heard = 0;    ///< newest press that it knows
    std::uint64_t order = 0;
    std::uint64_t wish = 0;     ///< what its rule wants of the outputs; 0: nothing yet
    std::vector<message> held;  ///< while it is paused
    mono_ns rule_timer = 0, output_timer = 0;
  };

  struct output {
    std::unique_ptr<output_fence> fence;
    output_fence::memory kept;
    std::unique_ptr<output_core> core; ///< what it knows of pulses
    std::deque<std::string> on_disk;   ///< ids of pulses
    std::uint64_t value = 0;
    mono_ns board_started = 0;
    // What the judge knows.
    std::string last_actor;
    std::set<std::string> superseded;
    ballot last_ballot;
    std::vector<std::pair<std::uint64_t, mono_ns>> obeyed;
    std::set<std::uint64_t> pulsed;
  };

  struct event {
    mono_ns at = 0;
    std::uint64_t order = 0;
    std::function<void()> act;
    bool operator<(const event& x) const {
      return std::pair{at, order} > std::pair{x.at, x.order};
    }
  };

  struct wire { ///< of one direction
    bool cut = false;
    std::uint64_t link = 0; ///< 0: there is none
    mono_ns cut_since = 0;
    mono_ns newest = 0;     ///< arrival of the last message: it is in order
    std::vector<message> waiting;
  };

  void at(mono_ns when, std::function<void()> act);
  [[nodiscard]] mono_ns clock_of(unsigned n) const { return now_ + nodes_[n].skew; }
  [[nodiscard]] bool runs(unsigned n) const { return nodes_[n].lives && now_ >= nodes_[n].paused_until; }
  [[nodiscard]] unsigned node_of(const std::string& name) const;
  [[nodiscard]] static std::string name_of(unsigned n);
  [[nodiscard]] static std::string output_name(unsigned n);
  [[nodiscard]] unsigned dice(unsigned n) { return static_cast<unsigned>(chance_() % n); }

  void connect(unsigned a, unsigned b);
  void disconnect(unsigned a, unsigned b);
  void watch_cut(unsigned a, unsigned b);
  void send(message m);
  void arrive(message m);
  void handle(message m);
  void obey(unsigned n, const message& m);
  void spawn_rule(unsigned n);
  void spawn_output(unsigned n);
  void do_effects(unsigned n, cluster::activation::effects x);
  void flush_output(unsigned n);
  void act(unsigned n);
  void arm_rule(unsigned n);
  void arm_output(unsigned n);
  void hear_press(unsigned n, std::uint64_t k);
  void note(const std::string& text);
  void blame(const std::string& text);
  void judge(unsigned n, const output_fence::grant& by, std::uint64_t value);
  void boot_core(unsigned n);
  void pulse(unsigned n, const message& m);
  void say_pulse(unsigned from, unsigned to, std::uint64_t k);
  void repeat_pulses(unsigned from);
  void judge_pulses();

  std::mt19937_64 chance_;
  shape how_;
  std::vector<node> nodes_;
  std::vector<output> outputs_; ///< the first of the nodes
  std::vector<std::vector<wire>> wires_;
  std::priority_queue<event> queue_;
  std::uint64_t order_ = 0, steps_ = 0;
  std::uint64_t links_ = 0;
  mono_ns now_ = 1'000'000'000'000;
  std::uint64_t pressed_ = 0;
  std::vector<mono_ns> pressed_at_;
  std::uint64_t forgotten_ = 0; ///< presses that nobody need obey: their board lost them
  std::string wrong_;
  totals sums_;
  std::set<std::string> superseded_anywhere_;
  std::string last_anywhere_;
  std::function<void(const std::string&)> tell_;
};

} // namespace troupe::sim
