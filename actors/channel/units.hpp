#pragma once

#include "actors/protocol/channel.hpp"
#include "storage/store.hpp"

namespace troupe {

/// An operator's hand in the machine is always on record.
void journal_force(storage::store& store, const std::string& channel, const force_value& x);

} // namespace troupe
