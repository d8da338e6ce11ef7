#include "apps/cli/commands.hpp"
#include "apps/cli/views.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {

namespace {

void add_lists(CLI::App& app, session& s) {
  auto* status = app.add_subcommand("status", "The node at a glance: actors, readings, store, alarms");
  status->footer("Examples:\n  troupe status\n  troupe --json status | jq .alarms");
  status->callback([&s] {
    s.show(s.node().get("/v1/status"), [&](auto& x) { return show_status(x, s.how, session::clock_of(x)); });
  });

  auto* tree = app.add_subcommand("tree", "The supervision tree with states, restarts and reasons");
  tree->footer("Examples:\n  troupe tree");
  tree->callback([&s] {
    s.show(s.node().get("/v1/tree"), [&](auto& x) { return show_tree(x, s.how); });
  });

  auto* ps = app.add_subcommand("ps", "All actors with their vitals");
  ps->footer("Examples:\n  troupe ps\n  troupe --json ps | jq '.[] | select(.crashes > 0)'");
  ps->callback([&s] {
    s.show(s.node().get("/v1/ps"), [&](auto& x) { return show_ps(x, s.how); });
  });

  auto* buses = app.add_subcommand("buses", "Buses with their lines and faults");
  buses->footer("Examples:\n  troupe buses");
  buses->callback([&s] {
    s.show(s.node().get("/v1/buses"), [&](auto& x) { return show_buses(x, s.how); });
  });
}

void add_readings(CLI::App& app, session& s) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto* get = app.add_subcommand("get", "One reading or output with everything that is known of it");
  get->add_option("NAME", *names, "Channels, counters or rules")->required();
  get->footer("Examples:\n  troupe get boiler/flow-temp\n  troupe get hall/lamp hall/button\n"
              "  troupe --json get water/main | jq .value");
  get->callback([&s, names] {
    for (auto& name : *names)
      s.show(s.node().get("/v1/readings/" + client::escape(name)),
             [&](auto& x) { return show_reading(x, s.how, session::now()); });
  });

  auto prefix = std::make_shared<std::string>();
  auto* list = app.add_subcommand("list", "All readings and outputs, or those whose name begins with PREFIX");
  list->add_option("PREFIX", *prefix, "Beginning of the names");
  list->footer("Examples:\n  troupe list\n  troupe list boiler/");
  list->callback([&s, prefix] {
    client::params query;
    if (!prefix->empty())
      query["prefix"] = *prefix;
    s.show(s.node().get("/v1/readings", query), [&](auto& x) {
      // A node alone names none, and then nobody is asked who answers.
      const bool named = std::any_of(x.begin(), x.end(), [](const json& r) { return r.contains("node"); });
      return show_readings(x, named && from_elsewhere(x, s.here()), s.how);
    });
  });

  auto what = std::make_shared<std::string>();
  auto* why = app.add_subcommand("why", "Why it has the value that it has: the story from pin to pin");
  why->add_option("NAME", *what, "An output, input or counter")->required();
  why->footer("Examples:\n  troupe why hall/lamp");
  why->callback([&s, what] {
    s.show(s.node().get("/v1/why/" + client::escape(*what)),
           [&](auto& x) { return show_why(x, s.how, session::now()); });
  });

  auto whom = std::make_shared<std::string>();
  auto* inspect = app.add_subcommand("inspect", "One actor from inside: its state, timers, memory, last run");
  inspect->add_option("ACTOR", *whom, "See `troupe ps`")->required();
  inspect->footer("Examples:\n  troupe inspect rule/hall-light\n  troupe inspect bus/gpio\n"
                  "  troupe --json inspect rule/hall-light | jq .inside.last");
  inspect->callback([&s, whom] {
    s.show(s.node().get("/v1/actors/" + client::escape(*whom)), [&](auto& x) { return show_actor(x, s.how); });
  });

  auto actor = std::make_shared<std::string>();
  auto* mortem = app.add_subcommand("post-mortem", "What failed actors left behind: error, state, last messages");
  mortem->add_option("ACTOR", *actor, "See `troupe ps`")->required();
  mortem->footer("Examples:\n  troupe post-mortem rule/night-setback");
  mortem->callback([&s, actor] {
    s.show(s.node().get("/v1/post-mortems/" + client::escape(*actor)),
           [&](auto& x) { return show_post_mortems(x, s.how, session::now()); });
  });
}

} // namespace

void add_look_commands(CLI::App& app, session& s) {
  add_lists(app, s);
  add_readings(app, s);
}

} // namespace troupe::cli
