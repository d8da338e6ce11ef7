#pragma once

#include "cluster/membership/messages.hpp"

#include <caf/meta/type_name.hpp>

// How CAF reads and writes what memberships tell each other. The messages
// themselves know no CAF; fields go over the wire in the order written here.

namespace troupe::cluster {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, member& x) {
  return f(caf::meta::type_name("member"), x.name, x.addresses, x.incarnation, x.refutation, x.is,
           x.banned, x.draining, x.direct, x.version, x.since);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, membership_message& x) {
  return f(caf::meta::type_name("membership_message"), x.what, x.about, x.question, x.members);
}

} // namespace troupe::cluster
