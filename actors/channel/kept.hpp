#pragma once

#include "config/model/reading.hpp"

#include <deque>
#include <optional>
#include <string>

namespace troupe {

/// What a channel leaves in the store for its next life (OWN `reading/<name>`,
/// `output/<name>`): a small JSON document, so that a person can read it and
/// later versions can add fields. docs/inputs.md shows one.
[[nodiscard]] std::string keep(const reading& x);

/// @returns nothing if the bytes are not such a document.
[[nodiscard]] std::optional<reading> from_kept(const std::string& payload);

/// Ids of the last pulses that an output has done, the oldest first (OWN `pulse/<name>`).
[[nodiscard]] std::string keep_pulses(const std::deque<std::string>& ids);
[[nodiscard]] std::deque<std::string> kept_pulses(const std::string& payload);

} // namespace troupe
