#include "storage/rocks/flash_file_system.hpp"

#include "storage/rocks/log_end.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace troupe::storage {

using namespace rocksdb;

namespace {

std::uint64_t pages(std::uint64_t from, std::uint64_t to) {
  constexpr auto page = flash_file_system::page;
  return to <= from ? 0 : ((to + page - 1) / page - from / page) * page;
}

/// Tables, manifests: as they are, counted.
class counted_file final : public FSWritableFileOwnerWrapper {
public:
  counted_file(std::unique_ptr<FSWritableFile>&& file, flash_file_system& all)
    : FSWritableFileOwnerWrapper(std::move(file)), all_(all) {}

  IOStatus Append(const Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    size_ += data.size();
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const DataVerificationInfo&, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    settle(true);
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    settle(true);
    return target()->Fsync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    settle(false);
    return target()->Close(options, debug);
  }

private:
  void settle(bool journal) {
    if (size_ > settled_)
      all_.count(pages(settled_, size_) + (journal ? flash_file_system::journal_cost : 0));
    settled_ = size_;
  }

  flash_file_system& all_;
  std::uint64_t size_ = 0;
  std::uint64_t settled_ = 0;
};

/// A log. Its zero tail reads as "no more records"; nothing of an older log is
/// ever in it, since it is made anew and never recycled.
class log_file final : public FSWritableFile {
public:
  log_file(std::unique_ptr<FSRandomRWFile> file, flash_file_system& all, std::uint64_t ready)
    : file_(std::move(file)), all_(all), ready_(ready) {}

  IOStatus Append(const Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    while (size_ + data.size() > ready_)
      if (auto ok = extend(options, debug); !ok.ok())
        return ok;
    auto ok = file_->Write(size_, data, options, debug);
    if (ok.ok())
      size_ += data.size();
    return ok;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const DataVerificationInfo&, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    all_.count(pages(synced_, size_));
    synced_ = size_;
    return file_->Sync(options, debug); // fdatasync: neither size nor blocks change
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return file_->Close(options, debug);
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

private:
  IOStatus extend(const IOOptions& options, IODebugContext* debug) {
    const std::string zeros(flash_file_system::chunk, '\0');
    if (auto ok = file_->Write(ready_, zeros, options, debug); !ok.ok())
      return ok;
    if (auto ok = file_->Fsync(options, debug); !ok.ok())
      return ok;
    ready_ += zeros.size();
    all_.count(zeros.size() + flash_file_system::journal_cost);
    return IOStatus::OK();
  }

  std::unique_ptr<FSRandomRWFile> file_;
  flash_file_system& all_;
  std::uint64_t ready_;
  std::uint64_t size_ = 0;
  std::uint64_t synced_ = 0;
};

/// A log up to where its records end.
class clipped_file final : public FSSequentialFileOwnerWrapper {
public:
  clipped_file(std::unique_ptr<FSSequentialFile>&& file, std::uint64_t end)
    : FSSequentialFileOwnerWrapper(std::move(file)), left_(end) {}

  IOStatus Read(std::size_t n, const IOOptions& options, Slice* out, char* scratch,
                IODebugContext* debug) override {
    auto ok = target()->Read(std::min<std::uint64_t>(n, left_), options, out, scratch, debug);
    left_ -= ok.ok() ? out->size() : 0;
    return ok;
  }
  IOStatus Skip(std::uint64_t n) override {
    const auto step = std::min(n, left_);
    left_ -= step;
    return target()->Skip(step);
  }
  IOStatus PositionedRead(std::uint64_t, std::size_t, const IOOptions&, Slice*, char*,
                          IODebugContext*) override {
    return IOStatus::NotSupported("a log is read from its beginning");
  }

private:
  std::uint64_t left_;
};

bool is_log(const std::string& path) {
  return path.ends_with(".log");
}

} // namespace

/// The log that is being written. Its syncs may come from RocksDB's threads
/// and from whoever makes the next log.
class flash_file_system::newest_log final : public FSWritableFileOwnerWrapper {
public:
  newest_log(std::unique_ptr<FSWritableFile>&& file, flash_file_system& all)
    : FSWritableFileOwnerWrapper(std::move(file)), all_(all) {
    std::lock_guard lock{all_.mutex_};
    all_.newest_ = this;
  }
  ~newest_log() override {
    std::lock_guard lock{all_.mutex_};
    if (all_.newest_ == this)
      all_.newest_ = nullptr;
  }

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    ++appended_;
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    std::lock_guard lock{mutex_};
    const auto now = appended_.load();
    if (now == safe_)
      return IOStatus::OK();
    auto ok = target()->Sync(options, debug);
    if (ok.ok())
      safe_ = now;
    return ok;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }

private:
  flash_file_system& all_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> appended_{0}; ///< how often
  std::uint64_t safe_ = 0;                 ///< how many of those; under the mutex
};

