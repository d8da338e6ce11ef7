#include "config/model/address.hpp"

#include "config/model/names.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe {

namespace {

/// A host with nothing around it, or why it is none.
struct read_host {
  std::string is{};
  std::string trouble{};
  std::string way_out{}; ///< empty: the caller's
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string lower(std::string_view x) {
  std::string y{x};
  for (char& c : y)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return y;
}

bool is_v4(const std::string& x) {
  in_addr it;
  return inet_pton(AF_INET, x.c_str(), &it) == 1;
}

bool is_link_local(const in6_addr& x) { return x.s6_addr[0] == 0xFE && (x.s6_addr[1] & 0xC0) == 0x80; }

// "fe80::1%eth0", without brackets.
read_host read_v6(std::string_view x) {
  const auto percent = x.find('%');
  const std::string digits{x.substr(0, percent)};
  in6_addr it;
  if (inet_pton(AF_INET6, digits.c_str(), &it) != 1)
    return {{}, fmt::format("but \"{}\" is no IPv6 address", digits),
            is_v4(digits) ? "Brackets are for IPv6 only; leave them out." : ""};
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &it, text, sizeof text);
  if (percent == x.npos) {
    if (is_link_local(it))
      return {{}, "a link-local address, which means nothing without its interface",
              fmt::format("Add the zone: \"[{}%eth0]\", with this machine's interface.", text)};
    return {text, {}, {}};
  }
  const auto zone = x.substr(percent + 1);
  // The kernel's limit for names of interfaces is 15 bytes.
  if (zone.empty() || zone.size() > 15
      || !std::all_of(zone.begin(), zone.end(),
                      [](char c) { return is_word(c) || c == '-' || c == '_' || c == '.'; }))
    return {{}, fmt::format("but \"{}\" is no name of an interface", zone),
            fmt::format("Write the interface after %: \"[{}%eth0]\".", text)};
  if (!is_link_local(it))
    return {{}, "but only link-local addresses (fe80::...) have a zone",
            fmt::format("Leave \"%{}\" out.", zone)};
  return {fmt::format("{}%{}", text, zone), {}, {}};
}

// A name by the rules of host names, and "_", which people do use at home.
read_host read_name(std::string_view x) {
  const auto dotless = x.ends_with('.') ? x.substr(0, x.size() - 1) : x;
  if (dotless.empty() || dotless.size() > 253)
    return {{}, "whose host is no name that DNS could know", "Names have 1 to 253 bytes."};
  bool only_numbers = true;
  for (std::size_t from = 0; from <= dotless.size();) {
    const auto to = std::min(dotless.find('.', from), dotless.size());
    const auto label = dotless.substr(from, to - from);
    const bool good = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-'
                      && std::all_of(label.begin(), label.end(),
                                     [](char c) { return is_word(c) || c == '-' || c == '_'; });
    if (!good)
      return {{}, fmt::format("but \"{}\" is no host name", x),
              "Names have parts of a-z 0-9 - _, joined by dots; IPv6 goes in brackets."};
    only_numbers = only_numbers && label.find_first_not_of("0123456789") == label.npos;
    from = to + 1;
  }
  if (only_numbers && !is_v4(std::string{x}))
    return {{}, fmt::format("but \"{}\" is no IPv4 address", x),
            "It has four numbers of 0 to 255, without leading zeros."};
  return {lower(dotless), {}, {}};
}

read_address<net_address> refuse(std::string trouble, std::string way_out) {
  return {{}, std::move(trouble), std::move(way_out)};
}

read_address<net_address> no_port(std::string_view host, std::uint16_t usual) {
  return refuse("which has no port", fmt::format("Write \"{}:{}\".", host, usual));
}

// What people write that is an address in another language.
std::optional<read_address<net_address>> foreign(std::string_view x, std::uint16_t usual) {
  if (const auto scheme = x.find("://"); scheme != x.npos) {
    auto rest = x.substr(scheme + 3);
    return refuse("but an address has no scheme",
                  fmt::format("Write \"{}\".", rest.substr(0, rest.find('/'))));
  }
  if (x.find_first_of(" \t") != x.npos)
    return refuse("which has a space in it", "Remove it; each address is an item of its own.");
  if (x.starts_with("*"))
    return refuse("but * is no address",
                  fmt::format("Write \":{}\" for every address of this machine.", usual));
  // Colons without brackets: is the last number the port or a part of the address?
  if (!x.starts_with("[") && std::count(x.begin(), x.end(), ':') > 1) {
    in6_addr it;
    const std::string whole{x.substr(0, x.find('%'))};
    return refuse("but IPv6 goes in brackets",
                  inet_pton(AF_INET6, whole.c_str(), &it) == 1
                    ? fmt::format("Write \"[{}]:{}\".", x, usual)
                    : fmt::format("Write \"[2001:db8::7]:{}\", for example.", usual));
  }
  return std::nullopt;
}

} // namespace

