#pragma once
#include "cluster/membership/messages.hpp"
#include <caf/meta/type_name.hpp>
namespace troupe::cluster {
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, member& x) {
  return f(caf::meta::type_name("member"), x.name, x.addresses, x.incarnation, x.refutation, x.is, x.draining, x.direct, x.version, x.since);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, membership_message& x) {
  return f(caf::meta::type_name("membership_message"), x.what, x.about, x.question, x.members);
}
}
