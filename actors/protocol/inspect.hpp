#pragma once

#include "config/model/reading.hpp"
#include "config/model/result.hpp"
#include "storage/live_table.hpp"

#include <caf/meta/type_name.hpp>

// How CAF reads and writes the nouns of the house. The nouns themselves know
// no CAF; fields go over the wire in the order written here.

namespace troupe {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, value& x) {
  return f(caf::meta::type_name("value"), x.kind, x.whole, x.real, x.words);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, error& x) {
  return f(caf::meta::type_name("error"), x.code, x.context);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, reading& x) {
  return f(caf::meta::type_name("reading"), x.val, x.grade, x.why, x.told_as, x.measured_at,
           x.measured_wall, x.changed_wall, x.changes, x.missed_at_most, x.gaps);
}

namespace storage {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step& x) {
  return f(caf::meta::type_name("step"), x.kind, x.name, x.text, x.at);
}

} // namespace storage

} // namespace troupe
