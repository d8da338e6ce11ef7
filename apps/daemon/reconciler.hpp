#pragma once

#include "actors/supervision/unit.hpp"
#include "apps/daemon/desired.hpp"
#include "apps/daemon/placement_desk.hpp"
#include "apps/daemon/workshop.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::daemon {

/// To RECONCILER: make what runs equal to what is desired. Answered with
/// `reconciled` when it is.
using reconcile_atom = caf::atom_constant<caf::atom("reconcile")>;

/// What a pass could not do, and what earlier ones could not do either: those
/// things do not run, the rest does.
struct reconciled {
  std::map<std::string, std::string> failed; ///< "channel lamp" and why
};

/// What runs now, as documents, and what should but was refused. Outlives the
/// reconciler's incarnations.
struct running_things {
  struct refusal {
    document what;
    std::string why;
    wall_ms since = 0; ///< when that reason was first met
  };
  using refusals = std::map<std::string, refusal>; ///< by "channel lamp"

  std::mutex mutex;
  std::vector<document> documents;
  refusals refused;
};

/// RECONCILER: starts, replaces and stops children of the section supervisors
/// until they match the desired documents. Touches only what differs; a
/// changed thing is removed and added, everything else goes on. What was refused
/// is tried again at each pass and every `retry_refused`; it is journalled when
/// the reason is a new one.
///
/// Detached: it waits for ordered stops. Woken by `reconcile_atom` and by every
/// change of this node's documents, whichever node wrote it. What is desired here is
/// this node's documents, and roaming rules of all nodes as `placement_desk` says.
[[nodiscard]] make_unit make_reconciler(services& all, desired& wanted, workshop& makers,
                                        placement_desk& placing, std::shared_ptr<running_things> running);

} // namespace troupe::daemon

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::daemon::reconciled)
