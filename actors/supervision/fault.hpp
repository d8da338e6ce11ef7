#pragma once

#include "config/model/result.hpp"

#include <caf/error.hpp>

#include <string>

namespace troupe::supervision {

/// An `errc` with its text as the error of a request.
inline caf::error to_caf(errc code, std::string text) {
  return {static_cast<std::uint8_t>(code), caf::atom("troupe"),
          caf::make_message(std::move(text))};
}

/// The way back; anything that is not ours is an `io_error` with CAF's words.
inline error from_caf(const caf::error& x) {
  if (!x)
    return {}; // CAF looks into an empty error without looking whether it is
  if (x.category() == caf::atom("troupe") && x.context().match_elements<std::string>())
    return {static_cast<errc>(x.code()), x.context().get_as<std::string>(0)};
  if (x == caf::sec::request_timeout)
    return {errc::timed_out, "no answer in time"};
  return {errc::io_error, caf::to_string(x)};
}

} // namespace troupe::supervision
