#include "storage/disk_drill.hpp"

#include <fmt/format.h>

namespace troupe::storage {

namespace {

class drilled_ring final : public ring_file {
public:
  drilled_ring(std::unique_ptr<ring_file> file, std::shared_ptr<disk_drill> by) : file_(std::move(file)), by_(std::move(by)) {}

  result<std::string> read() override { return file_->read(); }
  status write(unsigned page, std::string_view bytes) override {
    by_->write_in_place();
    return file_->write(page, bytes);
  }

private:
  std::unique_ptr<ring_file> file_;
  std::shared_ptr<disk_drill> by_;
};

class drilled_engine final : public engine {
public:
  drilled_engine(std::unique_ptr<engine> disk, std::shared_ptr<disk_drill> by) : disk_(std::move(disk)), by_(std::move(by)) {}

  status open(access mode) override {
    // Opening for writing begins new files.
    if (mode == access::read_write)
      if (auto room = by_->write(); !room)
        return room;
    refused_ = {};
    return disk_->open(mode);
  }

  status commit(const batch& changes, bool sync) override {
    if (!refused_)
      return refused_;
    if (auto room = by_->write(); !room)
      return refused_ = room;
    return disk_->commit(changes, sync);
  }

  status scan(family where, std::string_view prefix, const visitor& each) override { return disk_->scan(where, prefix, each); }
  status verify() override { return disk_->verify(); }
  status close() override { return disk_->close(); }
  result<std::string> move_aside() override { return disk_->move_aside(); }

  result<std::unique_ptr<ring_file>> open_ring(const std::string& path) override {
    auto file = disk_->open_ring(path);
    if (!file)
      return file.why();
    return std::unique_ptr<ring_file>{std::make_unique<drilled_ring>(std::move(*file), by_)};
  }

  engine_stats stats() const override { return disk_->stats(); }
  std::string where() const override { return disk_->where(); }

private:
  std::unique_ptr<engine> disk_;
  std::shared_ptr<disk_drill> by_;
  status refused_; ///< since a commit was
};

} // namespace

void disk_drill::slow(milliseconds length, milliseconds by) {
  std::lock_guard lock{mutex_};
  slow_until_ = clock::now() + length;
  by_ = by;
  met_ = {};
}

void disk_drill::fill(milliseconds length) {
  std::lock_guard lock{mutex_};
  full_until_ = clock::now() + length;
  met_ = {};
}

void disk_drill::end() {
  {
    std::lock_guard lock{mutex_};
    slow_until_ = full_until_ = {};
  }
  changed_.notify_all();
}

disk_drill::tally disk_drill::met() const {
  std::lock_guard lock{mutex_};
  return met_;
}

void disk_drill::wait(std::unique_lock<std::mutex>& lock) {
  const auto now = clock::now();
  if (now >= slow_until_)
    return;
  ++met_.slowed;
  changed_.wait_until(lock, now + by_, [&] { return slow_until_ == clock::time_point{}; });
}

status disk_drill::write() {
  std::unique_lock lock{mutex_};
  wait(lock);
  const auto left = std::chrono::ceil<milliseconds>(full_until_ - clock::now());
  if (left.count() <= 0)
    return {};
  ++met_.refused;
  return error{errc::disk_full, fmt::format("a drill says so, for {} ms more", left.count())};
}

void disk_drill::write_in_place() {
  std::unique_lock lock{mutex_};
  wait(lock);
}

std::unique_ptr<engine> drillable(std::unique_ptr<engine> disk, std::shared_ptr<disk_drill> by) {
  return std::make_unique<drilled_engine>(std::move(disk), std::move(by));
}

} // namespace troupe::storage
