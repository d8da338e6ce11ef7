#pragma once

#include "apps/cli/session.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::cli {

/// The command of that name, null if there is none.
[[nodiscard]] const CLI::App* find_command(const CLI::App& app, const std::string& name);

/// Those that --help shows.
[[nodiscard]] std::vector<std::string> command_names(const CLI::App& app);

/// What can stand in the place of the last of `words` (the command line after
/// "troupe"; the last may be empty): commands, options, names of channels,
/// counters, actors and buses. Asks the node, and is silent without one.
[[nodiscard]] std::vector<std::string> candidates(const CLI::App& app,
                                                  const std::vector<std::string>& words,
                                                  const session& s);

/// For "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_script(const std::string& shell);

} // namespace troupe::cli
