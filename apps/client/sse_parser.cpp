#include "apps/client/sse_parser.hpp"

#include <utility>

namespace troupe::client {

bool sse_parser::feed(std::string_view bytes,
                      const std::function<bool(const event&)>& on_event) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > max_line_bytes)
      return false;
    if (end == std::string_view::npos)
      return true;
    bytes.remove_prefix(end + 1);
    const auto line = std::exchange(line_, {});
    if (line.empty()) {
      auto done = std::exchange(now_, {});
      if (!done.data.empty() && !on_event(done))
        return false;
    } else if (line.rfind("event: ", 0) == 0) {
      now_.kind = line.substr(7);
    } else if (line.rfind("data: ", 0) == 0) {
      now_.data = line.substr(6);
    } else if (line.front() != ':') {
      return false;
    }
  }
  return true;
}

} // namespace troupe::client
