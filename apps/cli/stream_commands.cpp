#include "apps/cli/commands.hpp"
#include "apps/cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
#include <memory>

namespace troupe::cli {

namespace {

/// Follows a stream until it ends, `limit` events were shown, or the reader of
/// our output is gone.
void follow(session& s, const std::string& path, const client::params& query, unsigned limit,
            const std::function<std::string(const json&)>& view) {
  unsigned shown = 0;
  const auto ended = s.node().stream(path, query, [&](const client::event& e) {
    auto data = json::parse(e.data, nullptr, false);
    if (data.is_discarded())
      return true;
    if (s.as_json)
      s.print_json(e.kind == "dropped" ? json{{"dropped", number_at(data, "events")}} : data);
    else if (e.kind == "dropped")
      s.print(s.how.paint(fmt::format("… {} not shown: more came than could be sent\n",
                                      count_of(number_at(data, "events"), "event")),
                          colour::yellow));
    else if (e.kind == "node") {
      const auto node = text_at(data, "node"), why = text_at(data, "why");
      s.print(s.how.paint(!truth_at(data, "followed") ? fmt::format("… {} is not followed now: {}\n", node, why)
                          : why.empty()               ? fmt::format("… {} is followed again\n", node)
                                                      : fmt::format("… {}: {}\n", node, why),
                          colour::yellow));
    }
    else if (e.kind == "removed")
      s.print(s.how.paint(text_at(data, "name") + "  removed\n", colour::dim));
    else
      s.print(view(data));
    return s.code == exit_ok && (limit == 0 || ++shown < limit);
  });
  if (!ended)
    s.fail(ended.why());
}

} // namespace

void add_stream_commands(CLI::App& app, session& s) {
  struct options {
    std::string name;
    std::string kind;
    std::string level;
    unsigned count = 0;
    unsigned newest = 50;
    bool follow = false;
  };

  auto w = std::make_shared<options>();
  auto* watch = app.add_subcommand("watch", "Readings as they change, until Ctrl-C");
  watch->add_option("PREFIX", w->name, "Beginning of the names; all without it");
  watch->add_option("-n,--count", w->count, "End after so many lines");
  watch->footer("Examples:\n  troupe watch\n  troupe watch boiler/\n"
                "  troupe --json watch water/main | jq -r .value");
  watch->callback([&s, w] {
    auto before = std::make_shared<std::map<std::string, std::string>>();
    auto width = std::make_shared<std::size_t>(18);
    // From the first on that is another node's.
    auto elsewhere = std::make_shared<bool>(false);
    follow(s, "/v1/streams/watch", {{"prefix", w->name}}, w->count, [&s, before, width, elsewhere](const json& x) {
      const auto name = text_at(x, "name");
      if (!*elsewhere && x.contains("node"))
        *elsewhere = from_elsewhere(json::array({x}), s.here());
      *width = std::max(*width, std::min<std::size_t>(display_width(name), 40));
      auto& old = (*before)[name];
      auto line = show_change(x, old, *width, *elsewhere, s.how, session::now());
      old = show_value(x);
      return line;
    });
  });

  auto t = std::make_shared<options>();
  auto* tap = app.add_subcommand("tap", "An actor's messages live, until Ctrl-C; costs nothing when nobody looks");
  tap->add_option("ACTOR", t->name, "See `troupe ps`")->required();
  tap->add_option("-n,--count", t->count, "End after so many messages");
  tap->footer("Examples:\n  troupe tap hall/lamp\n  troupe tap rule/hall-light -n 10");
  tap->callback([&s, t] {
    follow(s, "/v1/streams/tap/" + client::escape(t->name), {}, t->count,
           [&s](const json& x) { return show_message(x, s.how, session::now()); });
  });

  auto l = std::make_shared<options>();
  auto* log = app.add_subcommand("log", "The journal: what happened, oldest first");
  log->add_option("SUBJECT", l->name, "A channel, rule or actor; all without it");
  log->add_option("-k,--kind", l->kind, "output, command, restart, quarantine, gap, config, alarm ...");
  log->add_option("-l,--level", l->level, "At least: debug, info, notice, warning, alarm")
    ->check(CLI::IsMember({"debug", "info", "notice", "warning", "alarm"}));
  log->add_option("-n,--newest", l->newest, "At most so many entries")->capture_default_str();
  log->add_flag("-f,--follow", l->follow, "Go on with what happens from now on, at every node, until Ctrl-C");
  log->footer("Examples:\n  troupe log\n  troupe log hall/lamp -n 10\n  troupe log --level warning --follow\n"
              "With --node: the journal of that node alone. --follow tells when a node goes, and what one that is back wrote meanwhile.\n"
              "Behind a time: ~ its node's clock was wrong, and the time is corrected; ? nobody knew the time then.");
  log->callback([&s, l] {
    client::params query = {{"newest", std::to_string(l->newest)}};
    for (auto& [key, text] : client::params{{"subject", l->name}, {"kind", l->kind}, {"level", l->level}})
      if (!text.empty())
        query[key] = text;
    if (!l->follow)
      return s.show(s.node().get("/v1/log", query), [&](auto& x) { return show_log(x, s.how, session::now()); });
    follow(s, "/v1/streams/log", query, 0,
           [&s](const json& x) { return show_log_line(x, s.how, session::now()); });
  });
}

} // namespace troupe::cli
