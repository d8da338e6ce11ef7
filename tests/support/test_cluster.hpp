#pragma once

#include "tests/support/background.hpp"
#include "tests/support/switchboard.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_house.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

// Several real nodes that link over TLS with certificates of the real
// `troupe pki`, on loopback or each on a machine of its own (switchboard.hpp).

namespace troupe::test {

class test_cluster;

/// One `trouped` of a cluster, and `troupe` beside it.
class test_node {
public:
  /// Does not wait for it to answer; see `up`.
  void launch();
  /// Launches it and waits until it answers. Throws with its log if it does not.
  void start();
  void kill() { process_.kill(); }
  int stop() { process_.send(15); return process_.wait(std::chrono::seconds{15}); }
  void freeze() const { process_.send(19); }
  void thaw() const { process_.send(18); }
  [[nodiscard]] bool running() { return process_.running(); }
  [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
  void wait_until_up();
  /// Moves its wall clock and that of its `on_machine` from now on; a node that
  /// runs must have been started with a moved clock (which may be moved by 0).
  /// @param synchronised does the network keep that clock right?
  void shift_clock(std::chrono::seconds by, bool synchronised = false);
  /// No sync of its disk comes back while it stalls. A node that runs must have
  /// been started with `disk_can_stall`, and without a clock of its own.
  void stall_disk(bool stalls) const;
  /// `troupe ARGS` of its machine, with that machine's clock; it need not run.
  finished on_machine(std::vector<std::string> args) const;

  finished troupe(std::vector<std::string> args, const std::string& input = {}, std::chrono::seconds limit = std::chrono::seconds{30}) const;
  /// `troupe --json`, parsed. Throws if it fails.
  [[nodiscard]] nlohmann::json ask(std::vector<std::string> args) const;
  /// As `ask` until `good`. @returns the last answer; null if there was none
  nlohmann::json wait_for(std::vector<std::string> args, const std::function<bool(const nlohmann::json&)>& good,
                          std::chrono::milliseconds limit = std::chrono::seconds{10}) const;
  /// `troupe --json ARGS` that goes on.
  [[nodiscard]] background follow(std::vector<std::string> args) const;
  /// As a person on this node's machine: `troupe --host HOST --identity FOLDER ARGS`.
  finished troupe_at(const std::string& host, const std::string& identity, std::vector<std::string> args) const;

  /// How this node sees another: "alive" ...; empty if it does not know it.
  [[nodiscard]] std::string sees(const std::string& other) const;
  [[nodiscard]] std::string reading(const std::string& name) const; ///< its text, empty if there is none

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& dir() const noexcept { return dir_; }
  [[nodiscard]] std::string pki() const { return dir_ + "/pki"; }
  [[nodiscard]] std::string log() const;
  [[nodiscard]] int port() const noexcept { return port_; }       ///< of the switchboard
  [[nodiscard]] std::string link_address() const;                 ///< HOST:PORT
  [[nodiscard]] std::string control_address() const;
  /// Its node.toml was written by somebody else and stays; only the socket is added.
  void keep_config();
  std::string house;          ///< file that the next start reads; empty: none
  std::string more_node_toml; ///< for the next start
  bool disk_can_stall = false; ///< for the next start
  std::optional<std::vector<std::string>> peers; ///< for the next start; else all others

private:
  friend class test_cluster;
  void write_config() const;
  [[nodiscard]] std::vector<std::string> with_clock(std::vector<std::string> command) const;
  [[nodiscard]] std::vector<std::string> with_disk(std::vector<std::string> command) const;

  test_cluster* all_ = nullptr;
  std::string name_, dir_;
  int port_ = -1;
  int host_ = 0; ///< last part of its addresses
  int link_port_ = 0, control_port_ = 0;
  bool keeps_config_ = false;
  bool own_clock_ = false;
  mutable int followed_ = 0;
  background process_;
};

enum class networking {
  loopback,  ///< all on 127.0.0.1
  dual,      ///< machines with IPv4 and IPv6
  ipv6,      ///< machines without IPv4
};

class test_cluster {
public:
  /// Certificates for all; the first node can enrol others. Nothing is started.
  test_cluster(const std::vector<std::string>& names, networking how, const std::string& house_toml = {},
               const std::string& more_node_toml = {});

  test_node& operator[](const std::string& name);
  [[nodiscard]] std::vector<std::unique_ptr<test_node>>& nodes() noexcept { return nodes_; }
  switchboard& wires() { return *wires_; }

  void start();
  /// A machine more, without a certificate.
  test_node& add(const std::string& name);
  /// A machine more, with one; the first can enrol others.
  test_node& admit(const std::string& name);
  /// The machine's addresses become others; the configuration of its peers stays.
  void move(const std::string& name);
  /// Puts a pulled cable in again, and the IPv6 address that the kernel took
  /// with it, as a machine's own network service would.
  void plug(const std::string& name);

  /// Do all that run see each other alive and linked?
  bool agree(std::chrono::milliseconds limit = std::chrono::seconds{15});
  /// Who sees whom, for a failed test.
  [[nodiscard]] std::string views();
  /// Ends of all logs.
  [[nodiscard]] std::string logs(std::size_t most_bytes = 3000);

  /// `troupe pki --dir PKI ARGS`. Throws with what it said if it fails.
  finished pki(std::vector<std::string> args) const;
  [[nodiscard]] std::string pki_dir() const { return folder_ / "pki"; }
  [[nodiscard]] std::string passphrase_file() const { return folder_ / "pass"; }
  [[nodiscard]] std::string operator/(const std::string& file) const { return folder_ / file; }
  [[nodiscard]] static std::string program(const std::string& name);
  [[nodiscard]] networking how() const noexcept { return how_; }

private:
  friend class test_node;
  temp_folder folder_;
  networking how_;
  std::string house_toml_, more_;
  std::unique_ptr<switchboard> wires_;
  std::vector<std::unique_ptr<test_node>> nodes_;
  int next_host_ = 1;
};

} // namespace troupe::test
