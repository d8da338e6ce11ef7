#include "apps/cli/commands.hpp"
#include "apps/cli/input.hpp"
#include "apps/cli/views.hpp"

#include "config/load/parse.hpp"
#include "config/schema/schema.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <memory>

namespace troupe::cli {

namespace {

struct config_options {
  std::string section;
  std::string name;
  std::string file;
  std::vector<std::string> pairs;
  std::string revision;
  unsigned newest = 20;
  bool dry_run = false;
  bool prune = false;
  bool yes = false;
};

const auto sections = CLI::IsMember(schema::house_words());

std::string lines_of(const session& s, const json& texts, const char* sign, colour how) {
  std::string result;
  for (auto& x : texts)
    result += s.how.paint(fmt::format("{} {}", sign, harmless(x.is_string() ? x.get<std::string>() : x.dump())),
                          how)
              + "\n";
  return result;
}

/// ", revision 7"; of several nodes ", revision 7 at server-1, 3 at board".
std::string revision_of(const json& x) {
  if (x.contains("revision"))
    return ", revision " + text_at(x, "revision");
  std::string result;
  if (x.contains("revisions"))
    for (const auto& [node, revision] : x["revisions"].items())
      result += fmt::format("{}{} at {}", result.empty() ? ", revision " : ", ", revision.dump(), node);
  return result;
}

std::string show_done(const session& s, const json& x) {
  if (!truth_at(x, "applied"))
    return "";
  const auto& failed = list_at(x, "failed");
  return lines_of(s, failed, "✗", colour::red)
         + (failed.empty() ? s.how.paint("● done", colour::green)
                           : s.how.paint("◐ desired, but not all of it runs", colour::yellow))
         + revision_of(x) + "\n";
}

/// A script that adds a device must see when the device does not run.
void judge(session& s, const client::answer<json>& got) {
  if (got && s.code == exit_ok && !list_at(*got, "failed").empty())
    s.code = exit_refused;
}

/// The plan, and what the node would have us think over.
std::string show_plan_of(const session& s, const json& x) {
  const auto node = text_at(x, "node");
  const auto whose = node.empty() ? "" : s.how.paint("of " + node + " alone, other nodes stay as they are\n", colour::dim);
  return whose + show_plan(list_at(x, "plan"), s.how)
         + lines_of(s, list_at(x, "advice"), "◐", colour::yellow);
}

std::string show_outcome(const session& s, const json& x) {
  return show_plan_of(s, x) + show_done(s, x);
}

/// Shows what would happen, asks, and does it. `body` is asked for with
/// "dry_run" first.
void plan_ask_do(session& s, const std::string& path, json body, const config_options& o) {
  const auto node = s.node();
  body["dry_run"] = true;
  const auto planned = node.post(path, body);
  if (!planned || o.dry_run)
    return s.show(planned, [&](const json& x) { return show_plan_of(s, x); });
  if (list_at(*planned, "plan").empty())
    return s.show(planned, [&](const json& x) { return show_plan_of(s, x); });
  if (!o.yes) {
    if (!session::has_terminal())
      return s.fail(exit_usage, "this changes the house and nobody can be asked: say --yes, or "
                                "--dry-run to see the plan");
    s.print(show_plan_of(s, *planned));
    if (!session::confirm("Do this?"))
      return s.fail(exit_refused, "nothing was changed");
  }
  body["dry_run"] = false;
  const auto done = node.post(path, body);
  s.show(done, [&](const json& x) {
    // What was asked about is on the screen already.
    return o.yes ? show_outcome(s, x) : show_done(s, x);
  });
  judge(s, done);
}

void send(session& s, const std::string& section, const std::string& name, const json& document,
          bool replace) {
  const auto done = s.node().post("/v1/config", {{"section", section},
                                                 {"name", name},
                                                 {"document", document},
                                                 {"replace", replace}});
  s.show(done, [&](const json& x) { return show_outcome(s, x); });
  judge(s, done);
}

/// Everything that stands in a piece of house.toml, one after the other; stops
/// at the first that the node refuses.
void send_file(session& s, const std::string& file, bool replace) {
  std::string why;
  const auto text = read_input(file, why);
  if (!text)
    return s.fail(exit_refused, why);
  const auto parsed = parse_house(*text, file == "-" ? "standard input" : file);
  if (any_fatal(parsed.problems)) {
    for (auto& x : parsed.problems)
      why += (why.empty() ? "" : "\n") + x.to_string();
    return s.fail(exit_refused, why);
  }
  if (parsed.documents.empty())
    return s.fail(exit_refused, fmt::format("{} names no bus, channel, counter, rule or drill", file));
  for (auto& x : parsed.documents)
    if (s.code == exit_ok)
      send(s, x.section, x.name, x.body, replace);
}

void add_one(CLI::App& app, session& s, bool replace) {
  auto o = std::make_shared<config_options>();
  auto* add = app.add_subcommand(replace ? "replace" : "add",
                                 replace ? "Change a device or rule to what is given, whole"
                                         : "Add a device or rule to the running house");
  add->add_option("SECTION", o->section, "bus, channel, counter, rule or drill")->check(sections);
  add->add_option("NAME", o->name, "Its name: hall/lamp");
  add->add_option("OPTIONS", o->pairs, "key=value ...; `troupe config explain` tells all keys");
  add->add_option("--from", o->file, "A piece of house.toml instead; - is standard input");
  const char* command = replace ? "replace" : "add";
  add->footer(fmt::format("Examples:\n  troupe {0} channel hall/lamp bus=gpio line=relay-1 direction=output\n"
                          "  troupe {0} rule hall-light lua=@hall-light.lua outputs=[hall/lamp]\n"
                          "  troupe {0} --from lamp.toml\n"
                          "A value @FILE is the text of that file. Whole houses go through `troupe apply`.",
                          command));
  add->callback([&s, o, replace] {
    if (!o->file.empty() && o->section.empty())
      return send_file(s, o->file, replace);
    if (!o->file.empty() || o->name.empty())
      return s.fail(exit_usage, "say what it is: SECTION NAME key=value ..., or --from FILE");
    std::string why;
    auto document = document_of(o->pairs, why);
    if (!document)
      return s.fail(exit_usage, why);
    for (auto& x : *document) {
      if (!x.is_string() || x.get_ref<const std::string&>().rfind('@', 0) != 0)
        continue;
      auto text = read_input(x.get<std::string>().substr(1), why);
      if (!text)
        return s.fail(exit_refused, why);
      x = *text;
    }
    send(s, o->section, o->name, *document, replace);
  });
}

void add_remove(CLI::App& app, session& s) {
  auto o = std::make_shared<config_options>();
  auto* remove = app.add_subcommand("remove", "Remove a device or rule; everything else runs on");
  remove->add_option("SECTION", o->section, "bus, channel, counter, rule or drill")->required()->check(sections);
  remove->add_option("NAME", o->name, "Its name")->required();
  remove->footer("Examples:\n  troupe remove rule hall-light\n`troupe rollback` brings it back.");
  remove->callback([&s, o] {
    const auto done = s.node().remove(fmt::format("/v1/config/{}/{}", o->section, client::escape(o->name)));
    s.show(done, [&](const json& x) { return show_outcome(s, x); });
    judge(s, done);
  });
}

void add_apply(CLI::App& app, session& s) {
  auto o = std::make_shared<config_options>();
  auto* apply = app.add_subcommand("apply", "Make the house what a file says: shows the plan, asks, does it");
  apply->add_option("FILE", o->file, "house.toml or a part of it; - is standard input")->required();
  apply->add_flag("--dry-run", o->dry_run, "Only show the plan");
  apply->add_flag("--prune", o->prune, "Remove what is not in the file");
  apply->add_flag("-y,--yes", o->yes, "Do not ask");
  apply->footer("Examples:\n  troupe apply house.toml --dry-run\n  troupe apply house.toml\n"
                "  troupe apply house.toml --prune --yes\n"
                "  troupe export | sed s/relay-1/relay-2/ | troupe apply - --yes");
  apply->callback([&s, o] {
    std::string why;
    const auto text = read_input(o->file, why);
    if (!text)
      return s.fail(exit_refused, why);
    plan_ask_do(s, "/v1/apply", {{"toml", *text}, {"prune", o->prune},
                                    {"file", o->file == "-" ? "standard input" : o->file}}, *o);
  });
}

void add_export(CLI::App& app, session& s) {
  auto o = std::make_shared<config_options>();
  auto* command = app.add_subcommand("export", "The house as it is desired now, as house.toml");
  command->add_option("FILE", o->file, "Where to; standard output without it");
  command->footer("Examples:\n  troupe export house.toml\n  troupe export | troupe apply - --dry-run");
  command->callback([&s, o] {
    const auto got = s.node().get("/v1/config");
    if (!got)
      return s.fail(got.why());
    const auto toml = got->value("toml", "");
    if (s.as_json) {
      s.print_json(*got);
    } else if (o->file.empty()) {
      s.print(toml);
    } else {
      std::ofstream file{o->file, std::ios::trunc};
      file << toml;
      file.close();
      if (!file)
        return s.fail(exit_refused, fmt::format("cannot write {}", o->file));
    }
    std::string missing;
    for (const auto& x : got->value("missing", json::array()))
      if (x.is_string())
        missing += (missing.empty() ? "" : ", ") + x.get<std::string>();
    if (!missing.empty())
      s.fail(exit_incomplete, fmt::format("it is not the whole house: the parts of these nodes are missing, to which the node has "
                                          "not been linked since it started: {}. Export again when they are there, or ask a node "
                                          "that knows them; `troupe remove-node NAME` ends who never comes back", missing));
  });
}

void add_revisions(CLI::App& app, session& s) {
  auto o = std::make_shared<config_options>();
  auto* history = app.add_subcommand("history", "Who changed the configuration of which node, newest first");
  history->add_option("-n,--newest", o->newest, "At most so many")->capture_default_str();
  history->footer("Examples:\n  troupe history\n  troupe --node boiler history\n  troupe --json history -n 1\n"
                  "A revision is of one node, with a number of its own: boiler/7. An apply that changes three nodes makes one at each.");
  history->callback([&s, o] {
    s.show(s.node().get("/v1/history", {{"newest", std::to_string(o->newest)}}),
           [&](const json& x) { return show_history(x, s.how, session::now()); });
  });

  auto* rollback = app.add_subcommand("rollback", "Make the configuration of one node what it was at a revision");
  rollback->add_option("REVISION", o->revision, "See `troupe history`: boiler/6, or 6 for the node that is asked")->required();
  rollback->add_flag("--dry-run", o->dry_run, "Only show the plan");
  rollback->add_flag("-y,--yes", o->yes, "Do not ask");
  rollback->footer("Examples:\n  troupe rollback 6 --dry-run\n  troupe rollback boiler/6\nOther nodes stay as they are.");
  rollback->callback([&s, o] {
    const auto slash = o->revision.rfind('/');
    const auto number = o->revision.substr(slash == std::string::npos ? 0 : slash + 1);
    std::uint64_t revision = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), revision);
    if (read.ec != std::errc{} || read.ptr != number.data() + number.size() || slash == 0)
      return s.fail(exit_usage, "'" + o->revision + "' is no revision: say a number, or NODE/NUMBER as `troupe history` shows it");
    json body{{"revision", revision}};
    const auto node = slash == std::string::npos ? "" : o->revision.substr(0, slash);
    if (!node.empty() && !s.where.node.empty() && node != s.where.node)
      return s.fail(exit_usage, "revision " + o->revision + " is none of " + s.where.node + ", which --node asks");
    if (!node.empty() && s.where.node.empty())
      body["node"] = node;
    plan_ask_do(s, "/v1/rollback", body, *o);
  });
}

} // namespace

void add_config_commands(CLI::App& app, session& s) {
  add_one(app, s, false);
  add_one(app, s, true);
  add_remove(app, s);
  add_apply(app, s);
  add_export(app, s);
  add_revisions(app, s);
}

} // namespace troupe::cli
