#pragma once

#include "storage/engine.hpp"

namespace rocksdb {
class FileSystem;
}

namespace troupe::storage {

struct rocks_options {
  /// Block cache and write buffers together. Less costs flushes, more costs
  /// RAM that the mirror could use; reads never come here.
  std::size_t memory_bytes = 8u << 20;

  /// Of all families, before they become tables. Less costs flushes, more a
  /// longer log to read at the next open.
  std::size_t write_buffer_bytes = 4u << 20;

  /// Write-ahead logs are made of zeros and written in place: a synced commit
  /// then costs its own pages and no journal of the file system.
  bool preallocate = true;

  /// What the files rest on; tests cut its power. Empty: the machine's own.
  std::shared_ptr<rocksdb::FileSystem> base;
};

/// RocksDB 7.8 in `path`, with the options of docs/formats/store.md.
///
/// Memory:   `memory_bytes` and a few hundred KiB, whatever is stored.
/// Wake-ups: an idle database has one timer of RocksDB's own, every 10 s.
/// @returns `errc::invalid_argument` or `errc::io_error` if the folder cannot
///          be made; the database itself is opened by `engine::open`.
[[nodiscard]] result<std::unique_ptr<engine>> open_rocks(const std::string& path,
                                                         rocks_options options = {});

} // namespace troupe::storage
