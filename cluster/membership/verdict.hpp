#pragma once

#include "cluster/membership/messages.hpp"

namespace troupe::cluster {

/// What the other nodes say of a peer, as far as we hear them: the word of
/// those that watch it, if any of them spoke; else of all.
enum class opinion : std::uint8_t { none, hear_it, doubt_it, lost_it };

/// How far a round of questions about a peer has come.
enum class poll : std::uint8_t {
  none,      ///< nobody was asked
  open,      ///< answers are still due
  heard,     ///< somebody hears it
  not_heard, ///< all that were asked do not
  no_answer, ///< there was nobody to ask, or nobody answered in time
};

/// What a node knows of a peer when it judges it.
struct evidence {
  bool met = false;     ///< was linked to us in this life of ours
  bool linked = false;
  bool lost = false;    ///< not linked: the link ended by end of file, reset or a cut
  bool refused = false; ///< not linked: the peer's host refused our next dial
  mono_ns quiet = 0;    ///< linked: since we heard it, if we watch it; else: since the link ended
  opinion others = opinion::none;
  poll asked = poll::none; ///< linked only

  friend bool operator==(const evidence&, const evidence&) = default;
};

struct verdict {
  standing is = standing::unknown;
  bool direct = false;
  friend bool operator==(const verdict&, const verdict&) = default;
};

/// The rule of docs/decisions/0008, whole. `down` means: we do not hear it, and
/// nobody whom we hear does.
///
/// In which failure it is wrong: a process that lives but whose listener is
/// gone, cut from us by a reset, is called down by us for one `suspect_after`;
/// a peer that only a node hears which we do not hear is called down.
[[nodiscard]] verdict judge(const evidence& x, mono_ns suspect_after, mono_ns down_after);

} // namespace troupe::cluster
