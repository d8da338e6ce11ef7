#include "apps/cli/commands.hpp"
#include "apps/cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {

namespace {

struct actor_verb {
  const char* command; ///< also the verb of the interface
  const char* help;
  const char* example;
};

// "release" is of outputs on the command line, so actors have "unquarantine".
constexpr actor_verb actor_verbs[] = {
  {"kill", "End an actor's incarnation as a crash would: a drill of its supervisor",
   "troupe kill rule/hall-light\nIts supervisor starts it again; siblings notice nothing."},
  {"restart", "Stop an actor in order and start it again", "troupe restart bus/gpio"},
  {"quarantine", "Take an actor out of service: readings bad, outputs safe",
   "troupe quarantine rule/night-setback"},
  {"unquarantine", "Let a quarantined actor try again, its crashes forgiven",
   "troupe unquarantine rule/night-setback"},
  {"hang", "Make an actor hang: a drill of the stuck detection",
   "troupe hang hall/lamp\nIt is found within its deadline and replaced; watch with troupe tree."},
};

} // namespace

void add_actor_commands(CLI::App& app, session& s) {
  for (auto& v : actor_verbs) {
    auto actor = std::make_shared<std::string>();
    auto* command = app.add_subcommand(v.command, v.help);
    command->add_option("ACTOR", *actor, "See `troupe ps`")->required();
    command->footer(fmt::format("Examples:\n  {}", v.example));
    command->callback([&s, actor, what = v.command] {
      s.show(s.node().post(fmt::format("/v1/act/{}/{}", what, client::escape(*actor)),
                           json::object()),
             [&](const json& x) {
               const auto next = text_at(x, "next");
               return fmt::format("{}  {}\n{}", s.how.paint(*actor, colour::bold),
                                  text_at(x, "text").empty() ? "done" : text_at(x, "text"),
                                  next.empty() ? "" : "  " + s.how.paint(next, colour::dim) + "\n");
             });
    });
  }

  struct options {
    std::string bus;
    std::string fault;
    std::string state;
    std::string line;
  };
  auto o = std::make_shared<options>();
  auto* fault = app.add_subcommand("fault", "Play a fault of a bus on purpose, or end it");
  fault->add_option("BUS", o->bus, "See `troupe buses`, which lists the faults too")->required();
  fault->add_option("FAULT", o->fault, "Its name")->required();
  fault->add_option("STATE", o->state, "on or off")->required()->check(CLI::IsMember({"on", "off"}));
  fault->add_option("--line", o->line, "One line only");
  fault->footer("Examples:\n  troupe fault sim leak on\n  troupe fault sim sensor-dead on --line flow\n"
                "  troupe fault sim leak off");
  fault->callback([&s, o] {
    json body = {{"fault", o->fault}, {"active", o->state == "on"}};
    if (!o->line.empty())
      body["line"] = o->line;
    s.show(s.node().post("/v1/faults/" + client::escape(o->bus), body), [&](const json&) {
      return fmt::format("{}  fault {} {}\n", s.how.paint(o->bus, colour::bold), o->fault, o->state);
    });
  });
}

} // namespace troupe::cli
