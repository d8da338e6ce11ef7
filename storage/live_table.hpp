#pragma once

#include "config/model/reading.hpp"
#include "storage/edge_tail.hpp"

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
/// bus between channels, rules, consoles and gateways. Latest value only, and a
/// short tail of the edges of digital ones; so its size is bounded by the
/// number of names and `most_edges` (I11).
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
    /// Of the count of changes: see `edge_position`. Given by the owner's table.
    std::uint64_t run = 0;
  };

  /// Edges of all names together, 8 MiB: 26,000 a second for 10 s. At the bound
  /// a name loses its own older ones, and rules see them merged.
  static constexpr std::size_t most_edges = 1 << 18;

  /// @param clocks gives edges their age; outlives the table
  explicit live_table(const clock_source& clocks = system_clocks());

  /// Makes the reading the present one and wakes the watchers of `name` and of
  /// everything. Watchers of a name hear `origin::change` and
  /// `origin::restore` and changes of quality, not mere refreshes. A change of a
  /// digital value that may be trusted is an edge.
  void publish(const std::string& name, const reading& now, story why = {});

  /// Shows what another node measured, as `publish` does.
  /// @param edges those that it told with it, the oldest first, `at` by this
  ///              node's clock; known ones are no news
  /// @pre `x.node` is not empty
  /// @returns false if this node, or a third one, shows that name already: the
  ///          first holder keeps it until it goes, or its node is lost. Rules
  ///          ("rule/...") move: of two other nodes the newest word counts.
  bool publish_from(row x, std::span<const edge> edges = {});

  /// Forgets what `node` showed under this name; nothing if it is not that
  /// node's.
  void remove_from(const std::string& node, const std::string& name);

  /// Static facts for consoles; kept until `remove`.
  void describe(const std::string& name, std::string unit);

  /// Forgets the name; its watchers are woken and then read nothing.
  void remove(const std::string& name);

  [[nodiscard]] std::optional<reading> get(const std::string& name) const;
  [[nodiscard]] std::optional<row> find(const std::string& name) const;

  /// The edges of the name after this position; of another run, all that are
  /// kept. They may be newer than a row that was found before.
  [[nodiscard]] std::vector<edge> edges_since(const std::string& name, const edge_position& after) const;

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
    edge_tail edges;
  };

  std::vector<std::shared_ptr<watcher>> show(cell& in, const reading& now, story why);
  std::vector<std::shared_ptr<watcher>> forget(std::unordered_map<std::string, cell>::iterator at);
  void note_edge(cell& in, const edge& x);
  void drop_edges(cell& in);
  void expire_all(mono_ns now);
  static void wake(std::vector<std::shared_ptr<watcher>>& whom, const std::string& name);
  static std::vector<std::shared_ptr<watcher>>
  living(std::vector<std::weak_ptr<watcher>>& all);

  const clock_source& clocks_;
  mutable std::mutex mutex_;
  std::uint64_t last_run_;
  std::size_t edges_ = 0; ///< of all cells
  mono_ns expired_at_ = 0;
  std::unordered_map<std::string, cell> cells_;
  std::vector<std::weak_ptr<watcher>> of_all_;
};

} // namespace troupe::storage
