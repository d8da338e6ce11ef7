#include "apps/cli/commands.hpp"
#include "apps/cli/completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {

void add_local_commands(CLI::App& app, session& s) {
  auto* version = app.add_subcommand("version", "The version of this program and of the node");
  version->footer("Examples:\n  troupe version");
  version->callback([&s] {
    const auto status = s.node().get("/v1/status");
    const auto node = status ? text_at(*status, "version", "?") : "";
    if (s.as_json)
      return s.print_json({{"troupe", TROUPE_VERSION}, {"node", node.empty() ? json{} : json(node)}});
    s.print(fmt::format("troupe  {}\nnode    {}\n", TROUPE_VERSION,
                        node.empty() ? "not running at " + s.node().where() : node));
  });

  auto yes = std::make_shared<bool>(false);
  auto* shutdown = app.add_subcommand("shutdown", "Stop the node in order: outputs go to their safe state");
  shutdown->add_flag("-y,--yes", *yes, "Do not ask");
  shutdown->footer("Examples:\n  troupe shutdown --yes\nA service manager may start it again.");
  shutdown->callback([&s, yes] {
    if (!*yes && !session::has_terminal())
      return s.fail(exit_usage, "this stops the node and nobody can be asked: say --yes");
    if (!*yes && !session::confirm("Stop the node? Its outputs go to their safe state."))
      return s.fail(exit_refused, "nothing was stopped");
    s.show(s.node().post("/v1/shutdown", json::object()),
           [](const json&) { return std::string{"stopping\n"}; });
  });

  auto shell = std::make_shared<std::string>();
  auto* completion = app.add_subcommand("completion", "A script that teaches a shell to complete troupe");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
    ->required()
    ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Examples:\n  source <(troupe completion bash)\n"
                     "  troupe completion fish > ~/.config/fish/completions/troupe.fish");
  completion->callback([&s, shell] { s.print(completion_script(*shell)); });

  // What the scripts call: the words after "troupe", the last one unfinished.
  auto words = std::make_shared<std::vector<std::string>>();
  auto* complete = app.add_subcommand("complete", "")->group("");
  complete->add_option("WORDS", *words);
  complete->callback([&app, &s, words] {
    for (auto& x : candidates(app, *words, s))
      s.print(x + "\n");
  });
}

} // namespace troupe::cli
