#pragma once

#include "storage/slot.hpp"

#include <utility>
#include <vector>

namespace troupe::storage {

/// All slots of one key, sorted by stream. Mostly one.
using slot_set = std::vector<std::pair<stream_id, slot>>;

[[nodiscard]] const slot* find(const slot_set& in, const stream_id& of);

/// Takes in a contribution: per stream the higher seq stays, and its context
/// becomes the join of both, since a stream's later operation has seen all
/// that its earlier ones saw. Commutative, associative, idempotent.
/// @returns whether anything changed
bool merge(slot_set& into, const stream_id& from, slot news);

/// Whether another slot of the key has seen contribution (of, seq). What is
/// seen is replaced, whatever the stamps say.
[[nodiscard]] bool dominated(const slot_set& in, const stream_id& of, std::uint64_t seq);

/// The context of a new contribution by `writer`: everything in the set, seen
/// directly or through what it saw.
[[nodiscard]] version_vector observed(const slot_set& in, const stream_id& writer);

/// Slots that may be dropped: dominated by one that is stable together with
/// its context, or a stable delete with nothing else left. Without "together
/// with its context" a late arrival would come back to life.
/// @param stable what every member has made durable
[[nodiscard]] std::vector<stream_id> collectable(const slot_set& in,
                                                 const version_vector& stable);

} // namespace troupe::storage
