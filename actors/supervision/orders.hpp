#pragma once

#include "actors/supervision/core.hpp"
#include "config/model/result.hpp"

#include <caf/all.hpp>

#include <string>

namespace troupe::supervision {

/// INTERNAL: from a supervisor, the sweep or a timer to an actor of the tree.
struct order {
  enum class kind : std::uint8_t {
    start, stop, quarantine, quit,
    ping,  ///< answered in the vitals
    wake,  ///< look at your timers
    hang,  ///< drill: sit in the next handling for `number` ns
  };
  kind what;
  mono_ns number = 0;
  std::string text = {};
};

/// INTERNAL: from an actor of the tree to its supervisor.
struct notice {
  enum class kind : std::uint8_t {
    started, ended, stopped,
    hung,     ///< from the sweep
    answered, ///< from the sweep: was marked hung
  };
  kind what;
  child_key child = 0;
  caf::actor_id from = 0; ///< so that a predecessor's words are not its successor's
  end how = end::normal;
  bool back_up = false;
  std::string text = {};
  mono_ns number = 0; ///< ended with back_up: how long nobody served
};

/// To a supervisor: a new child, at the end of its list.
/// Answers `outcome` when its first start has succeeded or failed; failed, it
/// stays in the list and is tried again.
struct add_child {
  child_spec spec;
};

/// To a supervisor, about one of its children. Answers `outcome`:
/// remove: when it is gone · restart, kill, release: when it runs again, or
/// why not · quarantine: when it is in it · hang: when the drill is on its way.
struct child_order {
  enum class kind : std::uint8_t { remove, restart, kill, quarantine, release, hang };
  kind what;
  std::string id;
  milliseconds length{0}; ///< hang
};

/// To any worker of the tree: answers a `std::string`, its `unit::state()` as
/// JSON, also while it waits or is quarantined (then an empty object).
struct view_state {};

struct outcome {
  errc code = errc::none;
  std::string text = {};
};

const char* to_string(child_order::kind x) noexcept;

} // namespace troupe::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::add_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::child_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision::view_state)
