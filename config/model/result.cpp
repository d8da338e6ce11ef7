#include "config/model/result.hpp"

namespace troupe {

const char* to_string(errc x) noexcept {
  switch (x) {
  case errc::none: return "none";
  case errc::bus_timeout: return "bus_timeout";
  case errc::device_lost: return "device_lost";
  case errc::not_found: return "not_found";
  case errc::busy: return "busy";
  case errc::unsupported: return "unsupported";
  case errc::invalid_argument: return "invalid_argument";
  case errc::permission_denied: return "permission_denied";
  case errc::io_error: return "io_error";
  case errc::disk_full: return "disk_full";
  case errc::corrupt: return "corrupt";
  case errc::indeterminate: return "indeterminate";
  case errc::closed: return "closed";
  case errc::over_limit: return "over_limit";
  case errc::quarantined: return "quarantined";
  case errc::fenced: return "fenced";
  case errc::timed_out: return "timed_out";
  case errc::conflict: return "conflict";
  case errc::interlocked: return "interlocked";
  case errc::script_error: return "script_error";
  case errc::unreachable: return "unreachable";
  case errc::untrusted: return "untrusted";
  }
  return "invalid";
}

std::string to_string(const error& x) {
  std::string text = to_string(x.code);
  if (!x.context.empty())
    text += ": " + x.context;
  return text;
}

} // namespace troupe
