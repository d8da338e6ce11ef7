#include "cluster/link/told.hpp"

namespace troupe::cluster {

origin told_here(const std::optional<reading>& shown, const reading& incoming) noexcept {
  if (!shown)
    return origin::restore;
  if (incoming.told_as == origin::restore)
    return shown->val == incoming.val ? origin::refresh : origin::restore;
  if (shown->val == incoming.val && shown->changes == incoming.changes)
    return origin::refresh;
  return origin::change;
}

reading lost(const reading& last) noexcept {
  auto x = last;
  x.grade = quality::bad;
  x.why = reason::node_lost;
  x.told_as = origin::refresh;
  return x;
}

} // namespace troupe::cluster
