#pragma once

#include "tests/e2e/cluster/roaming_house.hpp"

// A house in which drills are made as an owner makes them: with the command line,
// at one of the nodes. Times are not held against limits here (they have a
// generous one): that is what the drills themselves are for.

namespace troupe::test {

using namespace std::chrono_literals;
using nlohmann::json;

inline constexpr const char* both_on = R"(set("cellar/lamp", true)
set("cellar/fan", true)
)";

struct drills_fixture : roaming_cluster {
  drills_fixture() : roaming_cluster(roaming_house(both_on)) {
    CAF_REQUIRE(within(20s, [&] { return cellar.reading("cellar/lamp") == "on"; }));
    ready("kill-node", "attic");
  }

  /// Until nothing speaks against it: stores that have just met are not equal yet.
  void ready(const std::string& kind, const std::string& target, const std::string& peer = {}) {
    finished last;
    const bool is = within(20s, [&] {
      std::vector<std::string> args{"drill", "run", kind, target, "--check"};
      if (!peer.empty())
        args.insert(args.end() - 1, peer);
      last = boiler.troupe(args);
      return last.exit == 0;
    });
    if (!is)
      CAF_FAIL("no drill can be: " << last.out << last.err);
  }

  /// `troupe drill run ARGS` at `by`, to its end. @returns its report
  json drill(test_node& by, std::vector<std::string> args, int exit = 0) {
    std::vector<std::string> all_args{"--json", "drill", "run"};
    all_args.insert(all_args.end(), args.begin(), args.end());
    all_args.push_back("-y");
    const auto said = by.troupe(all_args, {}, 90s);
    if (said.exit != exit)
      CAF_FAIL("exits " << said.exit << ": " << said.out << said.err);
    return json::parse(said.out, nullptr, false);
  }

  json newest(test_node& by) {
    const auto said = by.wait_for({"drill", "list"}, [](auto&) { return true; }, 0s);
    return said.is_object() && !said["drills"].empty() ? said["drills"].back() : json::object();
  }
  std::string state(test_node& by) { return newest(by).value("state", ""); }
  std::string phase(test_node& by) {
    const auto said = by.troupe({"--json", "drill", "show"});
    const auto x = json::parse(said.out, nullptr, false);
    return x.is_object() ? x.value("phase", "") : "";
  }
};

inline void check_takeovers(const json& report, const std::string& to) {
  CAF_MESSAGE(report.dump(1));
  CAF_CHECK_EQUAL(report.value("state", ""), "passed");
  CAF_CHECK_EQUAL(report["takeovers"].size(), 2u);
  for (const auto& x : report["takeovers"]) {
    CAF_CHECK_EQUAL(x.value("to", ""), to);
    CAF_REQUIRE(x["detected_ms"].is_number() && x["decided_ms"].is_number() && x["effective_ms"].is_number());
    CAF_CHECK_LESS_OR_EQUAL(x["detected_ms"].get<double>(), x["decided_ms"].get<double>());
    CAF_CHECK_LESS_OR_EQUAL(x["decided_ms"].get<double>(), x["effective_ms"].get<double>());
  }
  CAF_CHECK(!report["timeline"].empty());
  CAF_CHECK(report["safe"].empty());
}

} // namespace troupe::test
