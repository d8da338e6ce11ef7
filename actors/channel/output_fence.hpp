#pragma once

#include "actors/protocol/ownership.hpp"
#include "config/model/result.hpp"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// The output's side of the ownership protocol (docs/failover.md, I4): grants
/// one activation of each controller ("rule/hall-light") at a time and knows
/// what is fenced. There is no other arbiter: whatever nodes believe of each
/// other, this one variable decides.
///
/// A controller that nobody ever claimed for needs no grant: a rule that lives
/// on one node only, an operator.
///
/// Pure: letters, commands and times in, letters out. Time is the output's own
/// CLOCK_MONOTONIC and nothing else.
class output_fence {
public:
  static constexpr std::size_t most_sources = 32; ///< as `priority_array::max_slots`
  static constexpr std::size_t most_askers = 64;  ///< nodes of one controller
  static constexpr std::size_t most_carry = 64 << 10;
  /// A vacancy is told again until somebody claims: who should have heard of it
  /// may just have been starting.
  static constexpr milliseconds repeat_vacancy{250};
  /// So long a vacancy is kept for the successor that was named.
  static constexpr milliseconds reserved_for{500};
  /// Who has not asked for so long is told no more.
  static constexpr milliseconds asker_forgotten{15'000};
  /// A claim that echoes an older tick waited somewhere: it is not granted.
  static constexpr milliseconds claim_fresh{2000};
  /// A controller that nobody asked for is forgotten. Longer than any claim or
  /// command may be under way, so that its ballots are of no use any more.
  static constexpr milliseconds source_forgotten{600'000};
  static constexpr milliseconds shortest_lease{50};
  static constexpr milliseconds longest_lease{60'000};

  struct grant {
    instance by;
    ballot as;
    std::uint64_t number = 0;
    milliseconds lease{0};
    mono_ns until = 0;
    std::uint64_t command_seq = 0; ///< newest that was accepted
    std::uint64_t renewal_seq = 0;
  };

  struct slot {
    std::optional<grant> held;
    ballot highest; ///< ever granted in this start
    carried carry;
    ballot carry_as;
    mono_ns carried_at = 0;
    std::map<std::string, mono_ns> askers; ///< by node, and when it asked last
    // While nobody holds it:
    std::string previous; ///< node that held it; empty: it may come again at once
    std::string why;
    std::string successor;
    mono_ns successor_until = 0;
    mono_ns told_at = 0;
    mono_ns used_at = 0;
  };

  /// What survives the unit; grants do not (FAILOVER 3.9, 17).
  struct memory {
    std::map<std::string, slot> slots;
    std::uint64_t grants = 0;
  };

  /// A letter to the controller `letter.source` at a node.
  using post = std::pair<std::string, ownership_letter>;

  /// What the journal should know: "rule/hall-light: node b, 3 ms after ..."
  struct note {
    std::string source;
    std::string text;
    /// "owner": somebody acts; "vacant": nobody does from now on; "effect": the
    /// first command of who acts has been obeyed.
    const char* kind = "owner";
  };

  /// @param nonce of this start; from getrandom, never from a clock
  /// @param m outlives the fence: what the next start of the unit goes on with
  output_fence(std::string output, std::uint64_t nonce, memory& m, mono_ns now);

  [[nodiscard]] const memory& remember() const noexcept { return m_; }
  [[nodiscard]] std::uint64_t nonce() const noexcept { return nonce_; }

  /// @pre the letter is one to an output, and `by.node` is who sent it
  /// @returns true if it was a renewal that counts: the slot of its source lives on
  bool on_letter(const ownership_letter& x, mono_ns now);

  /// May this command be obeyed? `fenced` if not; the controller is told. Keeps
  /// what the command carries, so do with it at once what it says.
  [[nodiscard]] errc check(const std::string& source, const permit& pass, const carried& carry,
                           mono_ns now);

  /// The link to that node has ended: no grant of it lives on, and nothing that
  /// it sent before counts (FAILOVER 3.9, 3).
  void node_gone(const std::string& node, mono_ns now);

  /// Ends what has lapsed, tells vacancies again.
  void on_time(mono_ns now);
  /// When `on_time` is due.
  [[nodiscard]] mono_ns next() const;

  [[nodiscard]] std::vector<post> take_posts() { return std::exchange(posts_, {}); }
  [[nodiscard]] std::vector<note> take_notes() { return std::exchange(notes_, {}); }

  /// Is somebody's grant needed to command this as `source`?
  [[nodiscard]] bool guards(const std::string& source) const { return m_.slots.contains(source); }

private:
  slot* find_or_make(const std::string& source, mono_ns now);
  void on_claim(slot& s, const ownership_letter& x, mono_ns now);
  void on_release(slot& s, const ownership_letter& x, mono_ns now);
  void vacate(const std::string& source, slot& s, const std::string& previous, std::string why,
              mono_ns now);
  void tell_vacant(const std::string& source, slot& s, mono_ns now);
  void expire(mono_ns now);
  void keep(slot& s, const carried& carry, mono_ns now);
  [[nodiscard]] bool fits(const slot& s, const permit& pass, mono_ns now) const;
  [[nodiscard]] ownership_letter answer(const std::string& source, const slot& s,
                                        ownership_word word, mono_ns now) const;
  void reply(const ownership_letter& x, const slot& s, ownership_word word, std::string why,
             mono_ns now);

  std::string output_;
  std::uint64_t nonce_;
  memory& m_;
  std::vector<post> posts_;
  std::vector<note> notes_;
};

} // namespace troupe
