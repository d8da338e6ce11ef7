#pragma once

#include "actors/bus/desk.hpp"
#include "actors/protocol/services.hpp"
#include "actors/supervision/unit.hpp"
#include "config/model/house.hpp"

#include <functional>
#include <memory>

namespace troupe {

/// COUNTER: turns the pulses of one line into a total that survives restarts,
/// told as `config.name`, and a rate, told as `config.name` + "/rate" when
/// `config.rate_unit` is set.
/// Messages: `wake_atom` and `total_stored` (internal), `set_total`,
/// `view_counter`.
[[nodiscard]] make_unit make_counter(services& all, std::shared_ptr<bus_desk> desk,
                                     counter_config config);

/// For `child_spec::on_quarantine`: the total turns bad; pulses go on being
/// counted below it.
[[nodiscard]] std::function<void(bool)> counter_quarantine(services& all,
                                                           counter_config config);

} // namespace troupe
