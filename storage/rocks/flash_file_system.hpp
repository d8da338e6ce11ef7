#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::storage {

/// Counts what reaches the device, writes logs in place, and sees to it that
/// logs are read back as a prefix of what was written.
///
/// An appended and synced file costs its pages plus three 4 KiB blocks of the
/// file system's journal (ext4, measured: 16.5 KB for 100 bytes). A log that
/// was made of zeros beforehand costs the pages it touches.
///
/// RocksDB promises that prefix and breaks it twice: it may sync a new log
/// before the old one, and it reads past a hole of zeros. So a log is made only
/// when the one before it is safe, and read only up to its first zeros. That
/// the old log is safe also means that no sync of it can fail any more, after
/// which RocksDB 7.8 as Debian builds it would stop the process by an assertion
/// when a flush in the background comes back to that log.
class flash_file_system final : public rocksdb::FileSystemWrapper {
public:
  /// Logs grow by this much at a time. More wastes zeros at every start, less
  /// pays the journal more often.
  static constexpr std::uint64_t chunk = 64 * 1024;
  static constexpr std::uint64_t page = 4096;
  static constexpr std::uint64_t journal_cost = 3 * page;

  flash_file_system(std::shared_ptr<rocksdb::FileSystem> base, bool preallocate)
    : FileSystemWrapper(std::move(base)), preallocate_(preallocate) {}

  const char* Name() const override { return "troupe-flash"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path,
                                    const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;

  /// Estimate of all bytes at the device so far. Any thread.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  void count(std::uint64_t x) noexcept { bytes_ += x; }

private:
  class newest_log;

  rocksdb::IOStatus make_log(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             rocksdb::IODebugContext* debug);

  std::mutex mutex_;
  newest_log* newest_ = nullptr; ///< under the mutex; the file is RocksDB's
  const bool preallocate_;
  std::atomic<std::uint64_t> bytes_{0};
};

} // namespace troupe::storage
