#pragma once

#include "apps/control/far_side.hpp"
#include "cluster/link/link.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <string>

namespace troupe::daemon {

using json = nlohmann::json;

/// The other nodes as this one's control interface sees them: calls, streams
/// and the same question to all of them. Threads: any; calls wait.
class far_nodes final : public control::far_side {
public:
  using queue = std::shared_ptr<control::event_queue>;
  static constexpr milliseconds patience{5000};      ///< of looking and commanding
  static constexpr milliseconds long_patience{60000}; ///< of changing the configuration

  far_nodes(cluster::link& wire, std::string self) : wire_(wire), self_(std::move(self)) {}

  control::reply far(const std::string& node, const control::caller& who, const std::string& method,
                     const std::string& path, const std::multimap<std::string, std::string>& query,
                     std::string_view body) override;

  [[nodiscard]] result<json> ask(const std::string& node, const control::caller& who,
                                 const std::string& method, const std::string& path,
                                 const json& body = nullptr, milliseconds limit = patience);

  /// Looking needs the least of roles, whoever looks.
  [[nodiscard]] static control::caller looker();

  /// Looks, with the least of roles, whoever asked.
  [[nodiscard]] result<json> look(const std::string& node, const std::string& path,
                                  const std::multimap<std::string, std::string>& query = {});

  /// Everybody that is linked, at the same time.
  [[nodiscard]] std::map<std::string, result<json>>
  ask_all(const std::string& path, const std::multimap<std::string, std::string>& query = {});

  /// @param into  fed from now on; several streams may share one
  /// @param stamp is added to each event's object as "node" if not empty
  [[nodiscard]] status stream(const std::string& node, const control::caller& who, const std::string& path,
                              const std::multimap<std::string, std::string>& query, const queue& into,
                              bool stamp, bool ends_it);

private:
  [[nodiscard]] cluster::far_call question(const control::caller& who, const std::string& method,
                                           const std::string& path,
                                           const std::multimap<std::string, std::string>& query,
                                           std::string_view body) const;
  void feed(const std::string& node, std::uint64_t id, const queue& into, bool stamp, bool ends_it);

  cluster::link& wire_;
  std::string self_;
};

} // namespace troupe::daemon
