#pragma once

#include "config/model/time.hpp"

#include <algorithm>
#include <string_view>

namespace troupe {

/// How long silence of a node is borne, by the `profile` of node.toml. Here, and
/// not beside the detector, because configuration is held against it too.
struct patience {
  milliseconds suspect_after{200};
  milliseconds down_after{600}; ///< of silence, after others were asked
};

/// "lan", "wan", "radio"; anything else is "lan".
constexpr patience patience_of(std::string_view profile) noexcept {
  if (profile == "wan")
    return {milliseconds{2500}, milliseconds{8000}};
  if (profile == "radio")
    return {milliseconds{2000}, milliseconds{10000}};
  return {};
}

/// After how long without an acknowledgement TCP itself ends a link. That is the
/// detector's to say: it asks others first, and at its worst it is four times as
/// patient as its profile (cluster/membership/local_health.hpp). What it drops is
/// reset at once; this is for links that nobody watches. Ten seconds at least: a
/// link ended sooner saves nothing, since it has to be dialled again.
constexpr milliseconds unacknowledged_within(const patience& x) noexcept {
  return std::max(milliseconds{10'000}, 4 * x.down_after);
}

/// After so long a silence a node gives up its own link to a peer, also while others
/// hear it. TCP sends again after pauses that double: a link that was cut for a minute
/// is found healed up to a minute after, and a new one within a dial.
constexpr milliseconds given_up_after(const patience& x) noexcept { return x.down_after * 5 / 2; }

/// How long each step of a new link may take: TLS's handshake, BASP's and ours, and on
/// long lines TCP's connection. One and a half times the silence that is borne anyway: on a
/// line that loses a third each way TCP sends its first segment after 0, 1, 3, 7
/// and 15 s, and half of those exchanges fail. Three seconds at least; no longer
/// than it must be, for a stranger who says nothing holds a place so long.
constexpr milliseconds dial_step_within(const patience& x) noexcept {
  return std::max(milliseconds{3000}, x.down_after * 3 / 2);
}

/// How long TCP may take to connect, all addresses together. On one site that is once
/// more after the second that TCP waits for its first answer: a longer wait would only
/// find a healed line later.
constexpr milliseconds connect_within(const patience& x) noexcept {
  return x.suspect_after < milliseconds{1000} ? milliseconds{1100} : dial_step_within(x);
}

/// A dial of which nothing was told for so long is taken for lost: names, then
/// three steps, and as much again as one slow name takes.
constexpr milliseconds dial_forgotten_after(const patience& x) noexcept {
  return milliseconds{11'000} + 3 * dial_step_within(x);
}

} // namespace troupe
