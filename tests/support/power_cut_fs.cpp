#include "tests/support/power_cut_fs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace troupe::test {

using namespace rocksdb;
namespace fs = std::filesystem;

namespace {

class appended_file final : public FSWritableFileOwnerWrapper {
public:
  appended_file(std::unique_ptr<FSWritableFile>&& file, power_cut_fs& all, std::string path)
    : FSWritableFileOwnerWrapper(std::move(file)), all_(all), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& o, IODebugContext* d) override {
    if (all_.tick())
      return power_cut_fs::dark();
    auto ok = target()->Append(data, o, d);
    all_.appended(path_, data.size());
    return ok;
  }
  IOStatus Append(const Slice& data, const IOOptions& o, const DataVerificationInfo&,
                  IODebugContext* d) override {
    return Append(data, o, d);
  }
  IOStatus Sync(const IOOptions& o, IODebugContext* d) override {
    if (all_.tick())
      return power_cut_fs::dark();
    auto ok = target()->Flush(o, d); // tmpfs need not be synced, only noted
    all_.appended_safe(path_);
    return ok;
  }
  IOStatus Fsync(const IOOptions& o, IODebugContext* d) override { return Sync(o, d); }

private:
  power_cut_fs& all_;
  std::string path_;
};

class overwritten_file final : public FSRandomRWFile {
public:
  overwritten_file(std::unique_ptr<FSRandomRWFile> file, power_cut_fs& all, std::string path)
    : file_(std::move(file)), all_(all), path_(std::move(path)) {}

  IOStatus Write(std::uint64_t at, const Slice& data, const IOOptions& o,
                 IODebugContext* d) override {
    if (all_.tick())
      return power_cut_fs::dark();
    all_.before_overwrite(path_, at, data.size());
    return file_->Write(at, data, o, d);
  }
  IOStatus Read(std::uint64_t at, std::size_t n, const IOOptions& o, Slice* out,
                char* scratch, IODebugContext* d) const override {
    return file_->Read(at, n, o, out, scratch, d);
  }
  IOStatus Flush(const IOOptions& o, IODebugContext* d) override {
    return file_->Flush(o, d);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (all_.tick())
      return power_cut_fs::dark();
    all_.overwrites_safe(path_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& o, IODebugContext* d) override { return Sync(o, d); }
  IOStatus Close(const IOOptions& o, IODebugContext* d) override {
    return file_->Close(o, d);
  }

private:
  std::unique_ptr<FSRandomRWFile> file_;
  power_cut_fs& all_;
  std::string path_;
};

class folder final : public FSDirectory {
public:
  explicit folder(power_cut_fs& all) : all_(all) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (all_.tick())
      return power_cut_fs::dark();
    all_.folder_safe();
    return IOStatus::OK();
  }

private:
  power_cut_fs& all_;
};

std::string content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, std::uint64_t at, const std::string& bytes) {
  std::fstream out{path, std::ios::in | std::ios::out | std::ios::binary};
  out.seekp(static_cast<std::streamoff>(at));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

} // namespace

bool power_cut_fs::tick() {
  const auto now = ++operations_;
  if (die_ >= 0 && now >= die_)
    dead_ = true;
  return dead_;
}

void power_cut_fs::appended(const std::string& path, std::uint64_t bytes) {
  std::lock_guard lock{mutex_};
  files_[path].size += bytes;
}

void power_cut_fs::appended_safe(const std::string& path) {
  std::lock_guard lock{mutex_};
  auto& x = files_[path];
  x.safe = x.size;
}

void power_cut_fs::before_overwrite(const std::string& path, std::uint64_t from,
                                    std::uint64_t size) {
  std::lock_guard lock{mutex_};
  auto& x = files_[path];
  std::ifstream in{path, std::ios::binary};
  for (auto at = from / page * page; at < from + size; at += page) {
    if (x.old_pages.contains(at))
      continue;
    std::string old(page, '\0');
    in.clear();
    in.seekg(static_cast<std::streamoff>(at));
    in.read(old.data(), static_cast<std::streamsize>(old.size()));
    old.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
    x.old_pages.emplace(at, std::move(old));
  }
}

void power_cut_fs::overwrites_safe(const std::string& path) {
  std::lock_guard lock{mutex_};
  auto& x = files_[path];
  x.old_pages.clear();
  x.size = x.safe = std::max<std::uint64_t>(x.safe, fs::file_size(path));
}

