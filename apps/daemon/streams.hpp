#pragma once

#include "actors/supervision/directory.hpp"
#include "actors/supervision/unit.hpp"
#include "apps/control/event_queue.hpp"
#include "apps/daemon/catalog.hpp"
#include "storage/live_table.hpp"
#include "storage/store.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace troupe::daemon {

/// Live views: changes of readings, entries of the journal, messages of an
/// actor. A stream is pushed by whoever makes the news and read by the control
/// interface; the queue between them is bounded (I11).
///
/// A tap ends by itself 3 seconds after its last reader has left and costs its
/// actor one relaxed load a message while nobody looks.
///
/// Threads: any.
class streams {
public:
  using queue = std::shared_ptr<control::event_queue>;
  static constexpr std::chrono::seconds tap_linger{3};

  streams(storage::live_table& live, storage::store& disk, directory& names,
          const catalog& people, const clock_source& clocks);
  ~streams();
  streams(const streams&) = delete;
  streams& operator=(const streams&) = delete;

  /// Readings whose name begins with `prefix`: all of them now, then each
  /// change as it comes.
  queue watch(const std::string& prefix);

  /// Journal entries as they are appended.
  queue log(const storage::journal_query& query);

  /// The messages of an actor as it handles them.
  /// @returns `not_found` if nobody has that name.
  result<queue> tap(const std::string& actor);

  /// A tapped actor handles a message: from `supervision::report::tapped`.
  void tapped(const std::string& actor, const std::string& message);

  /// Ends the taps whose last reader left `tap_linger` ago.
  /// @returns true if some wait for that.
  bool end_taps();

  /// Every reader hears that the node stops.
  void end_all(const std::string& why);

  /// Entries of a log say whose they are. Before the first reader.
  void name_nodes(std::function<std::string(std::uint64_t hash)> name_of) { name_of_ = std::move(name_of); }

private:
  class watching;
  struct tap_point {
    std::vector<queue> readers;
    std::shared_ptr<vitals> life;
    mono_ns left_at = 0; ///< when the last reader left; 0 while there is one
  };

  void forget(control::event_queue* reader);
  void untap(const std::string& actor, const tap_point& point) const;

  storage::live_table& live_;
  storage::store& disk_;
  std::function<std::string(std::uint64_t)> name_of_;
  directory& names_;
  const catalog& people_;
  const clock_source& clocks_;
  std::mutex mutex_;
  std::set<std::shared_ptr<watching>> watches_;
  std::map<const control::event_queue*, std::shared_ptr<void>> logs_;
  std::set<queue> open_;
  std::map<std::string, tap_point> taps_;
};

/// TAPS: looks after `tap_linger` whether a tap has to end. Idle but for then.
[[nodiscard]] make_unit make_tap_keeper(streams& of);

} // namespace troupe::daemon
