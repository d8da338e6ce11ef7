#pragma once

#include "config/model/reading.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::storage {

/// One step of the story behind a value: which thing did what, and when.
struct step {
  std::string kind; ///< "input", "rule", "operator", "timer", "output", ...
  std::string name; ///< "hall/button", "rule/hall-light"
  std::string text; ///< "off -> on", "line 3: set hall/lamp on"
  wall_ms at = 0;

  friend bool operator==(const step&, const step&) = default;
};

/// The story behind a change, from the first step to the last. Shared, never
/// changed once made.
using story = std::shared_ptr<const std::vector<step>>;

/// Who wants to hear of changes. Called on the publisher's thread, outside all
/// locks: only note and wake, never block or throw.
class watcher {
public:
  virtual ~watcher() = default;
  virtual void on_change(const std::string& name) noexcept = 0;
};

/// LIVE entries: the present value of everything that has a name, in RAM. The
/// bus between channels, rules, consoles and gateways. Latest value only, so
/// that its size is bounded by the number of names (I11).
///
/// Threads: any. Reads and writes take one short lock; nothing here waits for
/// a disk (I9).
class live_table {
public:
  struct row {
    std::string name;
    reading now;
    story why;          ///< of the last change
    std::string unit;
    std::string node;   ///< whose it is; empty: this node's own
    /// Of another node's: which start of its actor, in which run of that node,
    /// over which link. Another number: what it was told it has forgotten, or
    /// never heard. 0: no actor.
    std::uint32_t incarnation = 0;
  };

  /// Makes the reading the present one and wakes the watchers of `name` and of
  /// everything. Watchers of a name hear `origin::change` and
  /// `origin::restore` and changes of quality, not mere refreshes.
  void publish(const std::string& name, const reading& now, story why = {});

  /// Shows what another node measured, as `publish` does.
  /// @pre `x.node` is not empty
  /// @returns false if this node, or a third one, shows that name already: the
  ///          first holder keeps it until it goes, or its node is lost.
  bool publish_from(row x);

  /// Forgets what `node` showed under this name; nothing if it is not that
  /// node's.
  void remove_from(const std::string& node, const std::string& name);

  /// Static facts for consoles; kept until `remove`.
  void describe(const std::string& name, std::string unit);

  /// Forgets the name; its watchers are woken and then read nothing.
  void remove(const std::string& name);

  [[nodiscard]] std::optional<reading> get(const std::string& name) const;
  [[nodiscard]] std::optional<row> find(const std::string& name) const;

  /// Rows whose name begins with `prefix`, ordered by name.
  [[nodiscard]] std::vector<row> list(const std::string& prefix = {}) const;

  /// Watches one name, also one that does not exist yet; the empty name
  /// watches everything, refreshes included. Weak: ends with the watcher.
  void watch(const std::string& name, const std::shared_ptr<watcher>& who);
  void unwatch(const std::string& name, const std::shared_ptr<watcher>& who);

private:
  struct cell {
    row content;
    bool present = false;
    std::vector<std::weak_ptr<watcher>> watchers;
  };

  std::vector<std::shared_ptr<watcher>> show(cell& in, const reading& now, story why);
  std::vector<std::shared_ptr<watcher>> forget(std::unordered_map<std::string, cell>::iterator at);
  static void wake(std::vector<std::shared_ptr<watcher>>& whom, const std::string& name);
  static std::vector<std::shared_ptr<watcher>>
  living(std::vector<std::weak_ptr<watcher>>& all);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, cell> cells_;
  std::vector<std::weak_ptr<watcher>> of_all_;
};

} // namespace troupe::storage
