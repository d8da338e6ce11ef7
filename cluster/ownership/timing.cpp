#include "cluster/ownership/timing.hpp"

namespace troupe::cluster {

std::optional<timing> timing::named(std::string_view name) {
  if (name == "critical")
    return timing{milliseconds{20}, milliseconds{80}};
  if (name == "fast") // promised is a successor within 200 ms, and it takes some ms to become one
    return timing{milliseconds{45}, milliseconds{180}};
  if (name == "normal")
    return timing{milliseconds{100}, milliseconds{400}};
  if (name == "slow")
    return timing{milliseconds{500}, milliseconds{2500}};
  return {};
}

} // namespace troupe::cluster
