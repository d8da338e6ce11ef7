#pragma once

#include "apps/daemon/exits.hpp"
#include "config/model/house.hpp"
#include "config/model/result.hpp"
#include "drivers/registry.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace troupe::daemon {

/// One running node: store, tables, actors, control interface.
///
/// Threads: start and stop from one thread. `on_end` is called from any thread
/// when the node wants to end: asked by an operator, or because supervision
/// gave up.
class node {
public:
  /// @param first_house text of a house.toml that an empty node begins with;
  ///        it is not looked at when the node has a house already
  struct options {
    node_config config;
    std::string first_house;
    std::string first_house_name;
    std::function<void(exit_code why)> on_end;
    /// Who opens buses; a bench puts its own hardware here.
    std::function<result<std::unique_ptr<drivers::bus>>(const bus_config&)> open_bus = drivers::open_bus;
  };

  explicit node(options how);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Opens the store, starts the tree and what is desired, listens.
  /// @returns why not, in words for the operator
  [[nodiscard]] status start();

  /// Ordered stop: control interface, rules, counters, channels, buses, store.
  /// @returns `timed_out` if something hung and was left behind; then the
  ///          process must end without waiting for threads (`_exit`).
  [[nodiscard]] status stop();

  /// Has the root of the tree looked after everybody so recently? Any thread.
  [[nodiscard]] bool alive(std::chrono::milliseconds within) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::daemon
