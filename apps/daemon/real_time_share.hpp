#pragma once

#include "apps/daemon/priority.hpp"

#include <map>
#include <vector>

namespace troupe::daemon {

/// Decides which threads of this node give real time up for a while, because they
/// use so much of it that nothing else on the machine comes to its turn: neither an
/// operator's console, nor ssh, nor the program whose flood it may be.
///
/// Over `most` of all processors at `over_for` looks in a row, threads are named
/// until what is left stays below `enough`, the hungriest first. Once all of them together have used less than
/// `enough` for `calm_for` looks, all are back.
///
/// Pure: shares of processors in, thread numbers out.
class real_time_share {
public:
  static constexpr double most = 0.8, enough = 0.5; ///< of all processors
  static constexpr double little = 0.1;             ///< of one: who uses less gives nothing up
  static constexpr unsigned over_for = 2, calm_for = 4; ///< looks

  struct use {
    int thread = 0;
    turn is = turn::actor; ///< of `take`
    double cores = 0;      ///< processors that it has used since the look before
  };
  struct change {
    std::vector<use> gives_up; ///< runs as `turn::ordinary` from now on
    std::vector<use> is_back;  ///< runs as it was
  };

  explicit real_time_share(unsigned cores) : cores_(cores) {}

  /// @param all threads with a turn, also those that gave it up; who is not in it has ended
  [[nodiscard]] change look(const std::vector<use>& all);
  [[nodiscard]] bool all_in_real_time() const noexcept { return out_.empty(); }

private:
  [[nodiscard]] std::vector<use> who_gives_up(std::vector<use> in, double used) const;

  double cores_;
  std::map<int, turn> out_; ///< who gave it up, and what it had
  unsigned over_ = 0, calm_ = 0;
};

} // namespace troupe::daemon
