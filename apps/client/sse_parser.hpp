#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace troupe::client {

struct event {
  std::string kind; ///< "reading", "dropped", ...
  std::string data; ///< one JSON object
};

/// Cuts a stream of server-sent events into events, however the bytes come.
/// Comments (heartbeats) are skipped. A line longer than `max_line_bytes` is
/// not ours; then `feed` returns false and the stream should be closed.
class sse_parser {
public:
  static constexpr std::size_t max_line_bytes = 4 << 20;

  /// @returns false if the bytes are no event stream or `on_event` said false.
  [[nodiscard]] bool feed(std::string_view bytes,
                          const std::function<bool(const event&)>& on_event);

private:
  std::string line_;
  event now_;
};

} // namespace troupe::client
