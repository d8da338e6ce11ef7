#pragma once

#include "actors/supervision/unit.hpp"
#include "cluster/link/member_table.hpp"
#include "cluster/link/wire.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

namespace troupe::cluster {

// --- what the wire tells the unit; inside one process only ---

struct link_is_up {
  std::string name;
  std::uint64_t incarnation = 0; ///< 0: not known yet; its first view says it
};
struct link_is_down {
  std::string name;
  std::string why;
  bool lost = false; ///< see `membership::on_link_down`
};
struct dial_failed {
  std::string name;
  std::string why;
  dial_end how = dial_end::turned_away;
};
struct letter_came {
  std::string from; ///< proved by the link
  membership_message what;
};
struct node_found {
  std::string name;
  std::vector<std::string> addresses; ///< none: discovery sees it no more
};

/// Where this node is reached from now on; see `membership::moved`.
struct own_addresses {
  std::vector<std::string> are;
};

/// An operator's word. Answered with a text for people, or an error.
struct node_command {
  enum class kind : std::uint8_t { drain, undrain, leave, approve, remove };
  kind what = kind::drain;
  std::string name; ///< of `approve` and `remove`
  std::string who;  ///< the operator, for the journal
};

struct known_peer {
  std::string name;
  std::vector<std::string> addresses;
  std::uint32_t banned = 0; ///< as `member::banned`, of an earlier run
  std::string told_by = {}; ///< hearsay of an earlier run, kept for `banned` alone
};

struct membership_setup {
  membership::options how;
  std::vector<known_peer> peers; ///< of node.toml and of earlier runs
};

/// MEMBERSHIP: the thin actor around `membership`; time, links and letters in,
/// effects out to the wire, the table and the journal.
///
/// Spawn it detached: a full scheduler queue must not make this node deaf, nor
/// silent. It waits for no disk (`store::append` does not, I9) and its wire
/// does not block.
///
/// A crash loses rumours and rounds of questions only: the next incarnation
/// takes the links that stand and the members that the table shows, with the
/// standing of each judged anew.
///
/// `disk`, `clocks`, `net` and `table` outlive it.
[[nodiscard]] make_unit make_membership_unit(membership_setup setup, wire& net, member_table& table,
                                             storage::store& disk, const clock_source& clocks);

} // namespace troupe::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::link_is_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::link_is_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::dial_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::letter_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::node_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::own_addresses)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::node_command)
