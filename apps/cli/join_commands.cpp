#include "apps/cli/commands.hpp"
#include "apps/cli/input.hpp"
#include "apps/cli/join.hpp"

#include "apps/client/enrol.hpp"
#include "cluster/identity/calendar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

// A new member: an operator makes a token, the new machine shows it.

namespace troupe::cli {

namespace {

struct token_options {
  std::string name, role = "node", ttl = "1h", house;
  bool replace = false;
};

struct join_options {
  std::string at, token_text, config = "/etc/troupe/node.toml", folder, data_dir;
  bool force = false;
};

void run_token(session& s, const token_options& how) {
  json body = {{"name", how.name}, {"role", how.role}, {"ttl", how.ttl}};
  if (!how.house.empty()) {
    std::string why;
    auto text = read_input(how.house, why);
    if (!text)
      return s.fail(exit_refused, why);
    body["house"] = std::move(*text);
  }
  if (how.replace)
    body["replace"] = true;
  s.show(s.node().post("/v1/tokens", body), [&](const json& x) {
    auto text = fmt::format("{}\n\nGood once, until {}, for the {} {}. There:\n  {}\n", text_at(x, "token"),
                            clock_time(static_cast<wall_ms>(number_at(x, "expires")), session::now()), how.role, how.name,
                            text_at(x, "join"));
    const auto& others = list_at(x, "addresses");
    for (std::size_t i = 1; i < others.size(); ++i)
      text += fmt::format("  or at {}\n", others[i].is_string() ? harmless(others[i].get<std::string>()) : "");
    return text;
  });
}

/// "server-1", "10.0.0.2:4711", "[fd00::2]:4711", "fd00::2".
std::optional<client::enrol_server> server_of(const std::string& text) {
  client::enrol_server result;
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (text.starts_with("[")) {
    const auto end = text.find(']');
    if (end == std::string::npos || (end + 1 < text.size() && text[end + 1] != ':'))
      return {};
    result.host = text.substr(1, end - 1);
    if (end + 1 < text.size())
      result.port = text.substr(end + 2);
  } else if (colons == 1) {
    result.host = text.substr(0, text.find(':'));
    result.port = text.substr(text.find(':') + 1);
  } else {
    result.host = text;
  }
  const bool digits = !result.port.empty() && result.port.find_first_not_of("0123456789") == std::string::npos;
  if (result.host.empty() || !digits || result.port.size() > 5)
    return {};
  return result;
}

std::string default_folder(const identity::token& shown, const join_options& how) {
  if (shown.allowed == cluster::role::node)
    return (how.data_dir.empty() ? "/var/lib/troupe" : how.data_dir) + "/pki";
  const char* home = std::getenv("HOME");
  const char* config = std::getenv("XDG_CONFIG_HOME");
  return (config && *config ? std::string{config} : std::string{home ? home : "."} + "/.config") + "/troupe";
}

/// A server's time next to ours; empty when they agree.
std::string clock_advice(const json& answer) {
  const auto theirs = static_cast<wall_ms>(number_at(answer, "time"));
  const auto off = session::now() - theirs;
  if (theirs == 0 || std::abs(off) < 60'000)
    return {};
  return fmt::format("This machine's clock is {} {} the server's ({}): set it, readings carry its time.\n",
                     duration(static_cast<double>(std::abs(off)) / 1000), off > 0 ? "ahead of" : "behind",
                     identity::utc_text(theirs));
}

void run_join(session& s, const join_options& how) {
  const auto shown = identity::token_from(how.token_text);
  if (!shown)
    return s.fail(exit_usage, shown.why().context);
  auto at = server_of(how.at);
  if (!at)
    return s.fail(exit_usage, fmt::format("'{}' is no address: write server-1, 10.0.0.2:4711 or [fd00::2]:4711", how.at));
  at->root = shown->root;
  at->minted = shown->minted;
  join_order order;
  order.config = how.config;
  order.folder = std::filesystem::absolute(how.folder.empty() ? default_folder(*shown, how) : how.folder).lexically_normal();
  order.data_dir = how.data_dir;
  order.force = how.force;
  if (auto free = check_place(*shown, order); !free)
    return s.fail(exit_refused, free.why().context);
  const auto request = prepare_request(*shown, order);
  if (!request)
    return s.fail(exit_refused, request.why().context);
  const auto answer = client::enrol(*at, {{"token", how.token_text}, {"request", *request}});
  if (!answer)
    return s.fail(answer.why());
  const auto done = store_membership(*shown, order, *answer);
  if (!done)
    return s.fail(exit_refused, done.why().context);
  if (s.as_json)
    return s.print_json({{"name", shown->name}, {"role", cluster::to_string(shown->allowed)}, {"certificate", done->certificate},
                         {"not_after", done->until}, {"config", done->config}, {"house", done->house}});
  s.print(fmt::format("This machine is the {} {} until {}\n  certificate  {}\n", cluster::to_string(shown->allowed), shown->name,
                      identity::utc_text(done->until), done->certificate));
  if (!done->config.empty())
    s.print(fmt::format("  node         {}\n", done->config));
  if (!done->house.empty())
    s.print(fmt::format("  house        {}\n", done->house));
  s.print(clock_advice(*answer));
  if (!done->config.empty())
    s.print(fmt::format("Start it:\n  trouped --config {}{}\n{}", done->config,
                        done->house.empty() ? "" : " --house " + done->house,
                        how.force ? "If it runs already:\n  troupe reload\n" : ""));
}

} // namespace

void add_join_commands(CLI::App& app, session& s) {
  auto made = std::make_shared<token_options>();
  auto* token = app.add_subcommand("token", "A one-time token with which a new machine or person joins");
  token->add_option("NAME", made->name, "The name to come, one word")->required();
  token->add_option("--role", made->role, "What it will be")->check(CLI::IsMember({"node", "operator", "viewer"}))->capture_default_str();
  token->add_option("--ttl", made->ttl, "How long it can be used, 1m to 7d")->capture_default_str();
  token->add_option("--house", made->house, "A house.toml that the new node begins with");
  token->add_flag("--replace", made->replace, "The new machine takes the place of one of that name, which is revoked");
  token->footer("Examples:\n  troupe token boiler\n  troupe token anna --role operator --ttl 1d\n"
                "The node that is asked must hold the issuer (troupe pki issue --enrols).");
  token->callback([&s, made] { run_token(s, *made); });

  auto how = std::make_shared<join_options>();
  auto* join = app.add_subcommand("join", "Make this machine a member with a token; its key never leaves it");
  join->add_option("HOST", how->at, "A server's control-listen address; port 4711 if none is given")->required();
  join->add_option("--token", how->token_text, "What `troupe token` printed")->required()->envname("TROUPE_TOKEN");
  join->add_option("--config", how->config, "node.toml to write")->capture_default_str();
  join->add_option("--dir", how->folder, "Folder for certificate and key; else pki in the data folder, ~/.config/troupe for people");
  join->add_option("--data-dir", how->data_dir, "Where the node keeps its data; else /var/lib/troupe");
  join->add_flag("--force", how->force, "Replace what is there");
  join->footer("Examples:\n  troupe join server-1 --token troupe1-...\n"
               "  troupe join [fd00::2]:4711 --token troupe1-... --config node.toml --data-dir data");
  join->callback([&s, how] { run_join(s, *how); });
}

} // namespace troupe::cli
