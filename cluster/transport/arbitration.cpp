#include "cluster/transport/arbitration.hpp"

namespace troupe::cluster {

namespace {

/// Dialled by the peer, whose name is the smaller one: its decision.
bool peer_decided(const rival& x) { return x.dialled_by_smaller && !x.dialled_by_us; }

} // namespace

arbitration::verdict arbitration::on_authenticated(const rival& fresh,
                                                   const std::vector<rival>& others) {
  for (const auto& other : others) {
    if (other.live && !peer_decided(fresh))
      return verdict::already_linked;
    if (!other.up && other.dialled_by_smaller && !fresh.dialled_by_smaller)
      return verdict::other_wins;
  }
  return verdict::proceed;
}

arbitration::verdict arbitration::on_up(const rival& fresh, const std::vector<rival>& others) {
  if (peer_decided(fresh))
    return verdict::proceed;
  return on_authenticated(fresh, others);
}

} // namespace troupe::cluster
