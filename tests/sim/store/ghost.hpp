#pragma once

#include "storage/read.hpp"
#include "storage/replica.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::test {

/// What really happened, seen from outside of all nodes: who wrote what having
/// seen what, what was acknowledged, how many pulses there were. It keeps its own
/// books and never asks the code under test why.
class ghost {
public:
  using address = storage::replica::address;

  struct operation {
    address at;
    storage::stream_id stream;
    std::uint64_t seq = 0;
    bool deleted = false;
    std::set<std::size_t> seen; ///< earlier operations on that key that the writer had
    bool acked = false;
    bool excused = false;       ///< every disk that had it was lost
    std::string content;
    std::uint64_t number = 0;   ///< of a meter: what it was set to
    std::uint64_t pulses_before = 0; ///< of a meter: in all
    std::uint64_t told_before = 0;   ///< of a meter: in that life
    std::size_t life = 0;            ///< of a meter
  };

  /// One run of the process that counts.
  struct counting_life {
    std::uint64_t told = 0;
    std::uint64_t durable = 0; ///< of these, rested on its disk
    /// Of these, were told so long before its end that they rest on its disk or at a
    /// server that covers it, whatever the store says; 0 where some disk was lost since.
    std::uint64_t promised = 0;
  };
  struct counter {
    std::vector<counting_life> lives;
    bool excused = false; ///< its disk was lost: only never too many is demanded
    /// Its disk was replaced, and the new one lied about syncs: what is a new disk's
    /// first start may be forgotten, and then pulses of before a meter was set may
    /// come on top of it (docs/replication.md, limits).
    bool confused = false;
    /// Its node has known some members and not all, so it may have summed without the others.
    bool knew_some = false;
    /// The same after a power cut: it had not yet written down whom it had met in its first moments.
    bool began_with_some = false;
    /// Somebody was removed who alone knew of some of its node's words: that may sum without
    /// them, and when that one is taken back, what it knew appears and goes. Until all have met.
    bool parted = false;
    [[nodiscard]] std::uint64_t pulses() const {
      std::uint64_t sum = 0;
      for (const auto& x : lives)
        sum += x.told;
      return sum;
    }
  };

  explicit ghost(unsigned nodes) : counters(nodes) {}

  /// @param seen what its writer held of each stream before
  std::size_t wrote(operation x, const storage::version_vector& seen) {
    for (std::size_t i = 0; i < operations.size(); ++i)
      if (operations[i].at == x.at && seen.at(operations[i].stream) >= operations[i].seq) {
        x.seen.insert(i);
        // Also what it never held itself: whoever replaced that may be lost since.
        x.seen.insert(operations[i].seen.begin(), operations[i].seen.end());
      }
    operations.push_back(std::move(x));
    return operations.size() - 1;
  }

  /// A disk has lost something. @param holds seq of a stream that still rests on any disk
  void disk_lost(const std::function<std::uint64_t(const storage::stream_id&)>& holds) {
    for (auto& x : operations)
      if (x.acked && !x.excused && holds(x.stream) < x.seq)
        x.excused = true;
  }

  /// Operations on a key that arrived (by `seen`) and that no other one had seen.
  [[nodiscard]] std::set<std::size_t> maximal(const address& at, const storage::version_vector& seen) const {
    std::set<std::size_t> out;
    for (std::size_t i = 0; i < operations.size(); ++i)
      if (operations[i].at == at && seen.at(operations[i].stream) >= operations[i].seq)
        out.insert(i);
    auto all = out;
    for (const auto i : all)
      for (const auto j : operations[i].seen)
        out.erase(j);
    return out;
  }

  /// Of all on a key, arrived or not, those that no arrived one had seen.
  [[nodiscard]] std::set<std::size_t> not_replaced(const address& at, const storage::version_vector& seen) const {
    std::set<std::size_t> out;
    for (std::size_t i = 0; i < operations.size(); ++i)
      if (operations[i].at == at)
        out.insert(i);
    for (const auto& x : operations)
      if (x.at == at && seen.at(x.stream) >= x.seq)
        for (const auto j : x.seen)
          out.erase(j);
    return out;
  }

  [[nodiscard]] std::set<address> addresses() const {
    std::set<address> out;
    for (const auto& x : operations)
      out.insert(x.at);
    return out;
  }

  std::vector<operation> operations;
  std::vector<counter> counters; ///< by node
};

} // namespace troupe::test
