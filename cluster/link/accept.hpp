#pragma once

#include "cluster/link/messages.hpp"
#include "cluster/membership/messages.hpp"
#include "config/model/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::cluster {

/// Does what a peer says make sense? A peer that proved its name may still be
/// broken or in wrong hands, and CAF fills enums, sizes and texts with whatever
/// bytes came. After these, every number of an enum is one of its own, every
/// text is UTF-8 without control characters and of bounded size, names are
/// names: so nothing behind the gateway need ask again, no table is read beside
/// its end, and no line of a log or of HTTP is forged.
///
/// Rights are another matter (`peer::commands`, `far_service`).
///
/// Pure. Threads: any. @returns what is wrong: "the name 'A b' is none; ..."
[[nodiscard]] status accept(const hello& x);
[[nodiscard]] status accept(const far_row& x);
/// Of the batch alone; each row has its own.
[[nodiscard]] status accept(const reading_batch& x);
[[nodiscard]] status accept(const envelope& x);
[[nodiscard]] status accept(const ownership_frame& x);
[[nodiscard]] status accept(const far_call& x);
[[nodiscard]] status accept(const far_answer& x);
[[nodiscard]] status accept(const far_pull& x);
[[nodiscard]] status accept(const far_events& x);
[[nodiscard]] status accept(const catalogue_part& x);
/// Of its size alone: what is in it is the replicator's to judge.
[[nodiscard]] status accept(const replica_frame& x);
[[nodiscard]] status accept(const trust_offer& x);
[[nodiscard]] status accept(const membership_message& x);

/// Of a letter of a board what may count: its goodbye, that it does not hear us,
/// and its own row without an operator's word and without addresses, for nobody
/// dials a board. Of others it knows nothing that counts. Nothing: drop it.
[[nodiscard]] std::optional<membership_message> of_a_board(const std::string& name, membership_message x);

/// What a stranger wrote, fit for a log: at most 80 bytes, printable.
[[nodiscard]] std::string quotable(std::string_view x);

/// UTF-8 without control characters other than, if allowed, line ends and tabs.
[[nodiscard]] bool is_text(std::string_view x, std::size_t most_bytes, bool lines = false) noexcept;

} // namespace troupe::cluster
