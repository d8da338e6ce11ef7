#pragma once

#include "storage/merge.hpp"
#include "storage/replication.hpp"

#include <functional>

// What of a key's slots a reader could see, as hashes: the digests of replicas.

namespace troupe::storage::visible {

using on_contribution = std::function<void(const stream_id& of, std::uint64_t seq, std::uint64_t hash)>;

/// Depends on the content only, so that all replicas agree on buckets.
[[nodiscard]] std::uint64_t key_hash(slot_kind kind, std::string_view key);

/// Calls `each` for what is visible: the siblings of a document, the one state
/// of an owner, the joined counts of a counter (told once, for the highest
/// stream). The same wherever all of it has arrived, whatever was collected.
void each(slot_kind kind, std::string_view key, const slot_set& in, const on_contribution& what);

/// One number for all sums: for people and tests that compare replicas from outside.
[[nodiscard]] std::uint64_t fingerprint(const digest& of);

} // namespace troupe::storage::visible
