#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace troupe::test {

/// A file system whose power can be cut at any operation. Over real files; what
/// was not synced is then cut at a random byte, zeroed in random pages, put
/// back to what it was page by page, or was never created or renamed.
class power_cut_fs final : public rocksdb::FileSystemWrapper {
public:
  power_cut_fs() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "power-cut"; }

  /// Every operation from the nth on fails, until `cut`.
  void die_in(long operations) { die_ = operations_ + operations; }
  [[nodiscard]] bool dead() const { return dead_; }

  /// Damages what was not safe, and turns the power on again.
  void cut(std::mt19937_64& chance);

  rocksdb::IOStatus NewWritableFile(const std::string&, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSWritableFile>*,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>*,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string&, const std::string&,
                                      const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSWritableFile>*,
                                      rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>*,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewDirectory(const std::string&, const rocksdb::IOOptions&,
                                 std::unique_ptr<rocksdb::FSDirectory>*,
                                 rocksdb::IODebugContext*) override;
  rocksdb::IOStatus RenameFile(const std::string&, const std::string&,
                               const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteFile(const std::string&, const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;

  // For its files.
  static constexpr std::uint64_t page = 4096;
  [[nodiscard]] bool tick();
  [[nodiscard]] static rocksdb::IOStatus dark() {
    return rocksdb::IOStatus::IOError("the power is off");
  }
  void appended(const std::string& path, std::uint64_t bytes);
  void appended_safe(const std::string& path);
  void before_overwrite(const std::string& path, std::uint64_t from, std::uint64_t size);
  void overwrites_safe(const std::string& path);
  void folder_safe();

private:
  struct file_state {
    std::uint64_t size = 0;
    std::uint64_t safe = 0;
    bool listed = false; ///< its name is safe
    std::map<std::uint64_t, std::string> old_pages; ///< before unsynced overwrites
  };
  struct rename_state {
    std::string to;
    std::string old_content;
    bool had_old = false;
  };

  std::mutex mutex_;
  std::map<std::string, file_state> files_;
  std::vector<rename_state> renames_;
  std::atomic<long> operations_{0};
  std::atomic<long> die_{-1};
  std::atomic<bool> dead_{false};
};

} // namespace troupe::test
