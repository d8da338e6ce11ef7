#pragma once

#include "storage/engine.hpp"

namespace troupe::storage {

/// The ring as a file of `ring_bytes`, written in place, so that a page costs
/// its own 4 KiB at the device and no journal of the file system.
/// @returns `errc::io_error`, `errc::disk_full` with the path
[[nodiscard]] result<std::unique_ptr<ring_file>> open_file_ring(const std::string& path);

} // namespace troupe::storage
