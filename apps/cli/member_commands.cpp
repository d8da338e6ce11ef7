#include "apps/cli/commands.hpp"
#include "apps/cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {

namespace {

struct member_verb {
  const char* command;
  const char* in_path; ///< of /v1/members/{name}/{verb}
  const char* help;
  const char* question; ///< asked first; empty: it harms nobody
  const char* example;
};

constexpr member_verb member_verbs[] = {
  {"approve", "approve", "Let a node in that discovery has found, or that was removed", "", "troupe approve garden"},
  {"drain", "drain", "Have a node give away what others can do; it takes nothing new", "",
   "troupe drain boiler\nBefore an update; `troupe undrain boiler` ends it."},
  {"undrain", "undrain", "End a drain", "", "troupe undrain boiler"},
  {"leave", "leave", "Have a node say goodbye to the cluster; it may come back",
   "Shall {} leave the cluster? Until it comes back, what only it has is out of reach.",
   "troupe leave boiler"},
  {"remove-node", "remove", "Remove a node: it is refused until it is approved or joins with a new token",
   "Remove {}? Its links are cut, and it is refused until `troupe approve` or a new token lets it in.",
   "troupe remove-node garden\nOf one that was stolen, revoke the certificate, too: `troupe pki revoke`.\n"
   "For a device or rule: `troupe remove`."},
};

void add_verb(CLI::App& app, session& s, const member_verb& v) {
  struct options {
    std::string name;
    bool yes = false;
  };
  auto o = std::make_shared<options>();
  auto* command = app.add_subcommand(v.command, v.help);
  command->add_option("NAME", o->name, "See `troupe members`")->required();
  const bool asks = *v.question != '\0';
  if (asks)
    command->add_flag("-y,--yes", o->yes, "Do not ask");
  command->footer(fmt::format("Examples:\n  {}", v.example));
  command->callback([&s, o, asks, v] {
    if (asks && !o->yes) {
      if (!session::has_terminal())
        return s.fail(exit_usage, "this changes the cluster and nobody can be asked: say --yes");
      if (!session::confirm(fmt::format(fmt::runtime(v.question), harmless(o->name))))
        return s.fail(exit_refused, "nothing was changed");
    }
    const auto path = fmt::format("/v1/members/{}/{}", client::escape(o->name), v.in_path);
    s.show(s.node().post(path, json::object()), [&](const json& x) {
      return fmt::format("{}  {}\n", s.how.paint(harmless(o->name), colour::bold),
                         text_at(x, "text").empty() ? "done" : text_at(x, "text"));
    });
  });
}

} // namespace

void add_member_commands(CLI::App& app, session& s) {
  auto* members = app.add_subcommand("members", "The cluster as a node sees it, and who sees it differently");
  members->footer("Examples:\n  troupe members\n  troupe --node boiler members\n"
                  "  troupe --json members | jq '.members[] | select(.standing != \"alive\")'");
  members->callback([&s] {
    s.show(s.node().get("/v1/members"),
           [&](const json& x) { return show_members(x, s.how, session::clock_of(x)); });
  });
  auto* replicas = app.add_subcommand("replicas", "How far the stores of the other members are, as a node knows it");
  replicas->footer("Examples:\n  troupe replicas\n  troupe --node boiler replicas\n"
                   "  troupe --json replicas | jq '.members[] | select(.equal | not)'\n"
                   "Who is behind catches up by itself and works meanwhile.");
  replicas->callback([&s] { s.show(s.node().get("/v1/replicas"), [&](const json& x) { return show_replicas(x, s.how); }); });
  for (auto& v : member_verbs)
    add_verb(app, s, v);

  auto* reload = app.add_subcommand("reload", "Have the node read its certificate, CAs and revocations again");
  reload->footer("Examples:\n  troupe reload\nLinks stay, but those of revoked peers end.");
  reload->callback([&s] {
    s.show(s.node().post("/v1/reload", json::object()), [](const json& x) {
      return text_at(x, "text", "read again") + "\n";
    });
  });
}

} // namespace troupe::cli
