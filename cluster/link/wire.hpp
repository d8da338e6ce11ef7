#pragma once

#include "cluster/membership/membership.hpp"

namespace troupe::cluster {

/// What the membership wants of the network. Its answers come back as the
/// messages of membership_unit.hpp. Threads: the unit's. No call may block.
class wire {
public:
  virtual ~wire() = default;
  /// All live links.
  [[nodiscard]] virtual std::vector<heard> links() = 0;
  virtual void beat(const std::vector<std::string>& names) = 0;
  /// See `transport::io_late`.
  [[nodiscard]] virtual std::chrono::nanoseconds ears_late() { return {}; }
  virtual void dial(const member& whom) = 0;
  virtual void send(const std::string& to, const membership_message& what) = 0;
  virtual void drop(const std::string& name, const std::string& why) = 0;
};

} // namespace troupe::cluster
