#pragma once

#include "actors/supervision/unit.hpp"
#include "storage/store.hpp"

namespace troupe {

/// STORE: the one thread that lets the store reach its disk. Detached, because
/// a commit blocks; nothing that matters for liveness waits for it (I9).
///
/// It owns nothing: the store outlives every incarnation, so a crash here
/// loses no entry, only the time until the next commit.
[[nodiscard]] make_unit make_store_unit(storage::store& disk);

} // namespace troupe