IOStatus flash_file_system::NewWritableFile(const std::string& path,
                                            const FileOptions& options,
                                            std::unique_ptr<FSWritableFile>* file,
                                            IODebugContext* debug) {
  if (is_log(path)) {
    {
      std::lock_guard lock{mutex_};
      if (newest_)
        if (auto ok = newest_->Sync(options.io_options, debug); !ok.ok())
          return ok;
    }
    std::unique_ptr<FSWritableFile> log;
    if (auto ok = make_log(path, options, &log, debug); !ok.ok())
      return ok;
    *file = std::make_unique<newest_log>(std::move(log), *this);
    return IOStatus::OK();
  }
  std::unique_ptr<FSWritableFile> plain;
  if (auto ok = target()->NewWritableFile(path, options, &plain, debug); !ok.ok())
    return ok;
  *file = std::make_unique<counted_file>(std::move(plain), *this);
  return IOStatus::OK();
}

IOStatus flash_file_system::make_log(const std::string& path, const FileOptions& options,
                                     std::unique_ptr<FSWritableFile>* file,
                                     IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> plain;
  if (auto ok = target()->NewWritableFile(path, options, &plain, debug); !ok.ok())
    return ok;
  if (!preallocate_) {
    *file = std::make_unique<counted_file>(std::move(plain), *this);
    return IOStatus::OK();
  }
  const std::string zeros(chunk, '\0');
  if (auto ok = plain->Append(zeros, options.io_options, debug); !ok.ok())
    return ok;
  if (auto ok = plain->Fsync(options.io_options, debug); !ok.ok())
    return ok;
  if (auto ok = plain->Close(options.io_options, debug); !ok.ok())
    return ok;
  count(zeros.size() + journal_cost);
  std::unique_ptr<FSRandomRWFile> in_place;
  if (auto ok = target()->NewRandomRWFile(path, options, &in_place, debug); !ok.ok())
    return ok;
  *file = std::make_unique<log_file>(std::move(in_place), *this, zeros.size());
  return IOStatus::OK();
}

IOStatus flash_file_system::NewSequentialFile(const std::string& path,
                                              const FileOptions& options,
                                              std::unique_ptr<FSSequentialFile>* file,
                                              IODebugContext* debug) {
  if (!is_log(path))
    return target()->NewSequentialFile(path, options, file, debug);
  std::unique_ptr<FSSequentialFile> log;
  if (auto ok = target()->NewSequentialFile(path, options, &log, debug); !ok.ok())
    return ok;
  std::string scratch(log_block, '\0');
  std::uint64_t end = 0;
  for (;;) {
    Slice block;
    if (auto ok = log->Read(log_block, options.io_options, &block, scratch.data(), debug);
        !ok.ok())
      return ok;
    const auto stop = end_of_records(block.ToStringView());
    end += stop.value_or(block.size());
    if (stop || block.size() < log_block)
      break;
  }
  if (auto ok = target()->NewSequentialFile(path, options, &log, debug); !ok.ok())
    return ok;
  *file = std::make_unique<clipped_file>(std::move(log), end);
  return IOStatus::OK();
}

} // namespace troupe::storage
