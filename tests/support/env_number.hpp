#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace troupe::test {

/// A number of the environment: TROUPE_SEED and the like, which CAF's runner
/// knows no options for.
/// @throws std::runtime_error if it is set to something else
template <class T = std::uint32_t>
T number(const char* variable, std::type_identity_t<T> otherwise) {
  const auto* text = std::getenv(variable);
  if (text == nullptr)
    return otherwise;
  T out{};
  const auto* end = text + std::strlen(text);
  if (const auto [at, failed] = std::from_chars(text, end, out); failed != std::errc{} || at != end)
    throw std::runtime_error(std::string{variable} + "=" + text + " is no number of this kind");
  return out;
}

} // namespace troupe::test
