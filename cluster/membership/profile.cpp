#include "cluster/membership/profile.hpp"

#include "config/model/patience.hpp"

namespace troupe::cluster {

profile profile::named(const std::string& name) {
  profile x;
  // The configuration is held against these too, so they stand there.
  const auto silence = patience_of(name);
  x.suspect_after = silence.suspect_after;
  x.down_after = silence.down_after;
  x.given_up_after = troupe::given_up_after(silence);
  x.dial_forgotten = dial_forgotten_after(silence);
  if (name == "wan") {
    x.name = name;
    x.beat_every = milliseconds{500};
    x.redial_first = milliseconds{500};
    x.redial_longest = x.redial_silent = milliseconds{30000};
    x.view_every = milliseconds{30000};
  } else if (name == "radio") {
    x.name = name;
    x.beat_every = milliseconds{250};
    x.redial_first = milliseconds{500};
    x.redial_longest = x.redial_silent = milliseconds{15000};
    x.view_every = milliseconds{30000};
  }
  return x;
}

} // namespace troupe::cluster
