#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::control {

struct framing_limits {
  std::size_t header_bytes = 16 << 10;
  std::size_t body_bytes = 1 << 20;
};

/// Where a request stands that arrives byte by byte.
struct framing {
  enum class state { more, whole, refused };
  state is = state::more;
  std::size_t header_bytes = 0; ///< with the empty line; whole only
  std::size_t body_bytes = 0;   ///< whole only
  int status = 0;               ///< refused only: the HTTP status ...
  std::string text;             ///< ... and what the sender should do
};

/// Says whether `arrived` holds one whole HTTP/1.1 request. The server parses
/// nothing before that, so that a slow or hostile sender occupies a buffer of
/// bounded size and never a thread.
///
/// Bodies need a Content-Length: what is announced can be refused before it is
/// read. Chunked bodies are refused (411).
[[nodiscard]] framing frame_request(std::string_view arrived, const framing_limits& limits);

} // namespace troupe::control
