// troupe: the command line of a node. Everything goes through the control
// interface (docs/control-interface.yaml).
#include "apps/cli/commands.hpp"
#include "apps/cli/completion.hpp"
#include "apps/cli/input.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <utility>
#include <vector>

namespace {

const char* const notes =
  "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no node, 4 not found,\n"
  "            5 `check` or `backup --verify` found problems, 6 not allowed or not trusted,\n"
  "            7 `export` wrote what it could.\n"
  "Examples:\n"
  "  troupe status                          the node at a glance\n"
  "  troupe watch boiler/                   readings as they change\n"
  "  troupe set hall/lamp on --for 10m      overrule the rules for ten minutes\n"
  "  troupe why hall/lamp                   what switched it\n"
  "  troupe --node boiler tree              of another node of the cluster\n"
  "  troupe --host 10.0.0.7 status          from another machine, with a certificate\n"
  "`troupe COMMAND --help` explains each command with examples.";

/// The library would list what it did not expect; people want the word that
/// they meant.
bool told_unknown_command(const CLI::App& app, int argc, char** argv) {
  using namespace troupe::cli;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--socket" || word == "--host" || word == "--identity" || word == "--node")
      ++i; // and its value
    if (word.empty() || word.front() == '-')
      continue;
    if (find_command(app, word))
      return false;
    const auto known = command_names(app);
    const auto meant = closest(word, known);
    std::fprintf(stderr, "troupe: no command '%s'; %s\n", harmless(word).c_str(),
                 meant.empty() ? "`troupe --help` lists all"
                               : ("did you mean '" + meant + "'?").c_str());
    return true;
  }
  return false;
}

} // namespace

int main(int argc, char** argv) {
  using namespace troupe::cli;
  // `troupe watch | head` ends by a write error, not by a signal.
  std::signal(SIGPIPE, SIG_IGN);
  session s;
  s.how = style_of_stdout();
  CLI::App app{"Looks into a Troupe node and commands it", "troupe"};
  auto* socket = app.add_option("--socket", s.where.socket, "The node's control socket, else "
                                                            "$TROUPE_SOCKET");
  auto* host = app.add_option("--host", s.where.host, "Another machine, over TLS: HOST[:4711], or "
                                                      "NAME@HOST to insist on that node; else "
                                                      "$TROUPE_HOST");
  host->excludes(socket);
  app.add_option("--identity", s.where.identity,
                 "Folder with operator.crt, operator.key and ca.crt for --host; else "
                 "$TROUPE_IDENTITY, else ~/.config/troupe");
  app.add_option("--node", s.where.node, "Ask this node of the cluster, through the one that answers");
  app.add_flag("--json", s.as_json, "Answers as JSON, streams as one object per line");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(notes);
  // --help shows the commands under these headings.
  const std::vector<std::pair<const char*, void (*)(CLI::App&, session&)>> groups = {
    {"Looking", add_look_commands},
    {"Looking on", add_stream_commands},
    {"Channels", add_channel_commands},
    {"Actors and drills", add_actor_commands},
    {"Actors and drills", add_drill_commands},
    {"The cluster", add_member_commands},
    {"The cluster", add_placement_commands},
    {"The cluster", add_join_commands},
    {"The cluster", add_pki_commands},
    {"The store", add_store_commands},
    {"Configuration of the running house", add_config_commands},
    {"Configuration files", add_check_commands},
    {"This program and its node", add_local_commands},
  };
  for (auto& [heading, add] : groups) {
    const auto before = app.get_subcommands([](const CLI::App*) { return true; }).size();
    add(app, s);
    const auto all = app.get_subcommands([](CLI::App*) { return true; });
    for (auto i = before; i < all.size(); ++i)
      if (!all[i]->get_group().empty())
        all[i]->group(heading);
  }
  if (told_unknown_command(app, argc, argv))
    return exit_usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  return s.code;
}
