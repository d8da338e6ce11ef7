#pragma once

#include "actors/bus/desk.hpp"
#include "actors/protocol/services.hpp"
#include "actors/supervision/unit.hpp"
#include "config/model/house.hpp"
#include "drivers/bus.hpp"

#include <functional>
#include <memory>

namespace troupe {

/// `drivers::open_bus` in the daemon, a fake in tests.
using open_bus_fn = std::function<result<std::unique_ptr<drivers::bus>>(const bus_config&)>;

struct bus_options {
  int realtime_priority = 0; ///< SCHED_FIFO of the bus thread; 0: normal
};

/// BUS: the only one who calls a driver. Spawn it detached (`spec.detached`),
/// with `answer_within` = `config.call_timeout`: a driver call that hangs
/// longer is found by the supervision, the actor is replaced, and the new one
/// opens the bus again.
///
/// `desk` must have been made for this bus and outlives the unit; channels
/// attach to it before or after, in any order.
/// Messages: `wake_atom` (internal), `view_bus`.
[[nodiscard]] make_unit make_bus(services& all, std::shared_ptr<bus_desk> desk,
                                 bus_config config, open_bus_fn open,
                                 bus_options options = {});

/// For `child_spec::on_quarantine` of a bus: its channels say bus_lost.
[[nodiscard]] std::function<void(bool)> bus_quarantine(std::shared_ptr<bus_desk> desk);

} // namespace troupe
