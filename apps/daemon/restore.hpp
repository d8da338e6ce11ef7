#pragma once

#include "config/model/house.hpp"
#include "storage/backup/reader.hpp"

#include <string>

namespace troupe::daemon {

struct restored {
  storage::backup::contents what;
  std::string store; ///< the folder that was made
  std::string aside; ///< where the store that was there is now; empty: there was none
};

/// Makes the store of a node that does not run from a backup. The file is read
/// twice: first to the end, so that nothing is touched for one that is not whole.
/// The new store is made beside and takes its place by one rename; the old one is
/// moved aside and never deleted. The counter ring stays: what it knows of this
/// node's pulses is newer, and joined at the start.
///
/// Blocking: as long as the disk takes.
/// @returns `busy` if the node runs, `conflict` if there is a store and not
///          `replace`, `corrupt` and `unsupported` as the reader says
[[nodiscard]] result<restored> restore_store(const node_config& node, const std::string& file, bool replace);

} // namespace troupe::daemon
