#include "apps/cli/commands.hpp"
#include "apps/cli/input.hpp"

#include "actors/rule/script.hpp"
#include "config/load/check.hpp"
#include "config/schema/explain.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

// The two commands that need no node: they use the node's own code in-process.

namespace troupe::cli {

namespace {

json problem_json(const problem& x) {
  return {{"file", x.at.file}, {"line", x.at.line},       {"path", x.path}, {"text", x.text},
          {"way_out", x.way_out}, {"fatal", x.fatal}, {"code", to_string(x.code)}};
}

/// node.toml by its name, a house otherwise: several files make one house. Beside
/// a node.toml the house is seen from that node; several see it from none.
std::vector<problem> problems_of(const std::vector<text_file>& files) {
  std::vector<problem> result;
  std::vector<text_file> houses;
  std::vector<node_config> nodes;
  for (auto& file : files) {
    if (std::filesystem::path{file.name}.filename() != "node.toml") {
      houses.push_back(file);
      continue;
    }
    auto parsed = parse_node(file.text, file.name);
    nodes.push_back(std::move(parsed.node));
    for (auto& x : parsed.problems)
      result.push_back(x);
  }
  viewpoint from;
  if (nodes.size() == 1)
    from = {nodes[0].name, patience_of(nodes[0].profile).suspect_after};
  for (auto& x : read_house(houses, rule::check_script, from).problems)
    result.push_back(x);
  sort(result);
  return result;
}

void run_check(session& s, const std::vector<std::string>& names) {
  std::vector<text_file> files;
  for (auto& name : names) {
    std::string why;
    auto text = read_input(name, why);
    if (!text)
      return s.fail(exit_refused, why);
    files.push_back({name == "-" ? "standard input" : name, std::move(*text)});
  }
  const auto found = problems_of(files);
  if (any_fatal(found))
    s.code = exit_problems;
  if (s.as_json) {
    auto all = json::array();
    for (auto& x : found)
      all.push_back(problem_json(x));
    return s.print_json(all);
  }
  const auto width = std::min<std::size_t>(s.how.width, 100);
  for (auto& x : found)
    s.print(s.how.paint(x.fatal ? "✗ " : "◐ ", x.fatal ? colour::red : colour::yellow)
            + x.to_string(width - 2) + "\n");
  if (found.empty())
    s.print(s.how.paint("● ", colour::green) + "no problems\n");
}

} // namespace

void add_check_commands(CLI::App& app, session& s) {
  auto files = std::make_shared<std::vector<std::string>>();
  auto* check = app.add_subcommand("check", "All that is wrong with configuration files, at once; needs no node");
  check->add_option("FILE", *files, "node.toml, or the files that make one house; - is standard input")
    ->required();
  check->footer("Examples:\n  troupe check house.toml\n  troupe check /etc/troupe/node.toml house.toml rules.toml\n"
                "Exits with 5 when something must be changed. Advice (◐) alone exits with 0.");
  check->callback([&s, files] { run_check(s, *files); });

  auto key = std::make_shared<std::string>();
  auto* config = app.add_subcommand("config", "The configuration's reference; needs no node");
  config->require_subcommand(1);
  auto* explain = config->add_subcommand("explain", "What an option is, with unit, default and limits");
  explain->add_option("KEY", *key, "channel, lease or channel.lease; the sections without it");
  explain->footer("Examples:\n  troupe config explain channel\n  troupe config explain channel.lease");
  explain->callback([&s, key] {
    const auto text = schema::explain(*key);
    if (!text)
      return s.fail(exit_not_found, text.why().context);
    if (s.as_json)
      return s.print_json({{"key", *key}, {"text", *text}});
    s.print(*text);
  });
}

} // namespace troupe::cli
