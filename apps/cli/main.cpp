// troupe: the command line of a node. Everything goes through the control
// interface (docs/control-interface.yaml).
#include "apps/cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <csignal>

namespace {

const char* const notes =
  "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no node, 4 not found,\n"
  "            5 `check` found problems, 6 not allowed.\n"
  "Examples:\n"
  "  troupe status                          the node at a glance\n"
  "  troupe watch boiler/                   readings as they change\n"
  "  troupe set hall/lamp on --for 10m      overrule the rules for ten minutes\n"
  "  troupe why hall/lamp                   what switched it\n"
  "`troupe COMMAND --help` explains each command with examples.";

} // namespace

int main(int argc, char** argv) {
  using namespace troupe::cli;
  // `troupe watch | head` ends by a write error, not by a signal.
  std::signal(SIGPIPE, SIG_IGN);
  session s;
  s.how = style_of_stdout();
  CLI::App app{"Looks into a Troupe node and commands it", "troupe"};
  app.add_option("--socket", s.socket_option, "The node's control socket")->envname("TROUPE_SOCKET");
  app.add_flag("--json", s.as_json, "Answers as JSON, streams as one object per line");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(notes);
  add_look_commands(app, s);
  add_stream_commands(app, s);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  return s.code;
}
