#include "apps/client/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::client {

namespace {

constexpr std::size_t max_head_bytes = 16 << 10;

problem strange(const char* what) {
  return {trouble::bad_answer, {}, fmt::format("{}: is this trouped?", what)};
}

std::string lower(std::string_view x) {
  std::string result{x};
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return result;
}

template <class T>
bool number(std::string_view text, T& to) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), to);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty();
}

} // namespace

answer<std::optional<response_head>> read_head(std::string_view arrived) {
  constexpr std::string_view version = "HTTP/1.1 ";
  if (arrived.substr(0, version.size()) != version.substr(0, arrived.size()))
    return strange("the answer is not HTTP");
  const auto end = arrived.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (arrived.size() > max_head_bytes)
      return strange("the head of the answer does not end");
    return std::optional<response_head>{};
  }
  response_head result;
  result.bytes = end + 4;
  auto lines = arrived.substr(0, end);
  if (lines.size() < version.size() + 3 || !number(lines.substr(version.size(), 3), result.status))
    return strange("the answer has no status");
  for (auto at = lines.find("\r\n"); at != std::string_view::npos;) {
    lines.remove_prefix(at + 2);
    at = lines.find("\r\n");
    const auto line = lines.substr(0, at);
    const auto colon = line.find(':');
    const auto key = lower(line.substr(0, colon));
    if (key == "transfer-encoding")
      return strange("the answer comes in chunks");
    if (key != "content-length" || colon == std::string_view::npos)
      continue;
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::size_t length = 0;
    if (!number(value, length))
      return strange("the answer has a length that is no number");
    result.length = length;
  }
  return std::optional{result};
}

answer<int> exchange(wire& to, const std::string& request, std::chrono::milliseconds patience,
                     const std::function<bool(int, std::string_view)>& on_body) {
  if (auto sent = to.write(request, patience); !sent)
    return sent.why();
  std::string head_bytes;
  std::optional<response_head> head;
  std::size_t seen = 0;
  char space[16 << 10];
  for (;;) {
    if (head && head->length && seen >= *head->length)
      return head->status;
    const auto got = to.read(space, sizeof(space), patience);
    if (!got)
      return got.why();
    if (*got == 0)
      break;
    std::string_view piece{space, *got};
    if (!head) {
      head_bytes += piece;
      auto parsed = read_head(head_bytes);
      if (!parsed)
        return parsed.why();
      if (!*parsed)
        continue;
      head = **parsed;
      piece = std::string_view{head_bytes}.substr(head->bytes);
    }
    if (head->length)
      piece = piece.substr(0, std::min(piece.size(), *head->length - seen));
    seen += piece.size();
    if (!piece.empty() && !on_body(head->status, piece))
      return head->status;
  }
  if (!head || (head->length && seen < *head->length))
    return problem{trouble::lost, {},
                   "the node went away before its answer was whole; `troupe status` tells whether "
                   "it is back"};
  return head->status;
}

} // namespace troupe::client
