#include "cluster/membership/profile.hpp"

namespace troupe::cluster {

profile profile::named(const std::string& name) {
  profile x;
  if (name == "wan") {
    x.name = name;
    x.beat_every = milliseconds{500};
    x.suspect_after = milliseconds{2500};
    x.down_after = milliseconds{8000};
    x.redial_first = milliseconds{500};
    x.redial_longest = milliseconds{30000};
    x.view_every = milliseconds{30000};
  } else if (name == "radio") {
    x.name = name;
    x.beat_every = milliseconds{250};
    x.suspect_after = milliseconds{2000};
    x.down_after = milliseconds{10000};
    x.redial_first = milliseconds{500};
    x.redial_longest = milliseconds{15000};
    x.view_every = milliseconds{30000};
  }
  return x;
}

} // namespace troupe::cluster
