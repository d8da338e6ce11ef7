#include "apps/control/far_side.hpp"

#include <fmt/format.h>

namespace troupe::control {

reply far_side::far(const std::string& node, const caller&, const std::string&, const std::string&,
                    const std::multimap<std::string, std::string>&, std::string_view) {
  return refusal(404, to_string(errc::not_found),
                 fmt::format("'{}' cannot be asked: this node is not in a cluster; `troupe members` "
                             "lists whom it knows",
                             node.substr(0, 100)));
}

bool split_far(std::string_view path, std::string& node, std::string& rest) {
  constexpr std::string_view prefix = "/v1/nodes/";
  if (path.substr(0, prefix.size()) != prefix)
    return false;
  path.remove_prefix(prefix.size());
  const auto slash = path.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == path.size())
    return false;
  node = path.substr(0, slash);
  rest = "/v1" + std::string{path.substr(slash)};
  return true;
}

} // namespace troupe::control
