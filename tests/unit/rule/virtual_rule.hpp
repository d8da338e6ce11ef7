#pragma once

#include "actors/rule/engine.hpp"
#include "tests/unit/rule/scripted_house.hpp"

#include <stdexcept>
#include <string>

namespace troupe::rule {

/// A rule in a scripted house and in virtual time.
struct virtual_rule {
  scripted_house house;
  moment now{1000'000'000'000, 1'800'000'000'000};
  rule_config config;
  std::unique_ptr<engine> rule;
  std::string boot = "boot-1";
  run_outcome last;

  explicit virtual_rule(std::string lua, std::vector<std::string> outputs = {}) {
    config.name = "test";
    config.lua = std::move(lua);
    config.outputs = std::move(outputs);
    make();
  }

  void make() {
    auto made = engine::make(config);
    if (!made)
      throw std::runtime_error(made.why().context);
    rule = std::move(*made);
  }

  run_outcome& run() { return last = rule->run_now(now, house); }

  /// Time goes on; the rule runs whenever time alone gives a reason.
  void pass(milliseconds x) {
    const auto until = now.mono + x.count() * 1'000'000;
    while (true) {
      const auto next = rule->next_due();
      if (!next || *next > until)
        break;
      tick(std::max(*next, now.mono));
      run();
    }
    tick(until);
  }

  /// The process ends and starts again; nobody was there to run the rule.
  void restart(milliseconds away, bool reboot = false, milliseconds wall_jump = milliseconds{0}) {
    const auto text = to_json(rule->memory(), now, {boot, digest(config.lua)}).dump();
    tick(now.mono + away.count() * 1'000'000);
    now.wall += wall_jump.count();
    if (reboot) {
      boot += "'";
      now.mono = 5'000'000'000;
    }
    make();
    auto memory = memory_from_json(nlohmann::json::parse(text), now, {boot, digest(config.lua)});
    if (!memory)
      throw std::runtime_error(memory.why().context);
    rule->restore(std::move(*memory));
  }

  /// What the rule wants of the output now: "on", "off", "21.5"; "-" nothing.
  std::string wants(const std::string& output) const {
    const auto found = rule->memory().wishes.find(output);
    return found != rule->memory().wishes.end() ? to_string(found->second.val) : "-";
  }

  std::string variable(const std::string& name) const {
    const auto found = rule->memory().variables.find(name);
    return found != rule->memory().variables.end() ? to_string(found->second) : "-";
  }

private:
  void tick(mono_ns to) {
    now.wall += (to - now.mono) / 1'000'000;
    now.mono = to;
  }
};

} // namespace troupe::rule
