#pragma once

#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace troupe::cluster {

/// What may reach CAF's BASP code from one authenticated peer. BASP itself
/// believes everything: sender ids, actor names of the runtime, routes, sizes.
///
/// Rules: frames of a bounded size; one handshake of the right kind first, its
/// node id "node:<name of the peer>/<digits>"; monitor and down messages only
/// in that id's name and for this node, because CAF would pass others on over
/// an honest link, which would end for it; no messages to the runtime's own actors by name; nothing
/// routed for others (its sender could not be known); only messages of the
/// types that nodes send each other: CAF would also obey a remote exit message
/// or a link request, and read types that nest until its stack ends. Two kinds
/// of frame are dropped and the link lives, because CAF itself sends them to
/// every new node: the query to `SpawnServ`, and routed messages.
///
/// Pure: bytes in, verdict out; so it can be fuzzed. Threads: one.
class basp_guard {
public:
  enum class verdict {
    pass,      ///< hand it to CAF
    up,        ///< as pass: the handshake was right, `node_id()` is known
    beat,      ///< a heartbeat header, ours: not for CAF
    drop,      ///< a header whose payload of `payload_bytes()` follows: read and forget it
    dropped,   ///< that payload
    cut,       ///< end the link; `why()`
  };

  using type_names = std::shared_ptr<const std::set<std::string>>;
  /// CAF keeps a proxy for each actor that ever spoke, as long as the link
  /// lives. An honest node speaks through one.
  static constexpr std::size_t max_speakers = 1024;

  /// @param dialled by us: the peer is the server of the handshake
  /// @param allowed names of the message types that may pass; null: all
  /// @param own our node id; empty: not known, and whom monitors are for is not asked
  basp_guard(std::string peer, bool dialled, std::size_t max_payload, type_names allowed = {}, std::string own = {});

  /// The next header or, after one that announced it, its payload.
  verdict feed(const void* bytes, std::size_t size);

  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] std::size_t payload_bytes() const noexcept { return payload_; }

private:
  verdict header(const unsigned char* bytes);
  verdict payload(const char* bytes, std::size_t size);
  verdict message(const char* bytes, std::size_t size);
  verdict greeting(const char* bytes, std::size_t size);
  verdict cut(std::string why);

  std::string peer_, own_, node_id_, why_;
  type_names allowed_;
  std::set<std::uint64_t> speakers_;
  bool dialled_;
  bool dropping_ = false;
  std::uint8_t kind_ = 0;
  std::size_t max_payload_;
  std::size_t payload_ = 0; ///< expected next; 0: a header
};

} // namespace troupe::cluster
