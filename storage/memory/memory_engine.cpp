#include "storage/memory/memory_engine.hpp"

#include "storage/ring.hpp"

#include <algorithm>
#include <atomic>

namespace troupe::storage {

namespace {

std::size_t index(family x) {
  return static_cast<std::size_t>(x);
}

class memory_ring final : public ring_file {
public:
  memory_ring(std::shared_ptr<memory_disk> disk, std::string path)
    : disk_(std::move(disk)), path_(std::move(path)) {}

  result<std::string> read() override { return disk_->ring(path_); }

  status write(unsigned page, std::string_view bytes) override {
    disk_->write_ring(path_, page * ring_page_bytes, bytes);
    return {};
  }

private:
  std::shared_ptr<memory_disk> disk_;
  std::string path_;
};

class memory_engine final : public engine {
public:
  explicit memory_engine(std::shared_ptr<memory_disk> disk) : disk_(std::move(disk)) {}

  status open(access mode) override {
    if (mode == access::read_only && !disk_->ever_written())
      return error{errc::not_found, "memory: nothing was ever stored"};
    open_ = true;
    writable_ = mode == access::read_write;
    return {};
  }

  status commit(const batch& changes, bool sync) override {
    if (!open_ || !writable_)
      return error{errc::closed, "memory: not open for writing"};
    disk_->apply(changes, sync);
    ++commits_;
    for (const auto& op : changes.ops())
      bytes_ += op.key.size() + (op.value ? op.value->size() : 0);
    return {};
  }

  status scan(family where, std::string_view prefix, const visitor& each) override {
    if (!open_)
      return error{errc::closed, "memory: not open"};
    const auto table = disk_->content(where);
    for (auto i = table.lower_bound(prefix); i != table.end(); ++i) {
      if (!i->first.starts_with(prefix))
        break;
      each(i->first, i->second);
    }
    return {};
  }

  status verify() override {
    if (!open_)
      return error{errc::closed, "memory: not open"};
    return {};
  }

  status close() override {
    open_ = false;
    return {};
  }

  result<std::string> move_aside() override {
    open_ = false;
    disk_->wipe();
    return std::string{"nowhere: this engine has no files"};
  }

  result<std::unique_ptr<ring_file>> open_ring(const std::string& path) override {
    return std::unique_ptr<ring_file>{std::make_unique<memory_ring>(disk_, path)};
  }

  engine_stats stats() const override { return {commits_, bytes_}; }

  std::string where() const override { return "memory"; }

private:
  std::shared_ptr<memory_disk> disk_;
  bool open_ = false;
  bool writable_ = false;
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

} // namespace

void memory_disk::apply_to(image& to, const batch& changes) {
  for (const auto& op : changes.ops()) {
    auto& table = to[index(op.where)];
    if (op.value)
      table[op.key] = *op.value;
    else
      table.erase(op.key);
  }
}

void memory_disk::apply(const batch& changes, bool sync) {
  std::lock_guard lock{mutex_};
  apply_to(present_, changes);
  unsynced_.push_back(changes);
  while (!unsynced_.empty() && (sync || unsynced_.size() > max_unsynced)) {
    apply_to(durable_, unsynced_.front());
    unsynced_.pop_front();
  }
}

void memory_disk::crash(std::size_t keep) {
  std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < std::min(keep, unsynced_.size()); ++i)
    apply_to(durable_, unsynced_[i]);
  unsynced_.clear();
  present_ = durable_;
}

void memory_disk::wipe() {
  std::lock_guard lock{mutex_};
  durable_ = {};
  present_ = {};
  unsynced_.clear();
}

std::size_t memory_disk::unsynced() const {
  std::lock_guard lock{mutex_};
  return unsynced_.size();
}

bool memory_disk::ever_written() const {
  std::lock_guard lock{mutex_};
  return std::any_of(present_.begin(), present_.end(),
                     [](const table& x) { return !x.empty(); });
}

memory_disk::table memory_disk::content(family where) const {
  std::lock_guard lock{mutex_};
  return present_[index(where)];
}

void memory_disk::tamper(family where, const std::string& key, std::string value) {
  std::lock_guard lock{mutex_};
  durable_[index(where)][key] = value;
  present_[index(where)][key] = std::move(value);
}

std::string memory_disk::ring(const std::string& path) const {
  std::lock_guard lock{mutex_};
  const auto found = rings_.find(path);
  auto out = found == rings_.end() ? std::string{} : found->second;
  out.resize(ring_bytes);
  return out;
}

void memory_disk::write_ring(const std::string& path, std::size_t offset,
                             std::string_view bytes) {
  std::lock_guard lock{mutex_};
  auto& ring = rings_[path];
  ring.resize(ring_bytes);
  ring.replace(offset, bytes.size(), bytes);
}

std::unique_ptr<engine> make_memory_engine(std::shared_ptr<memory_disk> disk) {
  return std::make_unique<memory_engine>(std::move(disk));
}

} // namespace troupe::storage
