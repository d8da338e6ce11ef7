#pragma once

#include "apps/control/far_side.hpp"
#include "tests/support/fake_node/fake_house.hpp"

#include <fmt/format.h>

namespace troupe::test {

/// The rest of a cluster: one more house, "boiler", and "garage", which cannot
/// be reached.
class fake_neighbour final : public control::far_side {
public:
  [[nodiscard]] control::reply far(const std::string& node, const caller& who,
                                   const std::string& method, const std::string& path,
                                   const std::multimap<std::string, std::string>& query,
                                   std::string_view body) override {
    if (node == "garage")
      return control::refusal(503, "unreachable", "garage is suspect: silent for 2 s");
    if (node != boiler.name())
      return control::refusal(404, "not_found",
                              fmt::format("no node is called '{}'; `troupe members` lists all", node));
    auto from = who;
    from.via = "node attic";
    return control::dispatch(boiler, nobody_, from, method, path, query, body);
  }

  fake_house boiler{"boiler"};

private:
  control::far_side nobody_;
};

} // namespace troupe::test
