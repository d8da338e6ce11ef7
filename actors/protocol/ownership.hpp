#pragma once

#include "config/model/time.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>

// Who may command an output: the words between an output and those that would
// control it. docs/failover.md tells the protocol, docs/formats/ownership.md
// the fields.

namespace troupe {

/// One life of a controller: a run of a rule's actor. A node that starts again
/// has another `run`, so what it sent before is never taken for what it sends
/// now.
struct instance {
  std::string node;
  std::uint64_t run = 0;        ///< of the node's process; random
  std::uint64_t activation = 0; ///< of that process; larger is later

  friend bool operator==(const instance&, const instance&) = default;
};

/// Orders the activations of one controller over all nodes. Round first, then
/// the node's name, so that no two nodes ever have the same one.
struct ballot {
  std::uint64_t round = 0;
  std::string node;

  friend auto operator<=>(const ballot&, const ballot&) = default;
};

/// What a controller shows with each command: the grant that it holds, and the
/// newest tick of the output that it has heard. No grant: nobody asked for one.
struct permit {
  std::uint64_t nonce = 0; ///< of the output's start
  std::uint64_t grant = 0; ///< 0: none
  std::uint64_t seq = 0;   ///< of commands within the grant: 1, 2, 3; of renewals: larger is later
  mono_ns echo = 0;        ///< the output's CLOCK_MONOTONIC, as it was told

  friend bool operator==(const permit&, const permit&) = default;
};

/// What a controller leaves at an output for whoever comes after it.
struct carried {
  std::uint64_t order = 0; ///< within an activation; larger is later; 0: nothing new
  std::string bytes;       ///< of the controller; opaque here

  friend bool operator==(const carried&, const carried&) = default;
};

/// What an ownership_letter says. The first half goes to an output, the second
/// to a controller.
enum class ownership_word : std::uint8_t {
  ask,     ///< how do you stand? I would control you if nobody else does
  claim,   ///< grant me
  renew,   ///< I am here; also carries
  release, ///< I am done; `to` may come after me
  prepare, ///< controller to controller: take over from me
  vacant,  ///< nobody controls me; `to` is who shall, or everybody
  granted,
  busy,    ///< somebody else does, or what you said is out of date
  ok,      ///< a renewal was accepted
  fenced,  ///< what you showed means nothing any more
  ready,   ///< controller to controller: I can
};

/// One word of the ownership protocol. All words share the fields; those that a
/// word does not need are empty.
struct ownership_letter {
  ownership_word word = ownership_word::ask;
  std::string output;
  std::string source;      ///< the controller: "rule/hall-light"
  instance by;             ///< who speaks, or of an answer: who was meant
  ballot as;               ///< of the claim; in answers the highest that was granted
  permit pass;             ///< in answers the newest nonce
  std::int64_t lease = 0;  ///< ms, of a claim and its grant
  mono_ns tick = 0;        ///< in answers: the output's clock
  mono_ns sent = 0;        ///< the controller's clock, given back untouched
  /// Commands under this grant that were sent; in ok, that were accepted. In ask not
  /// 0: who acts has a shadow here, and what it has left is wanted beyond `carry`.
  std::uint64_t done = 0;
  carried carry;
  ballot carry_as;         ///< of the activation that left it
  std::int64_t carry_age = -1;   ///< ms since it was left, by the output's clock
  std::string holder;      ///< node that controls now, or did until now
  std::string to;          ///< node that shall
  std::string why;         ///< for people

  friend bool operator==(const ownership_letter&, const ownership_letter&) = default;
};

/// To a roaming rule, of its own node.
struct owner_order {
  std::string hand_over_to; ///< empty: the candidates changed; look again

  friend bool operator==(const owner_order&, const owner_order&) = default;
};

/// To whoever follows nodes (`directory::follow_nodes`): the link to that node
/// has ended, and nothing that it sent before counts any more.
struct node_gone {
  std::string node;

  friend bool operator==(const node_gone&, const node_gone&) = default;
};

/// "claim", "vacant", ...
const char* to_string(ownership_word x) noexcept;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, instance& x) {
  return f(caf::meta::type_name("instance"), x.node, x.run, x.activation);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ballot& x) {
  return f(caf::meta::type_name("ballot"), x.round, x.node);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, permit& x) {
  return f(caf::meta::type_name("permit"), x.nonce, x.grant, x.seq, x.echo);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, carried& x) {
  return f(caf::meta::type_name("carried"), x.order, x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, owner_order& x) {
  return f(caf::meta::type_name("owner_order"), x.hand_over_to);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_gone& x) {
  return f(caf::meta::type_name("node_gone"), x.node);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ownership_letter& x) {
  return f(caf::meta::type_name("ownership_letter"), x.word, x.output, x.source, x.by, x.as,
           x.pass, x.lease, x.tick, x.sent, x.done, x.carry, x.carry_as, x.carry_age, x.holder,
           x.to, x.why);
}

} // namespace troupe
