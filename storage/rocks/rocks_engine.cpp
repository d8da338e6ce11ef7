#include "storage/rocks/rocks_engine.hpp"

#include "storage/file_ring.hpp"
#include "storage/rocks/flash_file_system.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

namespace troupe::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t corpses_kept = 2;

// The default family must exist, so it holds something: meta.
const std::array<std::string, family_count> names
  = {"slot", "byseq", "jrn", rocksdb::kDefaultColumnFamilyName};

/// RocksDB's own log would be one more file that wears flash and one more
/// flush timer; what matters comes back as a status.
class silent_log final : public rocksdb::Logger {
public:
  silent_log() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

errc code_of(const rocksdb::Status& x) {
  const auto text = x.ToString();
  const auto says = [&](std::string_view what) { return text.find(what) != text.npos; };
  if (says("/LOCK") && (says("temporarily unavailable") || says("lock hold by")))
    return errc::busy;
  if (x.IsCorruption() || x.IsPathNotFound() || says("No such file"))
    return errc::corrupt; // a file that the manifest names is gone
  if (x.IsNoSpace() || says("No space left"))
    return errc::disk_full;
  if (says("Permission denied"))
    return errc::permission_denied;
  if (x.IsInvalidArgument() && says("does not exist"))
    return errc::not_found;
  if (x.IsInvalidArgument() || x.IsNotSupported())
    return errc::unsupported;
  return errc::io_error;
}

class rocks_engine final : public engine {
public:
  rocks_engine(std::string path, rocks_options options)
    : path_(std::move(path)), options_(std::move(options)) {
    auto base = options_.base ? options_.base : rocksdb::FileSystem::Default();
    files_ = std::make_shared<flash_file_system>(std::move(base), options_.preallocate);
    env_ = rocksdb::NewCompositeEnv(files_);
  }

  ~rocks_engine() override { (void)close(); }

  status open(access mode) override {
    (void)close();
    if (auto ok = look_at_folder(mode); !ok)
      return ok;
    const auto settings = make_settings();
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions{settings});
    rocksdb::DB* db = nullptr;
    auto ok = mode == access::read_write
                ? rocksdb::DB::Open(settings, path_, families, &handles_, &db)
                : rocksdb::DB::OpenForReadOnly(settings, path_, families, &handles_, &db);
    if (!ok.ok())
      return trouble("opening", ok);
    db_.reset(db);
    health_ = {};
    return {};
  }

  status commit(const batch& changes, bool sync) override {
    if (!db_)
      return closed();
    if (!health_) // RocksDB refuses all after a failure; nobody shall rely on less
      return health_;
    rocksdb::WriteBatch out;
    for (const auto& op : changes.ops()) {
      auto* where = handles_[static_cast<std::size_t>(op.where)];
      const auto ok = op.value ? out.Put(where, op.key, *op.value) : out.Delete(where, op.key);
      if (!ok.ok())
        return trouble("filling a batch for", ok);
    }
    rocksdb::WriteOptions how;
    how.sync = sync;
    if (const auto ok = db_->Write(how, &out); !ok.ok())
      return health_ = trouble("writing to", ok);
    ++commits_;
    return {};
  }

  status scan(family where, std::string_view prefix, const visitor& each) override {
    if (!db_)
      return closed();
    rocksdb::ReadOptions how;
    how.verify_checksums = true;
    how.fill_cache = false;
    std::unique_ptr<rocksdb::Iterator> i{
      db_->NewIterator(how, handles_[static_cast<std::size_t>(where)])};
    // An empty view may have no address, and a Slice hands its address to memcmp.
    const rocksdb::Slice from{prefix.empty() ? "" : prefix.data(), prefix.size()};
    for (i->Seek(from); i->Valid(); i->Next()) {
      if (!i->key().starts_with(from))
        break;
      each(i->key().ToStringView(), i->value().ToStringView());
    }
    // An iterator that ends early looks like one that is done.
    if (!i->status().ok())
      return trouble("reading", i->status());
    return {};
  }

  status verify() override {
    if (!db_)
      return closed();
    if (const auto ok = db_->VerifyChecksum(); !ok.ok())
      return trouble("verifying", ok);
    return {};
  }

  status close() override {
    if (!db_)
      return {};
    for (auto* handle : handles_)
      delete handle;
    handles_.clear();
    db_.reset();
    return {};
  }

  result<std::string> move_aside() override {
    (void)close();
    std::error_code why;
    auto to = fmt::format("{}.damaged-{}", path_, std::time(nullptr));
    for (int i = 2; fs::exists(to, why); ++i)
      to = fmt::format("{}.damaged-{}-{}", path_, std::time(nullptr), i);
    fs::rename(path_, to, why);
    if (why)
      return error{errc::io_error,
                   fmt::format("moving {} to {}: {}", path_, to, why.message())};
    drop_old_corpses();
    return to;
  }

