#pragma once

#include "storage/engine.hpp"
#include "storage/layout.hpp"
#include "storage/ring.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace troupe::test {

/// A disk of the simulator: outlives the process that uses it, fails as told.
/// What it may do to a program: refuse a commit and perhaps bring it back at the
/// next open, be full, be found damaged, forget the last commits although it
/// said that they are safe, be replaced by an empty one or by an older copy.
class sim_disk {
public:
  using table = std::map<std::string, std::string, std::less<>>;
  struct image {
    std::array<table, storage::family_count> tables;
    std::map<std::string, std::string> rings;
  };

  image now;
  unsigned fail_commits = 0;     ///< so many of the next fail
  bool failed_comes_back = false;
  bool failed_damages = false;   ///< and the next open finds it damaged
  bool full = false;             ///< refuses all commits and opens for writing
  bool damaged = false;          ///< the next open finds it so
  bool moved_aside = false;      ///< a store gave it up since this was last looked at
  std::function<void()> in_commit; ///< runs before a commit counts: the machine goes on meanwhile

  /// Seq of a stream that rests here, by the version vector here.
  [[nodiscard]] std::uint64_t holds(const storage::stream_id& of) const {
    const auto& meta = at(storage::family::meta);
    const auto found = meta.find(storage::layout::stream_key(storage::layout::seen_prefix, of));
    return found == meta.end() ? 0 : storage::byte_reader{found->second}.u64();
  }

  /// As if the last `commits` had never happened: a disk that lies about syncs.
  void forget(std::size_t commits) {
    for (; commits > 0 && !undo_.empty(); --commits) {
      for (auto i = undo_.back().rbegin(); i != undo_.back().rend(); ++i)
        apply(*i);
      undo_.pop_back();
    }
    lost_.reset();
  }
  void move_aside() {
    now.tables = {};
    moved_aside = true;
    undo_.clear();
    lost_.reset();
  }
  void wipe() {
    now = {};
    undo_.clear();
    lost_.reset();
  }
  void restore(const image& old) {
    now = old;
    undo_.clear();
    lost_.reset();
  }

  // --- for the engine ---
  status open(storage::access mode) {
    if (damaged) {
      damaged = false;
      return error{errc::corrupt, "simulated damage"};
    }
    if (full && mode == storage::access::read_write)
      return error{errc::disk_full, "simulated: full"};
    // Also for who only reads: a write-ahead log is read the same way by both.
    if (lost_) {
      commit_now(*lost_);
      lost_.reset();
    }
    return {};
  }
  status commit(const storage::batch& changes) {
    if (full)
      return error{errc::disk_full, "simulated: full"};
    if (fail_commits > 0) {
      --fail_commits;
      if (failed_comes_back)
        lost_ = changes;
      damaged = damaged || failed_damages;
      return error{errc::io_error, "simulated: I/O error"};
    }
    commit_now(changes);
    return {};
  }
  [[nodiscard]] const table& at(storage::family x) const {
    return now.tables[static_cast<std::size_t>(x)];
  }

private:
  static constexpr std::size_t remembered = 6;

  void commit_now(const storage::batch& changes) {
    std::vector<storage::batch::op> before;
    for (const auto& op : changes.ops()) {
      const auto& t = at(op.where);
      const auto held = t.find(op.key);
      before.push_back({op.where, op.key, held == t.end() ? std::nullopt : std::optional{held->second}});
      apply(op);
    }
    undo_.push_back(std::move(before));
    if (undo_.size() > remembered)
      undo_.pop_front();
  }
  void apply(const storage::batch::op& op) {
    auto& t = now.tables[static_cast<std::size_t>(op.where)];
    if (op.value)
      t[op.key] = *op.value;
    else
      t.erase(op.key);
  }

  std::deque<std::vector<storage::batch::op>> undo_; ///< newest last
  std::optional<storage::batch> lost_;
};

/// The engine contract over a `sim_disk`. When `*powered` turns false, nothing
/// that the process still does reaches the disk.
class sim_engine final : public storage::engine {
public:
  sim_engine(std::shared_ptr<sim_disk> disk, std::shared_ptr<const bool> powered)
    : disk_(std::move(disk)), powered_(std::move(powered)) {}

  status open(storage::access mode) override {
    failed_ = false;
    return disk_->open(mode);
  }
  status commit(const storage::batch& changes, bool) override {
    if (failed_)
      return error{errc::io_error, "simulated: refuses all until reopened"};
    if (*powered_ && disk_->in_commit)
      disk_->in_commit();
    if (!*powered_)
      return error{errc::io_error, "no power"};
    ++commits_;
    auto ok = disk_->commit(changes);
    failed_ = !ok;
    return ok;
  }
  status scan(storage::family where, std::string_view prefix, const visitor& each) override {
    const auto& t = disk_->at(where);
    for (auto i = t.lower_bound(prefix); i != t.end() && i->first.starts_with(prefix); ++i)
      each(i->first, i->second);
    return {};
  }
  status verify() override { return {}; }
  status close() override { return {}; }
  result<std::string> move_aside() override {
    disk_->move_aside();
    return std::string{"aside"};
  }
  result<std::unique_ptr<storage::ring_file>> open_ring(const std::string& path) override {
    return std::unique_ptr<storage::ring_file>{std::make_unique<ring>(disk_, powered_, path)};
  }
  storage::engine_stats stats() const override { return {commits_, 0}; }
  std::string where() const override { return "simulated disk"; }

private:
  class ring final : public storage::ring_file {
  public:
    ring(std::shared_ptr<sim_disk> disk, std::shared_ptr<const bool> powered, std::string path)
      : disk_(std::move(disk)), powered_(std::move(powered)), path_(std::move(path)) {}
    result<std::string> read() override { return disk_->now.rings[path_]; }
    status write(unsigned page, std::string_view bytes) override {
      if (!*powered_)
        return error{errc::io_error, "no power"};
      auto& all = disk_->now.rings[path_];
      all.resize(storage::ring_bytes);
      all.replace(page * storage::ring_page_bytes, bytes.size(), bytes);
      return {};
    }

  private:
    std::shared_ptr<sim_disk> disk_;
    std::shared_ptr<const bool> powered_;
    std::string path_;
  };

  std::shared_ptr<sim_disk> disk_;
  std::shared_ptr<const bool> powered_;
  bool failed_ = false;
  std::uint64_t commits_ = 0;
};

} // namespace troupe::test
