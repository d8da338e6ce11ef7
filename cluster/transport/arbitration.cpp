#include "cluster/transport/arbitration.hpp"

#include <algorithm>

namespace troupe::cluster {

namespace {

using verdict = arbitration::verdict;

bool we_choose(const rival& x) { return x.dialled_by_smaller == x.dialled_by_us; }

bool any_live(const std::vector<rival>& all) {
  return std::any_of(all.begin(), all.end(), [](const rival& x) { return x.live; });
}

} // namespace

verdict arbitration::on_authenticated(const rival& fresh, const std::vector<rival>& others) {
  // What the peer dialled may be its choice. What we dialled is not needed
  // beside a live link: its end would be seen.
  if (!we_choose(fresh))
    return fresh.dialled_by_us && any_live(others) ? verdict::already_linked : verdict::proceed;
  if (any_live(others))
    return verdict::already_linked;
  const bool greeting = std::any_of(others.begin(), others.end(), [](const rival& x) { return !x.up; });
  return greeting ? verdict::other_wins : verdict::proceed;
}

verdict arbitration::on_up(const rival& fresh, const std::vector<rival>& others) {
  // The dialler is up first. So only the chooser's own dial can still give way,
  // to an old link that woke up meanwhile.
  const bool ours_to_decline = we_choose(fresh) && fresh.dialled_by_us;
  return ours_to_decline && any_live(others) ? verdict::already_linked : verdict::proceed;
}

} // namespace troupe::cluster
