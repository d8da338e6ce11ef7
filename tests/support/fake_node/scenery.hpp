#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>

/// What the fake house shows: one document per shape of the interface.
namespace troupe::test::scenery {

using json = nlohmann::json;

[[nodiscard]] json status();
[[nodiscard]] json tree();
[[nodiscard]] json actors();
[[nodiscard]] std::map<std::string, json> readings();
[[nodiscard]] json why(const std::string& name);
[[nodiscard]] json journal();
[[nodiscard]] json buses();
[[nodiscard]] json post_mortems(const std::string& actor);
[[nodiscard]] json members();
[[nodiscard]] json replicas();
[[nodiscard]] json plan(bool prune);
[[nodiscard]] json history();
[[nodiscard]] std::string toml();

} // namespace troupe::test::scenery
