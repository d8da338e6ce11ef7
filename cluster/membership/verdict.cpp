#include "cluster/membership/verdict.hpp"

namespace troupe::cluster {

namespace {

constexpr verdict direct{standing::alive, true};
constexpr verdict by_others{standing::alive, false};
constexpr verdict suspect{standing::suspect, false};
constexpr verdict down{standing::down, false};

verdict judge_linked(const evidence& x, mono_ns suspect_after, mono_ns down_after) {
  if (x.quiet <= suspect_after) {
    // Who does not watch a peer sees its link stand for minutes after it died;
    // those that watch it know better.
    if (x.others == opinion::lost_it)
      return down;
    return x.others == opinion::doubt_it ? verdict{standing::suspect, true} : direct;
  }
  if (x.asked == poll::heard)
    return by_others;
  const bool nobody = x.asked == poll::not_heard || x.asked == poll::no_answer;
  return nobody && x.quiet > down_after ? down : suspect;
}

verdict judge_unlinked(const evidence& x, mono_ns suspect_after, mono_ns down_after) {
  if (x.lost && x.quiet <= suspect_after) {
    // What others told us of it may be older than the loss, and that they lost
    // it too proves nothing: a switch may have reset all its links. Only its
    // own host's refusal does, until this window is over.
    return x.refused ? down : suspect;
  }
  if (x.others == opinion::hear_it)
    return by_others;
  // A link that was ended in order says nothing about the peer.
  return !x.lost && x.quiet <= down_after ? suspect : down;
}

} // namespace

verdict judge(const evidence& x, mono_ns suspect_after, mono_ns down_after) {
  if (x.linked)
    return judge_linked(x, suspect_after, down_after);
  if (x.met)
    return judge_unlinked(x, suspect_after, down_after);
  switch (x.others) {
  case opinion::hear_it: return by_others;
  case opinion::doubt_it: return suspect;
  case opinion::lost_it: return down;
  case opinion::none: break;
  }
  return {};
}

} // namespace troupe::cluster
