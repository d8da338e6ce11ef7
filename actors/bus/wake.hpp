#pragma once

#include "actors/bus/port.hpp"
#include "actors/protocol/channel.hpp"
#include "actors/supervision/directory.hpp"

namespace troupe {

/// Wakes whoever has the name at that moment, so that an actor that was
/// replaced is found and no handle outlives its system.
inline waker wake_by_name(const directory& names, std::string name) {
  return std::make_shared<const std::function<void()>>(
    [&names, name = std::move(name)] { names.send(name, wake_atom::value); });
}

} // namespace troupe
