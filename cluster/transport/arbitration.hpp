#pragma once

#include <vector>

namespace troupe::cluster {

/// A connection between this node and one peer, as far as it matters for
/// choosing one when there are two. One that has ended is no rival.
struct rival {
  bool dialled_by_smaller = false; ///< of the two names
  bool dialled_by_us = false;
  bool up = false;                 ///< BASP handshake done
  bool live = false;               ///< up, and something was heard lately
};

/// Two nodes may dial each other at the same moment, and a node may come back
/// before its old link was noticed to be dead. CAF holds one link for a node
/// id, so exactly one connection must win, and both ends must choose the same.
///
/// The node with the smaller name chooses, the first that comes to it: as long
/// as that one greets or is live, it declines every other. Its choice cannot be
/// seen at the other end before its first BASP byte (TLS is done for a dialler
/// before the server has looked at it, and a dialler may decline after its last
/// TLS message has left), so the larger node declines nothing that might be the
/// choice, and takes the first that speaks. Pure.
class arbitration {
public:
  enum class verdict {
    proceed,
    already_linked, ///< end the new one: a live link exists
    other_wins,     ///< end the new one: another was chosen and is on its way
  };

  /// After TLS, before any BASP byte.
  [[nodiscard]] static verdict on_authenticated(const rival& fresh,
                                                const std::vector<rival>& others);

  /// After the peer's BASP handshake. `proceed`: all others that were up are to
  /// be cut before CAF hears of this one.
  [[nodiscard]] static verdict on_up(const rival& fresh, const std::vector<rival>& others);
};

} // namespace troupe::cluster
