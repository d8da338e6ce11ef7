#pragma once

#include "apps/client/wire.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::client {

/// The head of an HTTP/1.1 response, as far as a node's answers use it.
struct response_head {
  int status = 0;
  std::optional<std::size_t> length; ///< without one: until the end
  std::size_t bytes = 0;             ///< of the head, with its empty line
};

/// @returns nothing while it is not whole; `bad_answer` for what no node says.
[[nodiscard]] answer<std::optional<response_head>> read_head(std::string_view arrived);

/// Sends one request and reads the answer. A node answers one request per
/// connection and never in chunks, so this is all of HTTP that we need; a
/// library would bring its own idea of whom to trust over TLS.
///
/// @param patience without any progress
/// @param on_body  gets what follows the head, in pieces; false: enough
/// @returns the status; `lost` when the answer ends before it is whole
[[nodiscard]] answer<int> exchange(wire& to, const std::string& request,
                                   std::chrono::milliseconds patience,
                                   const std::function<bool(int status, std::string_view)>& on_body);

} // namespace troupe::client
