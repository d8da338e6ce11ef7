#pragma once

#include "storage/merge.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

/// What the slots of a document key show.
struct document_view {
  stream_id writer;
  std::uint64_t seq = 0;
  hlc stamp;
  std::string_view payload; ///< into the set that was read
  bool conflict = false;    ///< visible siblings say different things
};

/// MAP. Present while any sibling is neither dominated nor deleted (an add
/// wins against a concurrent delete); shown is the highest (hlc, stream).
[[nodiscard]] std::optional<document_view> read_map(const slot_set& in);

/// All visible siblings of a MAP key, the shown one first.
[[nodiscard]] std::vector<document_view> siblings(const slot_set& in);

/// OWN. Highest (ballot, seq, stream); absent if that one is a delete.
[[nodiscard]] std::optional<document_view> read_own(const slot_set& in);

/// An OWN payload carries its ballot in front: the activation's ballot for
/// what roams, the boot number for what is pinned to its board.
[[nodiscard]] std::string own_payload(std::uint64_t ballot, std::string_view content);
[[nodiscard]] std::uint64_t own_ballot(const slot& x);
/// With it, what `writer` says now outranks all that is here.
[[nodiscard]] std::uint64_t ballot_after(const slot_set& in, const stream_id& writer,
                                         std::uint64_t least);

} // namespace troupe::storage
