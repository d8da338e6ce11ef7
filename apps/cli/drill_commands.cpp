#include "apps/cli/commands.hpp"
#include "apps/cli/drill_view.hpp"
#include "apps/cli/new_file.hpp"
#include "config/model/drill.hpp"
#include "config/model/quantity.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <thread>

#include <unistd.h>

namespace troupe::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 300ms;
/// Longer than any drill: a fault of a minute, and ten in which the house may recover.
constexpr auto longest_drill = 15min;

struct run_options {
  std::string kind, target, peer, length, limit, settle, delay, by;
  double loss = 0;
  bool even_so = false, yes = false, check = false;
};

json order_of(const run_options& o, bool check) {
  json body{{"kind", o.kind}, {"target", o.target}, {"even_so", o.even_so}, {"check", check}};
  for (const auto& [key, text] : {std::pair{"peer", o.peer}, {"for", o.length}, {"limit", o.limit}, {"settle", o.settle}, {"delay", o.delay}, {"by", o.by}})
    if (!text.empty())
      body[key] = text;
  if (o.loss != 0)
    body["loss"] = o.loss;
  return body;
}

/// After what the node said of it.
std::string question(const run_options& o) {
  const auto target = harmless(o.target);
  const auto* of = find_drill(o.kind);
  if (of == nullptr) // a newer node's
    return fmt::format("{} {}?", harmless(o.kind), target);
  const auto length = o.length.empty() ? "5s" : harmless(o.length);
  const auto delay = o.delay.empty() ? to_text(of->delay) : harmless(o.delay);
  const auto back = "Its service manager (systemd) must start it again: a node that was started by hand stays away.";
  switch (of->kind) {
  case drill_kind::kill_actor: return fmt::format("Kill {}?", target);
  case drill_kind::hang_actor: return fmt::format("Hang {}?", target);
  case drill_kind::kill_node: return fmt::format("End node {} at once, as a crash would? {}", target, back);
  case drill_kind::power_cycle: return fmt::format("Take the power from the simulated board {}? {}", target, back);
  case drill_kind::stop_node: return fmt::format("Stop node {} for {}, as a machine that hangs? It wakes by itself.", target, length);
  case drill_kind::cut_link: return fmt::format("Cut the link between {} and {} for {}? It heals by itself.", target, harmless(o.peer), length);
  case drill_kind::degrade_link:
    return fmt::format("Let all between {} and {} come {} late{} for {}? It ends by itself.", target, harmless(o.peer), delay,
                       o.loss > 0 ? fmt::format(" and lose {} %", o.loss) : "", length);
  case drill_kind::slow_disk: return fmt::format("Let each write to the disk of {} take {} longer for {}? It ends by itself.", target, delay, length);
  case drill_kind::fill_disk: return fmt::format("Tell the store of {} that its disk is full, for {}? Nothing is written to it, and it ends by itself.", target, length);
  case drill_kind::skew_clock: return fmt::format("Set the clock of {} wrong by {} for {}? It is right again by itself.", target, o.by.empty() ? "1h" : harmless(o.by), length);
  }
  return {};
}

/// "kill-actor    ends an actor as a crash does"
std::string kinds_page() {
  std::string out = "Kinds:\n";
  for (const auto& x : drill_traits())
    out += fmt::format("  {:<13} {:<10} {}\n", x.word, x.of == drill_target::actor ? "ACTOR" : x.of == drill_target::node ? "NODE" : "NODE NODE", x.does);
  return out;
}

/// Shows how far it is until it is over. @returns its report, or nothing when that is told
std::optional<json> follow(session& s, const std::string& id) {
  const auto until = std::chrono::steady_clock::now() + longest_drill;
  const bool lively = isatty(STDERR_FILENO) == 1;
  std::string shown;
  while (std::chrono::steady_clock::now() < until) {
    const auto got = s.node().get("/v1/drills/" + client::escape(id));
    if (!got) {
      s.fail(got.why());
      std::fprintf(stderr, "troupe: what the drill broke heals by itself; `troupe drill show %s` at another node tells more\n", harmless(id).c_str());
      return {};
    }
    if (text_at(*got, "state") != "running") {
      if (lively && !s.as_json)
        std::fprintf(stderr, "\r\033[K");
      return *got;
    }
    const auto phase = text_at(*got, "phase") + ": " + text_at(*got, "phase_text");
    if (!s.as_json && (lively || phase != shown))
      std::fprintf(stderr, lively ? "\r\033[K%s " : "%s\n", phase.c_str());
    shown = phase;
    std::this_thread::sleep_for(look_every);
  }
  s.fail(exit_refused, "the drill does not end; `troupe drill list` tells more");
  return {};
}

