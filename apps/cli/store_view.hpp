#pragma once

#include "apps/cli/style.hpp"
#include "apps/cli/text.hpp"
#include "storage/backup/reader.hpp"

namespace troupe::cli {

/// What is in a backup; for --json and for people.
[[nodiscard]] json contents_json(const storage::backup::contents& x);
[[nodiscard]] std::string show_contents(const json& x, const style& how, wall_ms now);

/// {"nodes": [a, b], "equal", "entries": [{"kind", "key", "what", "first", "second"}], "more"}
[[nodiscard]] std::string show_difference(const json& x, const style& how, wall_ms now);

} // namespace troupe::cli
