#include "apps/cli/commands.hpp"
#include "apps/cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace troupe::cli {

void add_placement_commands(CLI::App& app, session& s) {
  auto* placement = app.add_subcommand("placement", "Where rules that may run on several nodes act, and who comes next");
  placement->footer("Examples:\n  troupe placement\n"
                    "  troupe --json placement | jq -r '.rules[] | select(.acts == \"\") | .rule'\n"
                    "  troupe --json placement | jq -r '.rules[] | select(.shadows[].is == \"differs\") | .rule'\n"
                    "In brackets: nodes that are not there now; busy: those that take rules last. STANDBY of a hot rule tells what its shadows say: whether\n"
                    "they would want the same as the acting one.");
  placement->callback([&s] {
    s.show(s.node().get("/v1/placement"), [&](const json& x) { return show_placement(x, s.how, session::now()); });
  });

  auto down = std::make_shared<std::vector<std::string>>();
  auto* what_if = app.add_subcommand("what-if", "What would act where, and which outputs go safe, if nodes were gone");
  what_if->add_option("--down", *down, "Nodes that are thought to be gone, with commas between")->required()->delimiter(',');
  what_if->footer("Examples:\n  troupe what-if --down server-1\n  troupe what-if --down server-1,boiler\n"
                  "  troupe --json what-if --down server-1 | jq '.outputs[] | select(.is == \"safe\")'\n"
                  "Nothing is changed. Exits 1 if an output that is driven now would go safe, or with its node.");
  what_if->callback([&s, down] {
    const auto got = s.node().get("/v1/placement?down=" + client::escape(fmt::format("{}", fmt::join(*down, ","))));
    if (got)
      for (const auto& name : *down) {
        const auto& nodes = list_at(*got, "nodes");
        if (std::none_of(nodes.begin(), nodes.end(), [&](const json& x) { return text_at(x, "name") == name; }))
          return s.fail(exit_usage, fmt::format("there is no node '{}'; see `troupe members`", harmless(name)));
      }
    s.show(got, [&](const json& x) { return show_what_if(x, s.how); });
    if (got && std::any_of(list_at(*got, "outputs").begin(), list_at(*got, "outputs").end(), [](const json& x) {
          return text_at(x, "is") == "safe" || text_at(x, "is") == "gone";
        }))
      s.code = exit_refused;
  });

  struct options {
    std::string rule, to;
  };
  auto o = std::make_shared<options>();
  auto* move = app.add_subcommand("move", "Give control of a rule to another node, without a gap");
  move->add_option("RULE", o->rule, "See `troupe placement`")->required();
  move->add_option("NODE", o->to, "One of its candidates")->required();
  move->footer("Examples:\n  troupe move boiler-pump server-2\n"
               "It stays there until that node goes, or until a better one has been there for its hand-back time;\nwhat is to last "
               "stands in `nodes` of the rule. `troupe drain` moves all that a node has.");
  move->callback([&s, o] {
    const auto path = "/v1/move/" + client::escape(o->rule.starts_with("rule/") ? o->rule : "rule/" + o->rule);
    s.show(s.node().post(path, {{"to", o->to}}), [&](const json& x) {
      return fmt::format("{}  {} → {}\n", s.how.paint(text_at(x, "rule", "?"), colour::bold), text_at(x, "from", "?"), text_at(x, "to", "?"));
    });
  });
}

} // namespace troupe::cli
