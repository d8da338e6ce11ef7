#pragma once

#include "apps/control/event_queue.hpp"
#include "apps/control/node_api.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::test {

using control::caller;
using json = nlohmann::json;

/// A believable house behind the control interface, without actors, store or
/// drivers: for trying and testing whatever speaks that interface. Its values
/// are fixed until somebody commands it or `tick` moves it.
class fake_house : public control::node_api {
public:
  explicit fake_house(std::string name = "attic");

  std::string name() override { return name_; }

  // --- looking ---
  json status() override;
  json tree() override;
  json ps() override;
  result<json> get(const std::string& name) override;
  json list(const std::string& prefix) override;
  result<json> why(const std::string& name) override;
  result<json> log(const json& query) override;
  json buses() override;
  result<json> post_mortems(const std::string& actor) override;
  result<json> actor(const std::string& name) override;

  // --- commanding ---
  result<json> set(const caller& who, const std::string& name, const json& body) override;
  result<json> pulse(const caller& who, const std::string& name, const json& body) override;
  result<json> release(const caller& who, const std::string& name, const json& body) override;
  result<json> force(const caller& who, const std::string& name, const json& body) override;
  result<json> count(const caller& who, const std::string& name, const json& body) override;
  result<json> act(const caller& who, const std::string& actor, const std::string& verb) override;
  result<json> set_fault(const caller& who, const std::string& bus, const json& body) override;

  // --- configuration ---
  result<json> add(const caller& who, const json& body) override;
  result<json> remove(const caller& who, const std::string& section,
                      const std::string& name) override;
  result<json> apply(const caller& who, const json& body) override;
  exported export_toml() override;
  json history(std::size_t newest) override;
  result<json> rollback(const caller& who, const json& body) override;

  // --- the store ---
  json store() override;
  result<json> store_vector() override;
  result<json> store_rows(std::uint64_t bucket) override;
  result<json> store_entry(const std::string& kind, const std::string& key) override;
  result<json> begin_backup(const caller& who) override;
  result<std::string> backup_block(const caller& who, const std::string& id, std::uint64_t number) override;

  // --- the cluster ---
  json members() override;
  json placement(const std::vector<std::string>& down) override { return {{"down", down}}; }
  result<json> move(const control::caller&, const std::string& rule, const json& body) override {
    return json{{"rule", rule}, {"to", body.value("to", "")}};
  }
  result<json> start_drill(const control::caller&, const json& body) override {
    return json{{"id", "20261130-060102-attic"}, {"title", body.value("kind", "")}, {"doubts", json::array()}};
  }
  json drills() override { return {{"node", name_}, {"drills", json::array()}}; }
  result<json> drill(const std::string& id) override { return json{{"id", id}, {"title", "kill-node boiler"}, {"state", "passed"}}; }
  result<json> abort_drill(const control::caller&, const std::string& id) override { return json{{"id", id}, {"text", "is broken off"}}; }
  result<json> drill_fault(const control::caller&, const json& body) override { return json{{"drill", body.value("drill", "")}}; }
  json replicas() override;
  result<json> member_act(const caller& who, const std::string& name,
                          const std::string& verb) override;
  result<json> token(const caller& who, const json& body) override;
  result<json> enrol(const json& body) override;
  result<json> reload(const caller& who) override;

  result<std::shared_ptr<control::event_queue>>
  open_stream(const caller& who, const std::string& what, const json& body) override;
  void shutdown(const caller& who) override;

  // --- for tests and the program ---

  /// What `reload` does; succeeds without one.
  void on_reload(std::function<troupe::status()> what) { reload_ = std::move(what); }

  /// Moves the house a little: a temperature drifts, water runs.
  void tick();

  /// Tells all readers of `what` whose prefix or actor fits `name`.
  void tell(const std::string& what, const std::string& name, const std::string& kind,
            const json& data);

  [[nodiscard]] std::size_t readers() const;
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] caller last_caller() const;
  [[nodiscard]] json last_body() const;

protected:
  struct reader {
    std::string what;
    std::string filter;
    std::shared_ptr<control::event_queue> queue;
  };

  void note(const caller& who, const json& body);
  void publish(const std::string& name);
  json* find(const std::string& name);

  const std::string name_;
  mutable std::mutex mutex_;
  std::map<std::string, json> readings_;
  std::map<std::string, std::string> states_;
  json members_; ///< rows by name
  std::function<troupe::status()> reload_;
  std::vector<reader> readers_;
  caller last_caller_;
  json last_body_;
  unsigned ticks_ = 0;
  bool stopped_ = false;
};

} // namespace troupe::test
