#pragma once

#include "config/model/time.hpp"

#include <string>

namespace troupe::cluster {

/// How patient a node is with its peers. Shorter finds a silent peer sooner
/// and calls a busy one suspect more often.
struct profile {
  std::string name = "lan";
  milliseconds beat_every{50};
  milliseconds suspect_after{200};  ///< silence; times the local health
  milliseconds down_after{600};     ///< of silence, after others were asked
  milliseconds redial_first{100};   ///< pause before dialling again, doubling
  milliseconds redial_longest{5000};
  milliseconds view_every{5000};    ///< full view to one random peer, against lost news
  unsigned watched = 8;             ///< peers that a node beats to and watches
  unsigned asked = 3;               ///< others asked about a suspect

  /// "lan", "wan", "radio"; anything else is "lan".
  [[nodiscard]] static profile named(const std::string& name);
};

} // namespace troupe::cluster
