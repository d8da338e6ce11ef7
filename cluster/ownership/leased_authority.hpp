#pragma once

#include "actors/protocol/services.hpp"
#include "actors/protocol/authority.hpp"
#include "cluster/ownership/activation.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::cluster {

/// The nodes that may run a rule now, best first. Threads: any.
using ranking_fn = std::function<std::vector<std::string>()>;

/// An `authority` that is leased by the outputs: the thin shell around
/// `activation`, which posts its letters by name.
[[nodiscard]] std::unique_ptr<authority>
lease_authority(activation::setup how, ranking_fn ranking, const directory& names);

} // namespace troupe::cluster