  result<std::unique_ptr<ring_file>> open_ring(const std::string& path) override {
    return open_file_ring(path);
  }

  engine_stats stats() const override { return {commits_, files_->bytes()}; }

  std::string where() const override { return path_; }

private:
  error closed() const { return {errc::closed, fmt::format("{} is not open", path_)}; }

  error trouble(std::string_view what, const rocksdb::Status& x) const {
    return {code_of(x), fmt::format("{} {}: {}", what, path_, x.ToString())};
  }

  /// RocksDB makes a new database where CURRENT is missing, over whatever is
  /// left of the old one.
  status look_at_folder(access mode) const {
    std::error_code why;
    if (!fs::exists(path_, why)) {
      if (mode == access::read_only)
        return error{errc::not_found, fmt::format("{} does not exist", path_)};
      fs::create_directories(path_, why);
      if (why)
        return error{why == std::errc::no_space_on_device ? errc::disk_full
                     : why == std::errc::permission_denied ? errc::permission_denied
                                                            : errc::io_error,
                     fmt::format("making {}: {}", path_, why.message())};
      return {};
    }
    if (fs::exists(fs::path{path_} / "CURRENT", why))
      return {};
    for (const auto& x : fs::directory_iterator{path_, why}) {
      const auto kind = x.path().extension();
      if (kind == ".sst" || kind == ".log")
        return error{errc::corrupt,
                     fmt::format("{} has tables or logs but no CURRENT file", path_)};
    }
    if (mode == access::read_only)
      return error{errc::not_found, fmt::format("{} holds no database", path_)};
    return {};
  }

  rocksdb::Options make_settings() const {
    const auto half = std::max<std::size_t>(options_.memory_bytes / 2, 1u << 20);
    rocksdb::Options x;
    x.env = env_.get();
    x.create_if_missing = true;
    x.create_missing_column_families = true;
    // What the disk lost at its end is lost; what it lost before is corruption.
    x.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    x.track_and_verify_wals_in_manifest = true;
    x.paranoid_checks = true;
    x.atomic_flush = true; // all families at one point
    // Memory that does not grow.
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(half, 0, true);
    table.cache_index_and_filter_blocks = true;
    x.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    // The manager alone decides when to flush. If a family's own limit did,
    // and the disk refused the next log just then, RocksDB 7.8 would forget to
    // release the other families (ScheduleFlushes) and abort at close.
    const auto buffers = std::min(options_.write_buffer_bytes, half);
    x.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(buffers);
    x.write_buffer_size = 1u << 30;
    x.arena_block_size = std::min<std::size_t>(64u << 10, buffers / 16);
    x.max_write_buffer_number = 2;
    x.max_total_wal_size = 4u << 20;
    x.max_open_files = 64;
    x.max_background_jobs = 1;
    x.max_subcompactions = 1;
    x.max_file_opening_threads = 1;
    x.compression = rocksdb::kNoCompression;
    x.bottommost_compression = rocksdb::kNoCompression;
    x.target_file_size_base = 2u << 20;
    x.max_bytes_for_level_base = 8u << 20;
    x.max_manifest_file_size = 256u << 10;
    x.manifest_preallocation_size = 64u << 10;
    // An idle database sleeps.
    x.info_log = std::make_shared<silent_log>();
    x.stats_dump_period_sec = 0;
    x.stats_persist_period_sec = 0;
    x.skip_stats_update_on_db_open = true;
    return x;
  }

  void drop_old_corpses() const {
    std::error_code why;
    const fs::path here{path_};
    const auto prefix = here.filename().string() + ".damaged-";
    std::vector<fs::path> found;
    for (const auto& x : fs::directory_iterator{here.parent_path(), why})
      if (x.path().filename().string().starts_with(prefix))
        found.push_back(x.path());
    std::sort(found.begin(), found.end());
    for (std::size_t i = 0; i + corpses_kept < found.size(); ++i)
      fs::remove_all(found[i], why);
  }

  const std::string path_;
  const rocks_options options_;
  std::shared_ptr<flash_file_system> files_;
  std::unique_ptr<rocksdb::Env> env_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> db_;
  status health_; ///< the first failed write since open
  std::atomic<std::uint64_t> commits_{0};
};

} // namespace

result<std::unique_ptr<engine>> open_rocks(const std::string& path, rocks_options options) {
  if (path.empty() || path.back() == '/')
    return error{errc::invalid_argument,
                 fmt::format("a database needs the path of its own folder, not '{}'", path)};
  std::error_code why;
  const auto above = fs::path{path}.parent_path();
  if (!above.empty() && !fs::is_directory(above, why)) {
    fs::create_directories(above, why);
    if (why)
      return error{errc::io_error, fmt::format("making {}: {}", above.string(),
                                               why.message())};
  }
  return std::unique_ptr<engine>{std::make_unique<rocks_engine>(path, std::move(options))};
}

} // namespace troupe::storage
