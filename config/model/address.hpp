#pragma once

#include "config/model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// Addresses as people write them. Pure: nothing is looked up, so a host name is
// held against the form of names only.

namespace troupe {

/// The ports that are meant where somebody forgets one. A port is always
/// written, so that what stands in a file is what is opened.
inline constexpr std::uint16_t node_port = 4710;    ///< nodes to nodes
inline constexpr std::uint16_t control_port = 4711; ///< people, joining boards
inline constexpr std::uint16_t psk_port = 4712;     ///< boards without a certificate

/// "host:port". IPv6 is in canonical form without brackets, "fe80::1%eth0" with
/// its zone; names are in lower case; empty is every address of both families.
struct net_address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const net_address&, const net_address&) = default;
};

/// As it is written: "[fe80::1%eth0]:4710", "boiler.local:4710", ":4710".
std::string to_string(const net_address& x);

/// One entry of `peers`: "boiler@10.0.0.7:4710".
struct peer_address {
  std::string name; ///< in the certificate that is expected there
  net_address at;

  friend bool operator==(const peer_address&, const peer_address&) = default;
};

/// What became of a written address.
template <class T>
struct read_address {
  T is{};
  std::string trouble{}; ///< "which has no port"; empty: fine
  std::string way_out{}; ///< "Write \"boiler:4710\"."
};

/// What an address is for. Only who listens may leave the host out, say "every
/// address" or take port 0, which is one that the kernel chooses.
enum class address_use : std::uint8_t { listen, dial };

/// "host:port", "[v6]:port", ":port".
/// @param usual the port for the way out where none is written
read_address<net_address> read_net_address(std::string_view text, address_use use,
                                           std::uint16_t usual = node_port);

/// "name@host:port".
read_address<peer_address> read_peer_address(std::string_view text);

/// The same for those who want one answer.
/// @returns `invalid_argument` with value, trouble and way out.
result<net_address> parse_net_address(std::string_view text, address_use use,
                                      std::uint16_t usual = node_port);

/// True for "", "0.0.0.0" and "::".
bool is_every_address(std::string_view host) noexcept;

/// Whether two listeners would want the same port of the same address. "[::]"
/// takes both families. Names are compared as text.
bool collide(const net_address& x, const net_address& y) noexcept;

} // namespace troupe
