#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster {

/// Who watches whom. All names stand on a ring in the order of their hash; each
/// node watches the `watched` nearest, half on each side. So watching is mutual,
/// each node is watched by as many as it watches, every node computes the same
/// from the same names, and its cost does not grow with the cluster. With at
/// most `watched` + 1 names everybody watches everybody.
class ring {
public:
  ring() = default;
  ring(const std::vector<std::string>& names, unsigned watched);

  /// Those that watch `name`, and that it watches. A name that is not on the
  /// ring is answered for the place where it would stand: a lost node keeps
  /// its watchers, who know best about it.
  [[nodiscard]] std::vector<std::string> watchers_of(const std::string& name) const;

private:
  std::vector<std::pair<std::uint64_t, std::string>> order_; ///< place, name
  unsigned watched_ = 0;
};

} // namespace troupe::cluster
