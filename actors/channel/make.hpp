#pragma once

#include "actors/bus/desk.hpp"
#include "actors/protocol/services.hpp"
#include "actors/supervision/unit.hpp"
#include "config/model/house.hpp"

#include <functional>
#include <memory>

namespace troupe {

/// INPUT: turns one line into readings of `config.name` in the live table.
/// Messages: `wake_atom` (internal), `force_value`, `view_input`.
[[nodiscard]] make_unit make_input(services& all, std::shared_ptr<bus_desk> desk,
                                   channel_config config);

/// OUTPUT: the only writer of one line; arbitrates all who want it.
/// Messages: `command`, `renewal`, `force_value`, `view_output`, `wake_atom`
/// (internal).
[[nodiscard]] make_unit make_output(services& all, std::shared_ptr<bus_desk> desk,
                                    channel_config config);

/// `make_input` or `make_output`, as `config.dir` says.
[[nodiscard]] make_unit make_channel(services& all, std::shared_ptr<bus_desk> desk,
                                     channel_config config);

/// What a removed channel left in the store: a namesake starts anew.
void forget_channel(storage::store& store, const std::string& name);

/// For `child_spec::on_quarantine`: the reading turns bad, an output goes to
/// its safe state at once.
[[nodiscard]] std::function<void(bool)>
channel_quarantine(services& all, std::shared_ptr<bus_desk> desk, channel_config config);

} // namespace troupe
