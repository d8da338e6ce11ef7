#pragma once

#include "cluster/tls/context.hpp"

#include <map>

namespace troupe::cluster {

/// A pre-shared key: one for each pair of nodes, so that who knows it is known.
struct shared_key {
  std::string key;                ///< raw bytes, 16 to 64
  std::vector<std::string> names; ///< prefixes of all names that the peer may use
};

/// The file of pre-shared keys, one peer in a line, `#` begins a comment:
///   attic 9f86d081884c7d659a2feaa0c55ad015 names=attic.,garden.pump
/// @returns which line is wrong and how.
result<std::map<std::string, shared_key>> parse_shared_keys(const std::string& text,
                                                            const std::string& path);

/// TLS 1.3 with an external pre-shared key and (EC)DHE, no certificates at all:
/// for boards that have none. A listener for keys is never one for
/// certificates, so neither can be talked down to the other.
///
/// Immutable; as `tls_context`. Threads: any.
class psk_context {
public:
  /// @param self the name that we dial under
  [[nodiscard]] static result<std::shared_ptr<const psk_context>>
  load(const std::string& path, const std::string& self);
  virtual ~psk_context() = default;

  [[nodiscard]] virtual SSL* accept(int fd) const = 0; ///< null: out of memory
  /// @pre `knows(peer)`. The peer proves that it is `peer` by the pair's key.
  [[nodiscard]] virtual SSL* connect(int fd, const std::string& peer) const = 0;
  [[nodiscard]] virtual bool knows(const std::string& peer) const = 0;

  /// After the handshake. Who dialled in is a `board`; who was dialled is a
  /// `node`: only a board dials with a key, and it obeys the node it dials.
  [[nodiscard]] virtual result<peer_identity> identity_of(SSL* ssl) const = 0;

  /// Does this peer still have the same key as with `older`?
  [[nodiscard]] virtual bool same_key(const psk_context& older,
                                      const std::string& peer) const = 0;
};

} // namespace troupe::cluster