void run(session& s, const run_options& o) {
  const auto checked = s.node().post("/v1/drills", order_of(o, true));
  if (!checked) {
    s.fail(checked.why());
    if (checked.why().code == "invalid_argument")
      s.code = exit_usage;
    return;
  }
  const bool doubted = !list_at(*checked, "doubts").empty();
  if (o.check || doubted) {
    s.show(checked, [&](const json& x) { return show_drill_check(x, s.how); });
    if (doubted)
      s.code = exit_refused;
    return;
  }
  if (!o.yes) {
    if (!session::has_terminal())
      return s.fail(exit_usage, "this breaks something on purpose and nobody can be asked: say --yes");
    if (!session::confirm(show_drill_check(*checked, s.how) + question(o)))
      return s.fail(exit_refused, "nothing was broken");
  }
  const auto begun = s.node().post("/v1/drills", order_of(o, false));
  if (!begun)
    return s.fail(begun.why());
  const auto report = follow(s, text_at(*begun, "id"));
  if (!report)
    return;
  if (s.as_json)
    s.print_json(*report);
  else
    s.print(show_drill(*report, s.how, session::clock_of(*report)));
  if (text_at(*report, "state") != "passed")
    s.code = exit_refused;
}

void add_run(CLI::App& drill, session& s) {
  auto o = std::make_shared<run_options>();
  auto* command = drill.add_subcommand("run", "Break something on purpose, and see whether the house takes it as it should");
  command->add_option("KIND", o->kind, "What is broken; see below")->required()->type_name("KIND");
  command->add_option("TARGET", o->target, "An actor (`troupe ps`) or a node (`troupe members`)")->required();
  command->add_option("PEER", o->peer, drill_words([](const drill_trait& x) { return x.of == drill_target::link; }) + ": the other end");
  command->add_option("--for", o->length, "How long it lasts, 100ms to 1m; else 5s. For " + drill_words([](const drill_trait& x) { return x.lasts; }));
  command->add_option("--delay", o->delay, drill_words([](const drill_trait& x) { return x.delay.count() > 0; }) + ": how late all comes, in each direction, or how much longer each write takes; 10ms to 5s");
  command->add_option("--loss", o->loss, drill_words([](const drill_trait& x) { return x.loses; }) + ": percent that is lost and said again, which takes 200 ms");
  command->add_option("--by", o->by, drill_words([](const drill_trait& x) { return x.shifts; }) + ": by how much it is wrong, 1m to 1h or -1m to -1d; else 1h");
  command->add_option("--limit", o->limit, "Within which a takeover must be done; else by the class of each rule");
  command->add_option("--settle", o->settle, "Within which the house must be whole again; else 30s, or 1m where something starts or tries again");
  command->add_flag("--even-so", o->even_so, "Also when only the target can do what it does: outputs may go safe");
  command->add_flag("--check", o->check, "Only say whether it may be, and what would be taken over");
  command->add_flag("-y,--yes", o->yes, "Do not ask");
  command->footer(kinds_page() + "Examples:\n  troupe drill run kill-node server-1\n  troupe drill run stop-node server-1 --for 5s --limit 450ms -y\n"
                  "  troupe drill run cut-link server-1 boiler --for 3s\n  troupe drill run degrade-link server-1 boiler --delay 150ms --loss 2\n"
                  "  troupe drill run skew-clock server-1 --by -10m\n  troupe drill run kill-actor rule/hall-light\n"
                  "  troupe drill run kill-node server-1 --check\n"
                  "It is refused while the house is not whole or something is tagged out. Every fault ends by itself, whatever becomes of\n"
                  "the node that was asked or of this command; Ctrl-C ends only the looking on. Exits 0 if it passed, 1 if it failed or was refused.");
  command->callback([&s, o] { run(s, *o); });
}

/// The newest, where nobody named one. Empty when that is told.
std::string named_or_newest(session& s, const std::string& id) {
  if (!id.empty())
    return id;
  const auto all = s.node().get("/v1/drills");
  if (!all)
    s.fail(all.why());
  else if (list_at(*all, "drills").empty())
    s.fail(exit_not_found, "no drill yet; `troupe drill run --help` shows what can be drilled");
  else
    return text_at(list_at(*all, "drills").back(), "id");
  return {};
}

