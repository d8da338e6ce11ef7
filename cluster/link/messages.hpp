#pragma once

#include "actors/protocol/command.hpp"
#include "actors/protocol/inspect.hpp"
#include "config/model/reading.hpp"
#include "storage/live_table.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// What the gateways of two nodes tell each other; docs/formats/link.md. All of
// them are one-way: what must be answered carries an id, so that the end of a
// link ends every wait at once (a request of CAF would hang until its limit).
// Fields go over the wire in the order of `inspect`; `hello::protocol` counts
// changes of any of them.

namespace troupe::cluster {

constexpr std::uint32_t link_protocol = 4; ///< 2: `replica_frame`; 3: `far_row::edges`, `ownership_frame`, permits; 4: pulses

/// First message in both directions; nothing else is understood before it.
struct hello {
  std::uint32_t protocol = link_protocol;
  std::string node;
  std::string version;
  std::uint64_t incarnation = 0; ///< of the sender's process; larger is later
  mono_ns tick = 0;              ///< the sender's CLOCK_MONOTONIC
  caf::actor gateway;            ///< the sender's own
};

/// A `storage::edge` of the sender's.
struct far_edge {
  std::uint64_t changes = 0;
  std::int64_t age_ns = 0; ///< when it was sent: its clock means nothing elsewhere
  wall_ms wall = 0;
  bool on = false;
  quality grade = quality::good;
  reason why = reason::none;

  friend bool operator==(const far_edge&, const far_edge&) = default;
};

/// One present value of the sender's, and how it came to it.
struct far_row {
  std::string name;
  std::string unit;
  reading now;            ///< `measured_at` means nothing elsewhere; see `age_ns`
  std::int64_t age_ns = -1; ///< of the measurement when it was sent; -1: unknown
  std::uint32_t incarnation = 0; ///< of its actor and its node's run; see `live_table::row`
  std::vector<storage::step> story;
  std::uint64_t run = 0; ///< of the count of changes; see `storage::edge_position`
  /// Those since the last row of this name over this link; in a whole picture
  /// all that are kept. The oldest first; the receiver passes over what it has.
  std::vector<far_edge> edges;

  friend bool operator==(const far_row&, const far_row&) = default;
};

/// Present values that changed, latest only, with the edges between. The first one after a hello
/// begins a whole picture: what it and its successors up to `whole` do not
/// name is gone.
struct reading_batch {
  enum class place : std::uint8_t { news, first, middle, last, only };
  std::uint64_t seq = 0;
  place is = place::news;
  std::vector<far_row> rows;
  std::vector<std::string> gone;
};

/// Every batch up to `seq` was taken; so many more may be sent.
struct batch_taken {
  std::uint64_t seq = 0;
};

/// A message to an output of the receiver, by name. What rules and operators
/// say to outputs travels; anything else is between an actor and its own node.
struct envelope {
  std::uint64_t seq = 0;
  mono_ns echo = 0; ///< newest tick of the receiver that the sender had heard
  std::string to;
  bool renews = false; ///< a `renewal`: of `what` only output and source count
  command what;
};

/// A word of the ownership protocol, between an output and a controller or two
/// controllers. It tells its age itself, so it waits for no tick.
struct ownership_frame {
  std::uint64_t seq = 0; ///< counted with the envelopes
  std::string to;        ///< name of the actor at the receiver
  ownership_letter what;
};

struct envelopes_taken {
  std::uint64_t seq = 0;
  bool refused = false; ///< some of them: what their senders think was told was not
};

/// Tell me your tick: the sender has a message for an actor there and heard
/// nothing of that node lately. Answered with `tick_told`.
struct tick_asked {};

struct tick_told {
  mono_ns tick = 0;
};

/// Anything of the control interface, asked of another node.
struct far_call {
  std::uint64_t id = 0;
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string who;       ///< name of the person
  std::uint8_t allowed = 0; ///< `role` of the person, never more than the link's
  std::string via;
  mono_ns echo = 0; ///< as in `envelope`; what only looks needs none

  /// Does it only look? Then its age harms nobody.
  [[nodiscard]] bool looks() const { return method == "GET"; }

