#pragma once

#include "apps/control/routes.hpp"

#include <memory>
#include <string>

namespace troupe::control {

/// Turns one whole HTTP request into one whole HTTP response, in memory: no
/// socket, so nobody's slowness reaches a worker. cpp-httplib parses and
/// writes the HTTP; `dispatch` decides.
///
/// Threads: any, at the same time.
class http {
public:
  http(node_api& node, far_side& others);
  ~http();

  struct answer {
    std::string bytes;                   ///< for a stream: the header only
    std::shared_ptr<event_queue> stream; ///< set: events follow until either side ends
  };

  /// @param header_bytes length of the header with its empty line; the rest of
  ///                     `request` is the body.
  [[nodiscard]] answer respond(const std::string& request, std::size_t header_bytes,
                               const caller& who);

  /// A response made without parsing: for what is refused while it arrives.
  [[nodiscard]] static std::string refuse(int status, std::string_view code,
                                          std::string_view text);

private:
  class engine;
  std::unique_ptr<engine> engine_;
};

} // namespace troupe::control