void power_cut_fs::folder_safe() {
  std::lock_guard lock{mutex_};
  for (auto& [path, x] : files_)
    x.listed = true;
  renames_.clear();
}

IOStatus power_cut_fs::NewWritableFile(const std::string& path, const FileOptions& o,
                                       std::unique_ptr<FSWritableFile>* out,
                                       IODebugContext* d) {
  if (tick())
    return dark();
  std::unique_ptr<FSWritableFile> file;
  if (auto ok = target()->NewWritableFile(path, o, &file, d); !ok.ok())
    return ok;
  std::lock_guard lock{mutex_};
  files_[path] = {};
  *out = std::make_unique<appended_file>(std::move(file), *this, path);
  return IOStatus::OK();
}

IOStatus power_cut_fs::ReopenWritableFile(const std::string& path, const FileOptions& o,
                                          std::unique_ptr<FSWritableFile>* out,
                                          IODebugContext* d) {
  if (tick())
    return dark();
  std::unique_ptr<FSWritableFile> file;
  if (auto ok = target()->ReopenWritableFile(path, o, &file, d); !ok.ok())
    return ok;
  *out = std::make_unique<appended_file>(std::move(file), *this, path);
  return IOStatus::OK();
}

IOStatus power_cut_fs::ReuseWritableFile(const std::string&, const std::string&,
                                         const FileOptions&,
                                         std::unique_ptr<FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported();
}

IOStatus power_cut_fs::NewRandomRWFile(const std::string& path, const FileOptions& o,
                                       std::unique_ptr<FSRandomRWFile>* out,
                                       IODebugContext* d) {
  if (tick())
    return dark();
  std::unique_ptr<FSRandomRWFile> file;
  if (auto ok = target()->NewRandomRWFile(path, o, &file, d); !ok.ok())
    return ok;
  *out = std::make_unique<overwritten_file>(std::move(file), *this, path);
  return IOStatus::OK();
}

IOStatus power_cut_fs::NewDirectory(const std::string&, const IOOptions&,
                                    std::unique_ptr<FSDirectory>* out, IODebugContext*) {
  *out = std::make_unique<folder>(*this);
  return IOStatus::OK();
}

IOStatus power_cut_fs::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& o, IODebugContext* d) {
  if (tick())
    return dark();
  rename_state x{to, {}, fs::exists(to)};
  if (x.had_old)
    x.old_content = content(to);
  auto ok = target()->RenameFile(from, to, o, d);
  if (!ok.ok())
    return ok;
  std::lock_guard lock{mutex_};
  files_[to] = files_[from];
  files_.erase(from);
  if (to.ends_with("CURRENT"))
    renames_.push_back(std::move(x));
  return ok;
}

IOStatus power_cut_fs::DeleteFile(const std::string& path, const IOOptions& o,
                                  IODebugContext* d) {
  if (tick())
    return dark();
  auto ok = target()->DeleteFile(path, o, d);
  std::lock_guard lock{mutex_};
  files_.erase(path);
  return ok;
}

void power_cut_fs::cut(std::mt19937_64& chance) {
  std::lock_guard lock{mutex_};
  for (auto i = renames_.rbegin(); i != renames_.rend(); ++i) {
    if (chance() % 2)
      continue;
    if (i->had_old)
      std::ofstream{i->to, std::ios::binary | std::ios::trunc} << i->old_content;
    else
      fs::remove(i->to);
  }
  for (auto& [path, x] : files_) {
    if (!fs::exists(path))
      continue;
    for (const auto& [at, old] : x.old_pages) {
      const auto kind = chance() % 3;
      if (kind == 0)
        continue; // it made it
      // Whole page, or torn at a sector.
      const auto sectors = kind == 1 ? old.size() : chance() % 8 * 512;
      put(path, at, old.substr(0, std::min<std::size_t>(sectors, old.size())));
    }
    if (!x.listed && x.safe == 0 && chance() % 2) {
      fs::remove(path);
      continue;
    }
    const auto size = fs::file_size(path);
    if (size <= x.safe)
      continue;
    const auto keep = x.safe + chance() % (size - x.safe + 1);
    fs::resize_file(path, keep);
    if (keep > x.safe && chance() % 2) {
      const auto hit = (x.safe + chance() % (keep - x.safe)) / page * page;
      const auto from = std::max(hit, x.safe);
      put(path, from, std::string(std::min(hit + page, keep) - from, '\0'));
    }
  }
  files_.clear();
  renames_.clear();
  dead_ = false;
  die_ = -1;
}

} // namespace troupe::test