void add_show(CLI::App& drill, session& s) {
  struct options {
    std::string id, svg;
  };
  auto o = std::make_shared<options>();
  auto* command = drill.add_subcommand("show", "The report of a drill: times, verdict, a picture");
  command->add_option("ID", o->id, "See `troupe drill list`; else the newest");
  command->add_option("--svg", o->svg, "Write the picture to a new file, for a browser");
  command->footer("Examples:\n  troupe drill show\n  troupe drill show 20261130-060102-attic --svg drill.svg\n"
                  "  troupe --json drill show | jq '.takeovers[].effective_ms'\nTimes are from the fault on. Exits 0 also of a drill that failed: .state of --json says how it went, and `drill run` exits 1.");
  command->callback([&s, o] {
    const auto id = named_or_newest(s, o->id);
    if (id.empty())
      return;
    const auto got = s.node().get("/v1/drills/" + client::escape(id));
    if (got && !o->svg.empty()) {
      const auto text = drill_svg(*got);
      new_file file{o->svg};
      auto written = file.open(false);
      if (written)
        written = file.write(text);
      if (written)
        written = file.finish();
      if (!written)
        return s.fail(exit_refused, written.why().context);
    }
    s.show(got, [&](const json& x) {
      return o->svg.empty() ? show_drill(x, s.how, session::clock_of(x)) : fmt::format("{} is in {}\n", harmless(id), o->svg);
    });
  });
}

void add_abort(CLI::App& drill, session& s) {
  auto id = std::make_shared<std::string>();
  auto* command = drill.add_subcommand("abort", "Break a drill off, and end what it broke");
  command->add_option("ID", *id, "Else the newest");
  command->footer("Examples:\n  troupe drill abort\nAt any node. A node that is stopped cannot be asked: it wakes when its time is over, at most after a minute.");
  command->callback([&s, id] {
    const auto name = named_or_newest(s, *id);
    if (!name.empty())
      s.show(s.node().post("/v1/drills/" + client::escape(name) + "/abort", json::object()),
             [&](const json& x) { return fmt::format("{}  {}\n", s.how.paint(text_at(x, "id"), colour::bold), text_at(x, "text")); });
  });
}

} // namespace

void add_drill_commands(CLI::App& app, session& s) {
  auto* drill = app.add_subcommand("drill", "Break things on purpose, and prove that the house takes it");
  drill->require_subcommand(1);
  drill->footer("Examples:\n  troupe drill run kill-node server-1\n  troupe drill list\n  troupe drill show\n  troupe drill trend kill-node\n"
                "docs/guides/drills.md tells more.");
  add_run(*drill, s);
  auto* list = drill->add_subcommand("list", "The newest 100 drills of the house");
  list->footer("Examples:\n  troupe drill list\n  troupe --json drill list | jq '.drills[] | select(.state == \"failed\") | .title'");
  list->callback([&s] {
    s.show(s.node().get("/v1/drills"), [&](const json& x) { return show_drills(x, s.how, session::clock_of(x)); });
  });
  add_show(*drill, s);
  auto what = std::make_shared<std::vector<std::string>>();
  auto* trend = drill->add_subcommand("trend", "How long the same drill took each time");
  trend->add_option("KIND", *what, "A kind, or a kind and its target")->required()->expected(1, 3);
  trend->footer("Examples:\n  troupe drill trend kill-node\n  troupe drill trend kill-node server-1");
  trend->callback([&s, what] {
    const auto name = fmt::format("{}", fmt::join(*what, " "));
    const auto got = s.node().get("/v1/drills");
    if (got && !s.as_json && show_drill_trend(*got, name, s.how, session::clock_of(*got)).empty())
      return s.fail(exit_not_found, fmt::format("no '{}' was drilled to its end; see `troupe drill list`", harmless(name)));
    auto shown = got ? *got : json::object();
    if (got && s.as_json) {
      json kept = json::array();
      for (auto& x : list_at(*got, "drills"))
        if (text_at(x, "kind") == name || text_at(x, "title") == name)
          kept.push_back(x);
      shown["drills"] = std::move(kept);
    }
    if (!got)
      return s.fail(got.why());
    if (s.as_json)
      return s.print_json(shown);
    s.print(show_drill_trend(shown, name, s.how, session::clock_of(shown)));
  });
  add_abort(*drill, s);
}

} // namespace troupe::cli
