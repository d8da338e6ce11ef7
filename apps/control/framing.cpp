#include "apps/control/framing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe::control {

namespace {

framing refuse(int status, std::string text) {
  framing result;
  result.is = framing::state::refused;
  result.status = status;
  result.text = std::move(text);
  return result;
}

bool same_word(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view x) {
  while (!x.empty() && (x.front() == ' ' || x.front() == '\t'))
    x.remove_prefix(1);
  while (!x.empty() && (x.back() == ' ' || x.back() == '\t'))
    x.remove_suffix(1);
  return x;
}

/// Digits only: "+5", "5,5" and "0x5" are how request smuggling begins.
std::optional<std::size_t> number(std::string_view x) {
  std::size_t result = 0;
  auto [end, ec] = std::from_chars(x.data(), x.data() + x.size(), result);
  if (x.empty() || ec == std::errc::invalid_argument || end != x.data() + x.size())
    return std::nullopt;
  return ec == std::errc{} ? result : static_cast<std::size_t>(-1);
}

} // namespace

framing frame_request(std::string_view arrived, const framing_limits& limits) {
  const auto end = arrived.find("\r\n\r\n");
  if (std::min(end, arrived.size()) > limits.header_bytes)
    return refuse(431, fmt::format("the request's header is longer than {} bytes",
                                   limits.header_bytes));
  if (end == std::string_view::npos)
    return {};
  if (arrived.substr(0, end).find('\0') != std::string_view::npos)
    return refuse(400, "the request's header contains a zero byte");
  std::optional<std::size_t> length;
  auto lines = arrived.substr(0, end);
  for (auto at = lines.find("\r\n"); at != std::string_view::npos;) {
    lines.remove_prefix(at + 2);
    at = lines.find("\r\n");
    const auto line = lines.substr(0, at);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return refuse(400, fmt::format("a header line without a name: \"{}\"",
                                     line.substr(0, 40)));
    const auto name = line.substr(0, colon);
    if (same_word(name, "transfer-encoding"))
      return refuse(411, "chunked bodies are not taken; send a Content-Length");
    if (!same_word(name, "content-length"))
      continue;
    const auto n = number(trim(line.substr(colon + 1)));
    if (!n || (length && *length != *n))
      return refuse(400, "Content-Length must be one plain number");
    length = n;
  }
  const auto body = length.value_or(0);
  if (body > limits.body_bytes)
    return refuse(413, fmt::format("the body is larger than {} bytes", limits.body_bytes));
  framing result;
  result.header_bytes = end + 4;
  result.body_bytes = body;
  if (arrived.size() >= result.header_bytes + body)
    result.is = framing::state::whole;
  return result;
}

} // namespace troupe::control
