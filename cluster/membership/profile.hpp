#pragma once

#include "config/model/time.hpp"

#include <string>

namespace troupe::cluster {

/// How patient a node is with its peers. Shorter finds a silent peer sooner
/// and calls a busy one suspect more often.
///
/// A process that ends or crashes is noticed by its closed connection, in
/// about one round trip, whatever the profile says. These times are for
/// silence: a stopped process, a dead machine, a cut cable. Each window of
/// `suspect_after` holds several beats, so that one late beat says nothing:
///
///           beat   suspect       down     given up   for
///   lan     50     200 (4)       600      1500       one site, round trip under 5 ms
///   wan     500    2500 (5)      8000     20000      sites over the internet: TCP repairs a
///                                                    lost segment after 200 ms to 1 s (RFC 6298)
///   radio   250    2000 (8)      10000    25000      30 % loss: 8 beats in a row are lost once in
///                                                    15,000 windows (0.3^8); TCP stalls 3 s after
///                                                    four losses in a row (0.2+0.4+0.8+1.6 s)
///
/// `down` leaves room for two rounds of questions after `suspect`.
struct profile {
  std::string name = "lan";
  milliseconds beat_every{50};
  milliseconds suspect_after{200};  ///< silence; times the local health
  milliseconds down_after{600};     ///< of silence, after others were asked
  milliseconds given_up_after{1500}; ///< of silence: the own link, also while others hear the peer
  milliseconds redial_first{100};   ///< pause before dialling again, doubling
  milliseconds redial_longest{5000};
  milliseconds redial_silent{500};  ///< as `redial_longest`, where nothing answers at all
  milliseconds dial_forgotten{20000}; ///< a dial of which nothing was told is taken for failed
  milliseconds view_every{5000};    ///< full view to one random peer, against lost news
  unsigned watched = 8;             ///< peers that a node beats to and watches
  unsigned asked = 3;               ///< others asked about a suspect (SWIM's k)

  /// "lan", "wan", "radio"; anything else is "lan".
  [[nodiscard]] static profile named(const std::string& name);
};

} // namespace troupe::cluster
