#pragma once

#include "actors/protocol/services.hpp"
#include "apps/control/node_api.hpp"
#include "apps/daemon/drill_book.hpp"
#include "apps/daemon/drill_report.hpp"
#include "apps/daemon/drill_schedule.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::daemon {

/// DRILLS that this node drives: looks whether the house is whole, has the target
/// do its fault, watches how the house takes it, writes a report.
///
/// It holds nothing that a fault depends on: when this node dies meanwhile, the
/// fault ends by itself (drill_hand.hpp), and the drill counts as abandoned.
///
/// Threads: any; a drill runs on one of its own. `close` before the control
/// interfaces end.
class drill_desk {
public:
  using json = nlohmann::json;
  struct parts {
    control::node_api* house = nullptr; ///< what the whole house shows
    control::node_api* here = nullptr;  ///< this node
    /// A call at another node. Empty: there is none.
    std::function<result<json>(const std::string& node, const control::caller& who, const std::string& method, const std::string& path,
                               const json& body)> ask;
    std::function<bool()> is_broken; ///< a fault of a drill lasts here; empty: never
  };

  drill_desk(services& all, std::string self);
  ~drill_desk() { close(); }

  void open(parts with);
  void close(); ///< breaks off what runs

  /// {"id", "driver", "title", "limit_ms", "doubts": [...]}; with "check": only looks.
  [[nodiscard]] result<json> start(const control::caller& who, const json& body);
  [[nodiscard]] json list() const;
  [[nodiscard]] result<json> find(const std::string& id) const;
  [[nodiscard]] result<json> abort(const control::caller& who, const std::string& id);

  // --- for drill_schedule ---

  /// @returns false if another drill runs: later. Whatever else speaks against it
  ///          is told, in the journal and in the book: it is not made then.
  bool begin(const drill_config& what, wall_ms due);
  /// It could not begin for too long.
  void miss(const drill_config& what, wall_ms due);
  [[nodiscard]] std::vector<configured_drill> configured() const;
  [[nodiscard]] std::vector<std::string> living() const; ///< nodes, this one included
  /// Has any node made it, or told why not?
  [[nodiscard]] bool is_done(const std::string& schedule, wall_ms due) const;

private:
  static constexpr milliseconds ahead{250};        ///< a fault is ordered, so that the answer comes before it
  static constexpr milliseconds least_watch{3000}; ///< a takeover of a slow rule, and what it writes
  static constexpr milliseconds hang_watch{11'000}; ///< an actor that hangs does so for 10 s
  static constexpr milliseconds journals_after{1200}; ///< lines come to the journal within this

  /// Other nodes' clocks by this one's: what their journals say is put in order with it.
  struct clock_map {
    mono_ns mono = 0; ///< 0: it did not say
    wall_ms wall = 0;
    mono_ns round_trip = 0;
  };

  // drill_look.cpp
  [[nodiscard]] std::vector<configured_drill> read_configured() const;
  [[nodiscard]] drill_picture look() const;
  [[nodiscard]] std::string running_title() const;
  [[nodiscard]] clock_map clock_of(const std::string& node) const;
  [[nodiscard]] std::map<std::string, clock_map> clocks() const;
  [[nodiscard]] std::map<std::string, double> totals() const;

  [[nodiscard]] static milliseconds watch_of(const drill_plan& x) { return x.kind == drill_kind::hang_actor ? hang_watch : least_watch; }
  [[nodiscard]] drill_plan scheduled(const drill_config& what, wall_ms due) const;
  [[nodiscard]] bool is_open() const;
  [[nodiscard]] bool is_gone(const std::string& node) const; ///< no living node, and not one that is doubted
  [[nodiscard]] json shown(json report) const;
  [[nodiscard]] static json abandoned(json report);
  [[nodiscard]] static json unseen(json report);
  [[nodiscard]] json head_of(const drill_plan& plan, wall_ms at) const;
  [[nodiscard]] result<json> make(drill_plan plan, const control::caller& who, bool check_only);
  void refuse(const drill_plan& plan, const std::string& why);
  void journal(storage::severity level, const std::string& subject, const std::string& text, const std::string& who);

  // drill_drive.cpp
  void drive(const drill_plan& plan, const control::caller& who, drill_seen seen);
  void drive_through(const drill_plan& plan, const control::caller& who, drill_seen& seen);
  [[nodiscard]] status break_it(const drill_plan& plan, const control::caller& who, drill_seen& seen);
  [[nodiscard]] bool watch(const drill_plan& plan, const std::map<std::string, clock_map>& by, drill_seen& seen);
  void settle(const drill_plan& plan, bool goes_on, drill_seen& seen);
  /// @returns what the target says that its fault met
  json heal(const drill_plan& plan, const control::caller& who);
  [[nodiscard]] std::optional<milliseconds> clock_off(const drill_plan& plan, const std::map<std::string, clock_map>& by) const;
  [[nodiscard]] std::vector<drill_fact> journals(const drill_plan& plan, const drill_seen& seen, const std::map<std::string, clock_map>& by) const;
  [[nodiscard]] result<json> at_node(const std::string& node, const control::caller& who, const json& body);
  /// @returns false if the drill is to end
  bool wait(milliseconds length);
  void progress(const char* phase, const std::string& text);

  services& all_;
  const std::string self_;
  drill_book book_;
  parts parts_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string running_; ///< id of the drill that this node drives
  std::string phase_, phase_text_;
  std::string broken_off_by_; ///< who wants it to end
  std::mutex starting_;
  std::thread thread_;
  bool open_ = false;

  // Read again only after a document has changed: whoever looks does so every 2 s.
  const std::shared_ptr<std::atomic<bool>> changed_documents_ = std::make_shared<std::atomic<bool>>(true);
  std::shared_ptr<void> feed_; ///< sets it
  mutable std::mutex configured_mutex_;
  mutable std::vector<configured_drill> configured_;
};

} // namespace troupe::daemon
