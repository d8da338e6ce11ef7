#include "drivers/gpio/kernel.hpp"

#include <cerrno>
#include <system_error>

namespace troupe::drivers::gpio {

namespace {

std::string words(int number) {
  return std::generic_category().message(number);
}

} // namespace

error system_error(int number, const std::string& doing) {
  switch (number) {
  case ENODEV:
  case ENXIO: return {errc::device_lost, doing + ": the chip has gone"};
  case ENOENT: return {errc::not_found, doing + ": no such device"};
  case EACCES:
  case EPERM:
    return {errc::permission_denied,
            doing
              + ": not permitted; let the service's user join the group "
                "that owns the "
                "device (on Debian and Raspberry Pi OS: gpio)"};
  case ENOTTY: return {errc::unsupported, doing + ": this is no GPIO chip"};
  default: return {errc::io_error, doing + ": " + words(number)};
  }
}

error hold_error(int number, const chip& from, const line_request& request) {
  const auto info = from.info(request.offset);
  auto line =
    from.name() + " [" + from.label() + "]: line " + std::to_string(request.offset);
  if (info && !info->name.empty())
    line += " (" + info->name + ")";
  switch (number) {
  case EBUSY: {
    const auto holder = info && !info->consumer.empty() ? "'" + info->consumer + "'"
                                                        : std::string{"the kernel"};
    return {errc::busy, line + " is held by " + holder
                          + "; end that, or free the line in the device tree"};
  }
  case EINVAL:
  case ENOTSUP:
  case ENOTTY:
    return {errc::unsupported,
            line
              + ": the chip or kernel refuses this combination of bias, drive, "
                "edges and "
                "debounce ("
              + words(number) + "); leave out what the board does with parts"};
  default: return system_error(number, line);
  }
}

} // namespace troupe::drivers::gpio
