#pragma once

#include "actors/protocol/services.hpp"
#include "apps/control/node_api.hpp"
#include "apps/daemon/drill_book.hpp"
#include "apps/daemon/drill_report.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
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
  };

  drill_desk(services& all, std::string self) : all_(all), self_(std::move(self)), book_(all.store) {}
  ~drill_desk() { close(); }

  void open(parts with);
  void close(); ///< breaks off what runs

  /// {"id", "driver", "title", "limit_ms", "doubts": [...]}; with "check": only looks.
  [[nodiscard]] result<json> start(const control::caller& who, const json& body);
  [[nodiscard]] json list() const;
  [[nodiscard]] result<json> find(const std::string& id) const;
  [[nodiscard]] result<json> abort(const control::caller& who, const std::string& id);

private:
  /// Other nodes' clocks by this one's: what their journals say is put in order with it.
  struct clock_map {
    mono_ns mono = 0;
    wall_ms wall = 0;
    mono_ns round_trip = 0;
  };

  [[nodiscard]] drill_picture look() const;
  [[nodiscard]] std::string running_title() const;
  [[nodiscard]] json shown(json report) const;
  void drive(const drill_plan& plan, const control::caller& who, std::vector<drill_picture::rule> concerned);
  void drive_through(const drill_plan& plan, const control::caller& who, drill_seen& seen);
  [[nodiscard]] std::map<std::string, clock_map> clocks() const;
  [[nodiscard]] std::map<std::string, double> totals() const;
  [[nodiscard]] status break_it(const drill_plan& plan, const control::caller& who, drill_seen& seen);
  void heal(const drill_plan& plan, const control::caller& who);
  [[nodiscard]] std::vector<drill_fact> journals(const drill_seen& seen, const std::map<std::string, clock_map>& by) const;
  [[nodiscard]] result<json> at_node(const std::string& node, const control::caller& who, const json& body);
  /// @returns false if the drill is to end
  bool wait(milliseconds length);
  void progress(const char* phase, const std::string& text);
  void journal(storage::severity level, const std::string& subject, const std::string& text, const std::string& who);

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
};

} // namespace troupe::daemon
