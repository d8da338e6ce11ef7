#include "cluster/ownership/timing.hpp"

namespace troupe::cluster {

std::optional<timing> timing::named(std::string_view name) {
  if (name == "critical")
    return timing{milliseconds{20}, milliseconds{80}};
  if (name == "fast")
    return timing{milliseconds{50}, milliseconds{200}};
  if (name == "normal")
    return timing{milliseconds{100}, milliseconds{400}};
  if (name == "slow")
    return timing{milliseconds{500}, milliseconds{2500}};
  return {};
}

} // namespace troupe::cluster
