#pragma once

#include "cluster/identity/token.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace troupe::cli {

/// What a new member keeps where.
struct join_order {
  std::string config;   ///< node.toml to write; people have none
  std::string folder;   ///< for the certificate and its key
  std::string data_dir; ///< for node.toml; empty: the default
  std::string listen = ":4710";
  bool force = false;   ///< overwrite what is there
};

/// What `store_membership` has written.
struct joined {
  std::string certificate;
  wall_ms until = 0;
  std::string config; ///< empty: none
  std::string house;  ///< house.toml; empty: the token brought none
};

/// Before anything is sent: is the place free? The token is good once.
[[nodiscard]] status check_place(const identity::token& shown, const join_order& how);

/// Makes the key, or takes the one of an earlier try whose answer was lost, and
/// a request for it. The key never leaves the folder.
[[nodiscard]] result<std::string> prepare_request(const identity::token& shown, const join_order& how);

/// Checks the server's answer against the token and our key, then stores all of
/// it; node.toml last. `untrusted`: the answer is not what the token promised.
[[nodiscard]] result<joined> store_membership(const identity::token& shown, const join_order& how,
                                              const nlohmann::json& answer);

/// The text of node.toml.
[[nodiscard]] std::string node_toml(const std::string& name, const join_order& how,
                                    const std::vector<std::string>& peers);

} // namespace troupe::cli
