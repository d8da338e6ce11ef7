#pragma once

#include "actors/supervision/house.hpp"
#include "actors/supervision/orders.hpp"

#include <caf/actor_system.hpp>
#include <nlohmann/json.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::supervision {

/// A running supervision tree. Threads: any, except inside an actor of this
/// tree for the calls that wait. Destroy it before the actor system.
class root {
public:
  ~root(); ///< stops within five seconds if `stop` was not called

  root(const root&) = delete;
  root& operator=(const root&) = delete;

  /// Adds a child to a supervisor, at the end of its list, and waits for its
  /// first start.
  status add(const std::string& supervisor, child_spec spec,
             milliseconds within = milliseconds{5000});

  /// remove, restart, kill, quarantine, release, hang: see `child_order`.
  /// @returns `errc::not_found` if nobody has the name.
  status act(const std::string& child, child_order::kind what,
             milliseconds hang = milliseconds{0}, milliseconds within = milliseconds{5000});

  [[nodiscard]] nlohmann::json tree() const;
  [[nodiscard]] nlohmann::json list() const;
  /// One row of it; an empty object if nobody has the name.
  [[nodiscard]] nlohmann::json one(const std::string& actor) const;
  /// Newest first; empty if it never failed.
  [[nodiscard]] nlohmann::json post_mortems(const std::string& actor) const;

  /// Lets every supervised actor's messages be shown (`report::tapped`).
  /// @returns false if nobody has the name.
  bool tap(const std::string& actor, bool on);

  /// When the root last looked after everybody. Feed the hardware watchdog
  /// while it is recent: then the scheduler and the clock work.
  [[nodiscard]] mono_ns swept_at() const { return house_->swept_at.load(); }

  /// The reason, once the whole tree has failed: the process is to end with it.
  [[nodiscard]] std::optional<std::string> failure() const;

  /// Waits until the tree has ended by itself. @returns false at the limit.
  bool wait(milliseconds within) const;

  /// Stops children last to first, each within its `stop_within`, and waits.
  ///
  /// @returns `errc::timed_out` with the names of those that did not end, as a
  /// rule detached ones in a blocking call. `~actor_system` would wait for
  /// them: leave by `std::_Exit`.
  status stop(milliseconds within);

  [[nodiscard]] caf::actor handle() const;

private:
  friend std::unique_ptr<root> start_root(caf::actor_system&, child_spec, report&, directory&,
                                          const clock_source&,
                                          std::function<void(const std::string&)>, limits);
  root(caf::actor_system& system, report& told, directory& names, const clock_source& clocks,
       limits bounds);
  [[nodiscard]] mono_ns now() const;
  template <class T>
  status ask(const caf::actor& whom, milliseconds within, T what);

  caf::actor_system& system_;
  std::string id_;
  std::unique_ptr<house> house_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  caf::actor top_;
  bool over_ = false;
  std::string why_;
  std::function<void(const std::string&)> failed_;
};

/// Starts the tree under `spec` (a supervisor), top-down; returns at once, the
/// children start behind it. `report`, `names` and `clocks` outlive the root.
///
/// @param failed called once, on an actor's thread, when the whole tree has
/// failed; end the process with that reason, it is the one from the bottom.
[[nodiscard]] std::unique_ptr<root>
start_root(caf::actor_system& system, child_spec spec, report& told, directory& names,
           const clock_source& clocks = system_clocks(),
           std::function<void(const std::string&)> failed = {}, limits bounds = {});

} // namespace troupe::supervision
