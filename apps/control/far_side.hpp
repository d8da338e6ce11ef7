#pragma once

#include "apps/control/routes.hpp"

#include <map>
#include <string>
#include <string_view>

namespace troupe::control {

/// How this node speaks for another: `/v1/nodes/{node}/status` is `/v1/status`
/// of that node, asked through this one. The path of a call is stripped of its
/// prefix, and the caller's role was held against the route already; the other
/// node looks at query and body, which a newer one may know more of.
///
/// Threads: any; may wait for the other node, and must give up by itself.
class far_side {
public:
  virtual ~far_side() = default;

  /// Never throws. The caller goes along, with its role: the other node
  /// journals who it was. A stream's queue is fed from the other side.
  /// This one knows nobody: 404.
  [[nodiscard]] virtual reply far(const std::string& node, const caller& who,
                                  const std::string& method, const std::string& path,
                                  const std::multimap<std::string, std::string>& query,
                                  std::string_view body);
};

/// Cuts "/v1/nodes/boiler/readings/x" into "boiler" and "/v1/readings/x".
/// @returns false for a path without that prefix, and for half of one.
[[nodiscard]] bool split_far(std::string_view path, std::string& node, std::string& rest);

} // namespace troupe::control
