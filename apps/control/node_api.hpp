#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/result.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace troupe::control {

using json = nlohmann::json;

/// Who asks: from the peer credentials of the unix socket, or from the client
/// certificate of a TLS connection.
struct caller {
  unsigned uid = 0;
  int pid = 0;
  std::string name; ///< "anna", else "uid:1000"
  cluster::role allowed = cluster::role::operator_; ///< a unix socket's file mode let it in
  std::string via{}; ///< "unix socket", "tls 10.0.0.7:51234", "node server-1"
};

/// A stream of events to one reader. The node pushes from any thread; the
/// server's thread takes. Bounded: when the reader is slow the oldest events
/// are dropped and their number is told in the next one (I11).
class event_queue;

/// Everything that the control interface can do, as plain calls. The HTTP
/// server knows only this; the daemon implements it; tests fake it.
///
/// Shapes of the JSON: docs/control-interface.yaml (OpenAPI). Threads: any;
/// calls may wait up to a few seconds for an actor's answer.
class node_api {
public:
  virtual ~node_api() = default;

  virtual std::string name() = 0; ///< of this node, as in /v1/nodes/{node}/...
  /// This node without the others, where this one speaks for a house.
  virtual node_api& by_itself() { return *this; }

  // --- looking ---
  virtual json status() = 0;               ///< node, uptime, store, flash, alarms
  virtual json tree() = 0;                 ///< supervision tree, nested
  virtual json ps() = 0;                   ///< flat: actors with vitals
  virtual result<json> get(const std::string& name) = 0;
  virtual json list(const std::string& prefix) = 0; ///< readings
  virtual result<json> why(const std::string& name) = 0;
  /// subject, kind, level, newest, after; `invalid_argument` for an unknown level
  virtual result<json> log(const json& query) = 0;
  virtual json buses() = 0;                ///< buses with lines and faults
  virtual result<json> post_mortems(const std::string& actor) = 0;
  virtual result<json> actor(const std::string& name) = 0; ///< its state

  // --- commanding channels ---
  /// {"value": "on"|true|21.5, "priority": 8, "for": "10m"}
  virtual result<json> set(const caller& who, const std::string& name, const json& body) = 0;
  /// {"for": "500ms", "value": false, "priority": 8, "request": "id", "age_ms": 0}:
  /// done once however often it is asked for with one `request`.
  virtual result<json> pulse(const caller& who, const std::string& name, const json& body) = 0;
  virtual result<json> release(const caller& who, const std::string& name, const json& body) = 0;
  /// Inputs and outputs: replaces the value until forced off; told as forced.
  virtual result<json> force(const caller& who, const std::string& name, const json& body) = 0;
  /// Counters: {"total": 1234.5, "request": "id"}; meter replacement.
  virtual result<json> count(const caller& who, const std::string& name, const json& body) = 0;

  // --- commanding actors: kill, restart, quarantine, release, hang (drills) ---
  virtual result<json> act(const caller& who, const std::string& actor,
                           const std::string& verb) = 0;
  virtual result<json> set_fault(const caller& who, const std::string& bus,
                                 const json& body) = 0;

  // --- configuration ---
  /// {"section": "channel", "name": "hall/lamp", "document": {...}, "replace": false}
  virtual result<json> add(const caller& who, const json& body) = 0;
  virtual result<json> remove(const caller& who, const std::string& section,
                              const std::string& name) = 0;
  /// {"toml": "...", "dry_run": true, "prune": false} -> {"plan": [...], "applied": false}
  virtual result<json> apply(const caller& who, const json& body) = 0;
  /// The desired house as this node knows it.
  struct exported {
    std::string toml;
    std::vector<std::string> missing; ///< nodes whose part it does not know
  };
  virtual exported export_toml() = 0;
  virtual json history(std::size_t newest) = 0;
  virtual result<json> rollback(const caller& who, const json& body) = 0; ///< {"revision": 7, "dry_run": false}

  // --- this node's store, for operators ---
  virtual json store() = 0;        ///< sizes, digests
  virtual result<json> store_vector() = 0; ///< what of each stream has arrived
  virtual result<json> store_rows(std::uint64_t bucket) = 0; ///< what is visible in one bucket of the digests
  virtual result<json> store_entry(const std::string& kind, const std::string& key) = 0;
  /// {"id", ...}: its blocks are fetched one after the other, by the same caller.
  virtual result<json> begin_backup(const caller& who) = 0;
  /// Bytes of docs/formats/backup.md; empty after the last.
  virtual result<std::string> backup_block(const caller& who, const std::string& id, std::uint64_t number) = 0;

  // --- streams: "watch" {"prefix"}, "tap" {"actor"}, "log" {...} ---
  virtual result<std::shared_ptr<event_queue>> open_stream(const caller& who,
                                                           const std::string& what,
                                                           const json& body) = 0;

  // --- the cluster ---
  virtual json members() = 0; ///< this node's view, and where others see it differently
  virtual json replicas() = 0; ///< how far the stores of the others are, as this node knows it
  /// Where rules that may run on several nodes act, and where they would if the
  /// nodes in `down` were gone.
  virtual json placement(const std::vector<std::string>& down) = 0;
  /// Gives control of such a rule to another node: {"to": "server-2"}
  virtual result<json> move(const caller& who, const std::string& rule, const json& body) = 0;
  // --- drills: faults on purpose, with a report ---
  /// {"kind", "target", "peer", "for", "limit", "settle", "even_so", "check"}: this node drives it
  virtual result<json> start_drill(const caller& who, const json& body) = 0;
  virtual json drills() = 0; ///< of the whole house, oldest first
  virtual result<json> drill(const std::string& id) = 0;
  virtual result<json> abort_drill(const caller& who, const std::string& id) = 0;
  /// This node's own part: {"drill", "what", "peer", "for_ms", "in_ms"}
  virtual result<json> drill_fault(const caller& who, const json& body) = 0;

  /// approve, remove, drain, undrain, leave
  virtual result<json> member_act(const caller& who, const std::string& name,
                                  const std::string& verb) = 0;
  /// A one-time token for a new member: {"name", "role", "ttl"}
  virtual result<json> token(const caller& who, const json& body) = 0;
  /// A certificate for who shows a token: {"token", "request"}. The caller has
  /// proven nothing else.
  virtual result<json> enrol(const json& body) = 0;
  /// Reads certificate, key, CAs and revocations again.
  virtual result<json> reload(const caller& who) = 0;

  /// Orderly stop of the node.
  virtual void shutdown(const caller& who) = 0;
};

} // namespace troupe::control
