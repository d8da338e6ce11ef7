#pragma once

#include "cluster/identity/authority.hpp"
#include "cluster/identity/token_book.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <mutex>

namespace troupe::daemon {

/// What a server with an issuer does for new boards and people: mints tokens,
/// gives certificates to who shows one, and renews those of its peers.
///
/// Threads: any; one request at a time. Blocking: on the disk.
class enrolment {
public:
  using json = nlohmann::json;

  struct options {
    std::string folder; ///< the node's PKI folder
    /// Where a new board reaches the control interface: "server-1:4711", the
    /// best first.
    std::function<std::vector<std::string>()> addresses;
    /// What goes into its `peers`: "name@host:port", this node among them.
    std::function<std::vector<std::string>()> peers;
    std::function<void(const std::string& who, const std::string& subject, const std::string& text)> journal;
    /// A node got its certificate by a token of this server.
    std::function<void(const std::string& name)> joined = {};
    /// The lists in the folder have changed: load them, tell the peers.
    std::function<void()> revoked_changed;
    const clock_source* clocks = &system_clocks();
  };

  /// @returns `not_found` for a folder without an issuer: this node cannot enrol
  [[nodiscard]] static result<std::unique_ptr<enrolment>> open(options how);

  /// {"name", "role": "node", "ttl": "1h", "house": toml, "replace": false}
  /// -> {"token", "id", "name", "role", "expires", "addresses", "join"}
  [[nodiscard]] result<json> mint(const std::string& who, const json& body);

  /// {"token", "request"} -> {"name", "role", "certificate", "authorities",
  /// "revoked", "peers", "house", "time"}. From anybody.
  [[nodiscard]] result<json> enrol(const json& body);

  /// For a peer whose certificate TLS has checked, with a request for its own
  /// name. -> {"certificate", "authorities", "revoked"}
  /// @param begins as `issue_order::begins`
  [[nodiscard]] result<json> renew(const cluster::peer_identity& who, const std::string& request, wall_ms begins = 0);

  /// Lists that a peer offered, joined with ours when both hold something new.
  /// @returns true: `revoked.crl` changed and should be loaded again
  [[nodiscard]] result<bool> merge_revoked(const std::string& lists);

private:
  enrolment(options how, identity::authority authority);
  result<json> answer(const identity::issued& made) const;
  void journal(const std::string& who, const std::string& subject, const std::string& text);
  void journal_refusal(const std::string& subject, const std::string& why);

  options how_;
  identity::authority authority_;
  std::mutex mutex_;
  identity::token_book book_;
  mono_ns refusals_again_ = 0; ///< before: refusals are only counted
  unsigned untold_ = 0;
};

} // namespace troupe::daemon
