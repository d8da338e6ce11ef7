#pragma once

#include "config/model/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

/// Column families. What is in them: docs/formats/store.md.
enum class family : std::uint8_t { slot, byseq, jrn, meta };
inline constexpr std::size_t family_count = 4;

/// Changes that become durable together or not at all.
class batch {
public:
  struct op {
    family where;
    std::string key;
    std::optional<std::string> value; ///< none: delete
  };

  void put(family where, std::string key, std::string value) {
    ops_.push_back({where, std::move(key), std::move(value)});
  }
  void erase(family where, std::string key) {
    ops_.push_back({where, std::move(key), {}});
  }

  [[nodiscard]] const std::vector<op>& ops() const noexcept { return ops_; }
  [[nodiscard]] bool empty() const noexcept { return ops_.empty(); }

private:
  std::vector<op> ops_;
};

/// The preallocated counter ring beside the database: fixed pages that are
/// written in place. Threads: one. Blocking: as long as the disk takes.
class ring_file {
public:
  virtual ~ring_file() = default;

  /// All pages, one after the other; missing ones read as zeros.
  [[nodiscard]] virtual result<std::string> read() = 0;

  /// Returns once the page is durable. Pages before and after stay intact
  /// whatever happens; this one may be torn by a power cut.
  [[nodiscard]] virtual status write(unsigned page, std::string_view bytes) = 0;
};

enum class access : std::uint8_t { read_write, read_only };

struct engine_stats {
  std::uint64_t commits = 0;
  std::uint64_t bytes = 0; ///< estimate of what reached the device, this process
};

/// Where batches rest. Storage's only view of a disk; the faulty one in
/// tests/support passes the same contract suite as RocksDB.
///
/// Threads:  one at a time, the store's; `stats` from any.
/// Blocking: as long as the disk takes.
/// Errors:   after a failed `commit` all further ones fail until the engine is
///           closed and opened again, and *the failed batch may come back*
///           with that open, whole. `errc::corrupt` is never reported as
///           "not there".
class engine {
public:
  virtual ~engine() = default;

  /// Makes the engine usable; also after `close`.
  /// @returns `errc::corrupt` if it cannot be trusted: move it aside.
  /// @returns `errc::busy` if another process has it.
  /// @returns `errc::disk_full`, `errc::io_error` if the disk refuses; reading
  ///          with `access::read_only` may still work.
  /// @returns `errc::not_found` for `read_only` where nothing was ever stored.
  [[nodiscard]] virtual status open(access mode) = 0;

  /// Applies the batch, all or nothing, in order after earlier ones.
  /// @param sync true: returns once it is durable
  [[nodiscard]] virtual status commit(const batch& changes, bool sync) = 0;

  /// Calls `each` for every entry whose key begins with `prefix`, in order of
  /// keys. The views end with the call.
  using visitor = std::function<void(std::string_view key, std::string_view value)>;
  [[nodiscard]] virtual status scan(family where, std::string_view prefix,
                                    const visitor& each) = 0;

  /// Reads everything once and checks its sums.
  [[nodiscard]] virtual status verify() = 0;

  /// Ends the use of the files; nothing that was synced is lost. Idempotent.
  virtual status close() = 0;

  /// Closes and puts the files out of the way, kept for inspection; the next
  /// `open` starts empty. Keeps a bounded number of such corpses.
  /// @returns where they are now
  [[nodiscard]] virtual result<std::string> move_aside() = 0;

  /// The ring file at `path`, made if it is missing.
  [[nodiscard]] virtual result<std::unique_ptr<ring_file>>
  open_ring(const std::string& path) = 0;

  [[nodiscard]] virtual engine_stats stats() const = 0;

  /// For people: the path.
  [[nodiscard]] virtual std::string where() const = 0;
};

} // namespace troupe::storage
