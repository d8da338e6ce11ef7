#pragma once

#include <vector>

namespace troupe::cluster {

/// A connection between this node and one peer, as far as it matters for
/// choosing one when there are two.
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
/// The node with the smaller name decides: it lets the connection that it
/// dialled go on only if it has no live one, and the other end follows as soon
/// as the first BASP byte proves that decision. Pure.
class arbitration {
public:
  enum class verdict {
    proceed,
    already_linked, ///< end the new one: a live link exists
    other_wins,     ///< end the new one: the one dialled by the smaller name is on its way
  };

  /// After TLS, before any BASP byte.
  [[nodiscard]] static verdict on_authenticated(const rival& fresh,
                                                const std::vector<rival>& others);

  /// After the peer's BASP handshake. `proceed`: all others are to be cut
  /// before CAF hears of this one.
  [[nodiscard]] static verdict on_up(const rival& fresh, const std::vector<rival>& others);
};

} // namespace troupe::cluster
