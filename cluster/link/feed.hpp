#pragma once

#include "cluster/link/messages.hpp"
#include "cluster/link/window.hpp"
#include "config/model/lending_mutex.hpp"
#include "config/model/time.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace troupe::cluster {

/// FEED: what one peer has still to hear of our present values.
///
/// Latest value only: a name is queued once however often it changes, so the
/// queue is bounded by the number of names, and at most `batches` batches are
/// under way (I11). A peer that takes nothing costs that and no more; when it
/// takes again, it gets the present, and of the past what the live table keeps
/// of edges: each of them once over one link, all of them over a new one.
///
/// An open window sends on the thread that made the news, with no hand-over.
/// Threads: any.
class feed {
public:
  static constexpr std::uint64_t batches = 4;
  static constexpr std::size_t batch_rows = 256;
  static constexpr std::size_t batch_bytes = 64 << 10;

  /// Must not block; called under the feed's lock, so that batches keep order.
  using send_fn = std::function<void(reading_batch)>;

  /// @param incarnation_of  of the actor behind a name; see `far_row`
  using incarnation_fn = std::function<std::uint32_t(const std::string& name)>;
  feed(const storage::live_table& live, const clock_source& clocks, send_fn send,
       incarnation_fn incarnation_of = {});

  /// The whole picture, now. Once, before anything else.
  void begin();
  /// `name` has news.
  void changed(const std::string& name);
  /// `name` was only measured again: sent along with news, or by `breathe`.
  void refreshed(const std::string& name);
  /// Sends what waits though it is no news. About once a second.
  void breathe();
  void taken(std::uint64_t seq);

  [[nodiscard]] std::size_t waiting() const;

private:
  void queue(const std::string& name);
  void flush(bool also_lazy);
  [[nodiscard]] std::vector<far_edge> edges_of(const storage::live_table::row& row, mono_ns now);
  [[nodiscard]] reading_batch next();

  struct told {
    storage::edge_position upto;
    mono_ns at = 0;
  };

  const storage::live_table& live_;
  const clock_source& clocks_;
  send_fn send_;
  incarnation_fn incarnation_of_;
  mutable lending_mutex mutex_; ///< held while a batch is written to the socket: batches keep their order
  window window_{batches};
  std::deque<std::string> due_;
  std::unordered_set<std::string> queued_; ///< names in `due_`
  std::unordered_set<std::string> lazy_;
  /// Names whose edges went lately. Of others all edges are too old to go again.
  std::unordered_map<std::string, told> told_;
  std::size_t picture_left_ = 0; ///< of `due_`: names of the whole picture
  bool picture_begun_ = true;
  bool begun_ = false;
  bool urgent_ = false; ///< something in `due_` is news
};

} // namespace troupe::cluster
