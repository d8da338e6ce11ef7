#pragma once

#include "actors/bus/desk.hpp"
#include "actors/bus/make.hpp"
#include "actors/protocol/services.hpp"
#include "actors/supervision/spec.hpp"
#include "apps/daemon/catalog.hpp"
#include "apps/daemon/placement_desk.hpp"
#include "config/load/document.hpp"
#include "config/model/house.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::daemon {

/// Turns documents into children: the one place that knows which unit serves
/// which section.
///
/// Owns the desks, where a bus and its channels meet: a desk is made when its
/// name is first heard and stays as long as somebody holds it or is attached to
/// it, so that a replaced bus finds its channels and either may come first.
/// Threads: any.
class workshop {
public:
  workshop(services& all, const node_config& node, catalog& names, placement_desk& placing, open_bus_fn open);

  /// The supervisor under which a section's children live: "buses", ...
  [[nodiscard]] static std::string supervisor_of(const std::string& section);

  /// The address of the actor that a document becomes.
  [[nodiscard]] static std::string actor_of(const std::string& section, const std::string& name);

  /// @returns `invalid_argument` with the first problem of the document;
  ///          `permission_denied` for a driver that node.toml does not allow.
  [[nodiscard]] result<child_spec> make(const document& x);

  /// Takes over what a document says to people only (label, unit), without
  /// disturbing the thing itself.
  void rename(const document& x) { (void)make(x); }

  /// A thing that is removed or moves to another bus gives its line back: an
  /// output goes to its safe state first.
  void leave_bus(const document& was, const document* now);

  /// Forgets a removed thing: its line, its rows in the tables, what its rule
  /// had stored.
  /// @param moved another node has it now: what is stored of it is that node's
  void forget(const document& x, bool moved = false);

  [[nodiscard]] std::shared_ptr<bus_desk> desk(const std::string& bus);
  [[nodiscard]] std::size_t desks() const;

private:
  result<child_spec> make_bus_child(const document& x);
  result<child_spec> make_channel_child(const document& x);
  result<child_spec> make_counter_child(const document& x);
  result<child_spec> make_rule_child(const document& x);

  services& all_;
  const node_config& node_;
  catalog& names_;
  placement_desk& placing_;
  open_bus_fn open_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<bus_desk>> desks_;
};

} // namespace troupe::daemon
