#pragma once

#include <set>
#include <vector>

namespace troupe::daemon {

/// Decides which threads of this node give real time up for a while, because they
/// use so much of it that nothing else on the machine comes to its turn: neither an
/// operator's console, nor ssh, nor the program whose flood it may be.
///
/// Over `most` of all processors at `over_for` looks in a row, threads are named
/// until what is left stays below `enough`, the hungriest first. Once all of them
/// together want less than `enough` for `calm_for` looks, all are back; what counts is
/// what they want and not what they get, for beside others that may be little.
///
/// Pure: shares of processors in, thread numbers out.
class real_time_share {
public:
  static constexpr double most = 0.8, enough = 0.5; ///< of all processors
  static constexpr double little = 0.1;             ///< of one: who uses less gives nothing up
  static constexpr unsigned over_for = 4, calm_for = 4; ///< looks

  struct use {
    int thread = 0;
    double cores = 0; ///< processors that it has used since the look before
    double wants = 0; ///< and would have used, alone; of one in real time the same
  };
  struct change {
    std::vector<int> gives_up; ///< run beside ordinary ones from now on
    std::vector<int> is_back;
  };

  explicit real_time_share(unsigned cores) : cores_(cores) {}

  /// @param all also those that gave it up; who is not in it has ended
  [[nodiscard]] change look(const std::vector<use>& all);
  [[nodiscard]] const std::set<int>& out() const noexcept { return out_; } ///< who gave it up

private:
  [[nodiscard]] std::vector<int> who_gives_up(std::vector<use> in, double used) const;

  double cores_;
  std::set<int> out_;
  unsigned over_ = 0, calm_ = 0;
};

} // namespace troupe::daemon