  friend bool operator==(const far_call&, const far_call&) = default;
};

struct far_answer {
  std::uint64_t id = 0;
  std::int32_t status = 0; ///< of HTTP
  std::string type;
  std::string body;
  std::uint64_t stream = 0; ///< not 0: events follow, when they are pulled

  friend bool operator==(const far_answer&, const far_answer&) = default;
};

struct far_event {
  std::string kind;
  std::string data;

  friend bool operator==(const far_event&, const far_event&) = default;
};

/// Events of a stream are sent when they are asked for: a reader that takes
/// nothing costs nothing.
struct far_pull {
  std::uint64_t stream = 0;
  std::uint32_t most = 0;
};

struct far_events {
  std::uint64_t stream = 0;
  std::vector<far_event> events;
  bool ended = false;
};

struct far_close {
  std::uint64_t stream = 0;
};

/// A frame between the replicated stores of two nodes: docs/formats/replication.md.
/// Opaque here, so that stores of different versions can talk over one link.
struct replica_frame {
  std::string bytes;

  friend bool operator==(const replica_frame&, const replica_frame&) = default;
};

/// The documents that the sender runs, in parts of bounded size. A new
/// revision replaces all of the one before when its last part has come.
struct catalogue_part {
  std::uint64_t revision = 0;
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  std::vector<std::string> documents; ///< JSON

  friend bool operator==(const catalogue_part&, const catalogue_part&) = default;
};

/// Authorities and revocations that the sender holds. The receiver takes over
/// only what an authority that it trusts has signed.
struct trust_offer {
  std::string authorities; ///< PEM
  std::string revoked;     ///< PEM

  friend bool operator==(const trust_offer&, const trust_offer&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hello& x) {
  return f(caf::meta::type_name("hello"), x.protocol, x.node, x.version, x.incarnation, x.tick,
           x.gateway);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_edge& x) {
  return f(caf::meta::type_name("far_edge"), x.changes, x.age_ns, x.wall, x.on, x.grade, x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_row& x) {
  return f(caf::meta::type_name("far_row"), x.name, x.unit, x.now, x.age_ns, x.incarnation, x.story, x.run, x.edges);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, reading_batch& x) {
  return f(caf::meta::type_name("reading_batch"), x.seq, x.is, x.rows, x.gone);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_taken& x) {
  return f(caf::meta::type_name("batch_taken"), x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, envelope& x) {
  return f(caf::meta::type_name("envelope"), x.seq, x.echo, x.to, x.renews, x.what);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ownership_frame& x) {
  return f(caf::meta::type_name("ownership_frame"), x.seq, x.to, x.what);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, envelopes_taken& x) {
  return f(caf::meta::type_name("envelopes_taken"), x.seq, x.refused);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tick_asked&) {
  return f(caf::meta::type_name("tick_asked"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tick_told& x) {
  return f(caf::meta::type_name("tick_told"), x.tick);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_call& x) {
  return f(caf::meta::type_name("far_call"), x.id, x.method, x.path, x.query, x.body, x.who,
           x.allowed, x.via, x.echo);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_answer& x) {
  return f(caf::meta::type_name("far_answer"), x.id, x.status, x.type, x.body, x.stream);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_event& x) {
  return f(caf::meta::type_name("far_event"), x.kind, x.data);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_pull& x) {
  return f(caf::meta::type_name("far_pull"), x.stream, x.most);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_events& x) {
  return f(caf::meta::type_name("far_events"), x.stream, x.events, x.ended);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, far_close& x) {
  return f(caf::meta::type_name("far_close"), x.stream);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replica_frame& x) {
  return f(caf::meta::type_name("replica_frame"), x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, catalogue_part& x) {
  return f(caf::meta::type_name("catalogue_part"), x.revision, x.part, x.parts, x.documents);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trust_offer& x) {
  return f(caf::meta::type_name("trust_offer"), x.authorities, x.revoked);
}

/// Makes all of them known to a CAF system, before it is built.
void add_link_messages(caf::actor_system_config& config);
/// Their names, for `transport::options::messages`. None of them holds a
/// message of any type: it could hold the next, until the reader's stack ends.
[[nodiscard]] std::vector<std::string> link_message_names();

} // namespace troupe::cluster
