#pragma once

#include <optional>
#include <string>
#include <vector>

// What a node says of itself on the network: docs/formats/discovery.md. Pure.

namespace troupe::cluster {

inline constexpr auto service_type = "_troupe._tcp";

struct announcement {
  std::string name;
  std::string version;
  std::string house; ///< 16 hex digits, lower case

  friend bool operator==(const announcement&, const announcement&) = default;
};

bool is_valid_house(const std::string& x) noexcept;

/// The service's instance name, which is unique on the network: two houses may
/// both have a boiler. At most 63 bytes, the limit of a DNS label.
std::string instance_of(const announcement& x);

/// "txtvers=1", "name=boiler", ...
std::vector<std::string> txt_of(const announcement& x);

/// The other way, from anybody on the network. Unknown keys are passed over; of
/// a key that stands twice the first counts (RFC 6763, 6.4).
/// @returns nothing if it is of another format, or name or house cannot be.
std::optional<announcement> read_txt(const std::vector<std::string>& txt);

} // namespace troupe::cluster
