#include "apps/client/target.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace troupe::client {

namespace {

std::string environment(const char* key) {
  const char* found = std::getenv(key);
  return found ? found : "";
}

problem no_host(const std::string& text) {
  return {trouble::refused, "",
          fmt::format("'{}' is no host; write 10.0.0.7, attic.local:4711 or [fd00::7]:4711, and "
                      "attic@10.0.0.7 for a certain node",
                      text)};
}

} // namespace

target resolve(target given) {
  if (given.host.empty() && given.socket.empty()) {
    given.host = environment("TROUPE_HOST");
    given.socket = environment("TROUPE_SOCKET");
    if (given.socket.empty())
      given.socket = "/run/troupe/control.sock";
  }
  if (given.identity.empty())
    given.identity = environment("TROUPE_IDENTITY");
  if (given.identity.empty()) {
    const auto config = environment("XDG_CONFIG_HOME");
    given.identity = (config.empty() ? environment("HOME") + "/.config" : config) + "/troupe";
  }
  return given;
}

answer<host_address> parse_host(const std::string& text) {
  host_address result;
  auto rest = text;
  if (const auto at = rest.find('@'); at != std::string::npos) {
    result.node = rest.substr(0, at);
    rest = rest.substr(at + 1);
    if (result.node.empty())
      return no_host(text);
  }
  std::string port;
  bool has_port = false;
  if (!rest.empty() && rest.front() == '[') {
    const auto close = rest.find(']');
    if (close == std::string::npos)
      return no_host(text);
    result.host = rest.substr(1, close - 1);
    const auto after = rest.substr(close + 1);
    has_port = !after.empty();
    if (has_port && after.front() != ':')
      return no_host(text);
    port = has_port ? after.substr(1) : "";
  } else if (const auto colon = rest.find(':'); colon == rest.rfind(':')) {
    result.host = rest.substr(0, colon);
    has_port = colon != std::string::npos;
    port = has_port ? rest.substr(colon + 1) : "";
  } else {
    result.host = rest; // a bare IPv6 address
  }
  if (result.host.empty() || result.host.find_first_of("@/[] ") != std::string::npos)
    return no_host(text);
  if (!has_port)
    return result;
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos
      || std::stoi(port) > 65535 || std::stoi(port) == 0)
    return no_host(text);
  result.port = port;
  return result;
}

cluster::credential_files identity_files(const std::string& folder) {
  auto result = cluster::credential_files::in(folder);
  result.certificate = folder + "/operator.crt";
  result.key = folder + "/operator.key";
  result.psk.clear();
  return result;
}

} // namespace troupe::client