read_address<net_address> read_net_address(std::string_view x, address_use use, std::uint16_t usual) {
  if (x.empty())
    return refuse("which is empty",
                  use == address_use::listen ? fmt::format("Write \":{}\", or remove it.", usual)
                                             : "Remove it.");
  if (auto it = foreign(x, usual))
    return std::move(*it);
  read_host host;
  std::string_view rest; // from the colon on
  if (x.front() == '[') {
    const auto end = x.find(']');
    if (end == x.npos)
      return refuse("whose bracket does not end", "Write ] after the IPv6 address.");
    host = read_v6(x.substr(1, end - 1));
    rest = x.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return refuse(fmt::format("but \"{}\" stands after the bracket", rest),
                    fmt::format("Write \"{}:{}\".", x.substr(0, end + 1), usual));
  } else {
    const auto colon = std::min(x.find(':'), x.size());
    if (colon > 0)
      host = read_name(x.substr(0, colon));
    rest = x.substr(colon);
  }
  if (!host.trouble.empty())
    return refuse(std::move(host.trouble), std::move(host.way_out));
  if (rest.size() < 2)
    return no_port(x.substr(0, x.size() - rest.size()), usual);
  const auto digits = rest.substr(1);
  unsigned port = 0;
  const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (why != std::errc{} || end != digits.data() + digits.size() || port > 65535)
    return refuse(fmt::format("but \"{}\" is no port", digits),
                  fmt::format("Ports are 1 to 65535; {} is usual.", usual));
  if (use == address_use::dial && port == 0)
    return refuse("but port 0 is only for listening", fmt::format("Write the peer's port; {} is usual.", usual));
  if (use == address_use::dial && is_every_address(host.is))
    return refuse(host.is.empty() ? "which has no host" : "but every address is nobody's address",
                  "Write the address or name of the one to reach.");
  return {{std::move(host.is), static_cast<std::uint16_t>(port)}, {}, {}};
}

read_address<peer_address> read_peer_address(std::string_view x) {
  const auto sign = x.find('@');
  if (sign == x.npos)
    return {{}, "which does not name the node", fmt::format("Write \"NAME@{}\" with the name in the peer's "
                                                            "certificate.", x.empty() ? "HOST:4710" : x)};
  const auto name = x.substr(0, sign);
  if (!is_valid_node_name(name))
    return {{}, fmt::format("but \"{}\" is no name of a node", name),
            "Use one word of a-z 0-9 - _ . that begins with a letter or digit."};
  auto at = read_net_address(x.substr(sign + 1), address_use::dial, node_port);
  // The way out is to be typed as it stands, so it has the name too.
  if (constexpr std::string_view write = "Write \""; at.way_out.starts_with(write))
    at.way_out.insert(write.size(), std::string{name} + "@");
  return {{std::string{name}, std::move(at.is)}, std::move(at.trouble), std::move(at.way_out)};
}

result<net_address> parse_net_address(std::string_view text, address_use use, std::uint16_t usual) {
  auto it = read_net_address(text, use, usual);
  if (it.trouble.empty())
    return std::move(it.is);
  return error{errc::invalid_argument,
               fmt::format("the address is \"{}\", {}.{}{}", text, it.trouble,
                           it.way_out.empty() ? "" : " ", it.way_out)};
}

std::string to_string(const net_address& x) {
  return x.host.find(':') == x.host.npos ? fmt::format("{}:{}", x.host, x.port)
                                         : fmt::format("[{}]:{}", x.host, x.port);
}

bool is_every_address(std::string_view host) noexcept {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

bool collide(const net_address& x, const net_address& y) noexcept {
  if (x.port != y.port || x.port == 0)
    return false;
  if (x.host == y.host)
    return true;
  const auto takes = [](const net_address& all, const net_address& one) {
    // 0.0.0.0 leaves the port of IPv6 addresses to others.
    return is_every_address(all.host)
           && !(all.host == "0.0.0.0" && one.host.find(':') != one.host.npos && one.host != "::");
  };
  return takes(x, y) || takes(y, x);
}

} // namespace troupe
