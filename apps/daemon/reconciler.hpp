#pragma once

#include "actors/supervision/unit.hpp"
#include "apps/daemon/desired.hpp"
#include "apps/daemon/workshop.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::daemon {

/// To RECONCILER: make what runs equal to what is desired. Answered with
/// `reconciled` when it is; several requests at once share one pass.
using reconcile_atom = caf::atom_constant<caf::atom("reconcile")>;

/// What a pass did, and what it could not do: those things do not run, the
/// rest does.
struct reconciled {
  std::vector<std::string> done;
  std::vector<std::string> failed; ///< "channel lamp: why"
};

/// What runs now, as documents. Outlives the reconciler's incarnations.
struct running_things {
  std::mutex mutex;
  std::vector<document> documents;
};

/// RECONCILER: starts, replaces and stops children of the section supervisors
/// until they match the desired documents. Touches only what differs; a
/// changed thing is removed and added, everything else goes on.
///
/// Detached: it waits for ordered stops. Woken by `reconcile_atom` and by every
/// change under `desired/`, so that one day another node's write does the same.
[[nodiscard]] make_unit make_reconciler(services& all, desired& wanted, workshop& makers,
                                        std::shared_ptr<running_things> running);

} // namespace troupe::daemon

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::daemon::reconciled)
