#pragma once

#include "config/model/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster {

/// DISCOVERY: tells the local network that this node is there, and which other
/// nodes of its house are (DNS-SD over mDNS, `_troupe._tcp`, by avahi-daemon;
/// docs/formats/discovery.md).
///
/// Nothing that is found is trusted: anybody on the network can announce any
/// name. It may make a member `waiting`, or give another address to dial for a
/// name that is known; the certificate behind the address decides.
///
/// Survives a missing, stopped or restarted avahi-daemon or message bus: tries
/// again for ever, warns once. A restart of it loses nobody: who is not seen
/// again within some seconds after it is told as lost.
///
/// Threads:  one of its own, from which all `on_` functions are called, one at a
///           time; they must not block and must not end the discovery.
/// Blocking: nobody waits for the daemon. The end waits for a running `on_`
///           function and at most `end_within_ms` for the thread; none is called
///           afterwards.
/// Bounds:   256 announcements are looked at, 16 addresses of one name; what
///           is more is passed over, and told once.
class discovery {
public:
  struct options {
    std::string name;        ///< of this node
    std::uint16_t port = 0;  ///< where it listens for nodes; 0: looks only
    std::string house;       ///< first 16 hex digits of the root certificate's SHA-256
    std::string version;     ///< of the software; shown to people
    /// A node and all addresses at which it is seen now ("10.0.0.7:4710",
    /// "[fe80::1%eth0]:4710"), again at each change of them.
    std::function<void(const std::string& name, const std::vector<std::string>& addresses)> on_found;
    std::function<void(const std::string& name)> on_lost;
    /// For the operator: what is wrong and what to do. Told once, and again only
    /// after it has been well in between.
    std::function<void(const std::string& text)> on_trouble;
  };

  static constexpr int end_within_ms = 2000;

  /// @returns `invalid_argument` for a name, house or function that cannot be;
  ///          `over_limit` if the system has no thread or descriptor left.
  [[nodiscard]] static result<std::unique_ptr<discovery>> start(options how);

  virtual ~discovery() = default;
};

} // namespace troupe::cluster
