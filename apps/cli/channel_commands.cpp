#include "apps/cli/commands.hpp"
#include "apps/cli/input.hpp"
#include "apps/cli/views.hpp"
#include "storage/chance.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <thread>

#include <unistd.h>

namespace troupe::cli {

namespace {

struct channel_options {
  std::string name;
  std::string value;
  std::string lasting;
  unsigned priority = 0;
  double total = 0;
  bool off = false;
};

/// "hall/lamp  on", and what stands in front of the wish.
std::function<std::string(const json&)> as_answer(session& s) {
  return [&s](const json& x) {
    const auto text = with_arrows(text_at(x, "text"));
    return fmt::format("{}  {}{}\n", s.how.paint(text_at(x, "name"), colour::bold),
                       s.how.paint(text_at(x, "effective_text", "done"), colour::cyan),
                       text.empty() ? "" : s.how.paint("  " + text, colour::dim));
  };
}

void add_set(CLI::App& app, session& s) {
  auto o = std::make_shared<channel_options>();
  auto* set = app.add_subcommand("set", "Ask an output for a value, above the rules");
  set->add_option("NAME", o->name, "An output")->required();
  set->add_option("VALUE", o->value, "on, off or a number")->required();
  set->add_option("--for", o->lasting, "Ends by itself: 30s, 10m, 2h; without it until `release`");
  set->add_option("--priority", o->priority, "1 goes before all, 16 behind all; rules use 10, you 8")
    ->check(CLI::Range(1, 16));
  set->footer("Examples:\n  troupe set hall/lamp on\n  troupe set hall/lamp on --for 10m --priority 8\n"
              "  troupe set living/valve 35.5 --for 1h");
  set->callback([&s, o] {
    json body = {{"value", value_of(o->value)}};
    if (!o->lasting.empty())
      body["for"] = o->lasting;
    if (o->priority != 0)
      body["priority"] = o->priority;
    s.show(s.node().post("/v1/set/" + client::escape(o->name), body), as_answer(s));
  });
}

/// Whether asking again may help: the answer was lost, or who has the output is away.
bool may_come_again(const client::problem& why, bool has_asked) {
  return why.kind == client::trouble::lost || (has_asked && why.kind == client::trouble::no_node)
         || why.code == "timed_out" || why.code == "unreachable" || why.code == "closed";
}

/// Asks until it is answered, with one name for the wish: however often it
/// arrives, it is done once.
client::answer<json> ask_for_pulse(const session& s, const std::string& path, json body) {
  constexpr std::chrono::milliseconds limit{10'000}, pause{500};
  body["request"] = fmt::format("{:016x}", storage::fresh_number());
  const auto began = std::chrono::steady_clock::now();
  auto got = s.node().post(path, body);
  while (!got && may_come_again(got.why(), body.contains("age_ms"))) {
    std::this_thread::sleep_for(pause);
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    if (age > limit)
      break;
    body["age_ms"] = static_cast<std::uint64_t>(age.count());
    got = s.node().post(path, body);
  }
  if (got || !may_come_again(got.why(), true))
    return got;
  auto why = got.why();
  why.text += "; whether the pulse was done is not known, `troupe log NAME` on the node of the output tells";
  return why;
}

void add_pulse(CLI::App& app, session& s) {
  auto o = std::make_shared<channel_options>();
  auto* pulse = app.add_subcommand("pulse", "On for so long, at once and whole, then what it was; or refused");
  pulse->add_option("NAME", o->name, "An output that shows on or off")->required();
  pulse->add_option("LENGTH", o->lasting, "20ms to 1h, as 500ms, 2s or 1m")->required();
  pulse->add_flag("--off", o->off, "Off for so long, of an output that is on");
  pulse->add_option("--priority", o->priority, "1 goes before all, 16 behind all; rules use 10, you 8")
    ->check(CLI::Range(1, 16));
  pulse->footer("Examples:\n  troupe pulse gate/opener 500ms\n  troupe pulse attic/modem 5s --off\n"
                "Done once, also if the answer is lost and it asks again (for 10 s). What cannot be done\n"
                "at once is refused, and not done later. `troupe release NAME` ends your own pulse early.");
  pulse->callback([&s, o] {
    json body = {{"for", o->lasting}};
    if (o->off)
      body["value"] = false;
    if (o->priority != 0)
      body["priority"] = o->priority;
    s.show(ask_for_pulse(s, "/v1/pulse/" + client::escape(o->name), std::move(body)), as_answer(s));
  });
}

void add_release(CLI::App& app, session& s) {
  auto o = std::make_shared<channel_options>();
  auto* release = app.add_subcommand("release", "Take back your wish: the rules have the output again");
  release->add_option("NAME", o->name, "An output")->required();
  release->footer("Examples:\n  troupe release hall/lamp");
  release->callback([&s, o] {
    s.show(s.node().post("/v1/release/" + client::escape(o->name), json::object()), as_answer(s));
  });
}

void add_force(CLI::App& app, session& s) {
  auto o = std::make_shared<channel_options>();
  auto* force = app.add_subcommand("force", "Replace what an input or output says, told to all as forced");
  force->add_option("NAME", o->name, "An input or output")->required();
  auto* value = force->add_option("VALUE", o->value, "on, off or a number");
  auto* off = force->add_flag("--off", o->off, "Show the true value again");
  value->excludes(off);
  force->footer("Examples:\n  troupe force kitchen/leak on\n  troupe force kitchen/leak --off\n"
                "A forced reading is uncertain, forced; rules see it like any other.");
  force->callback([&s, o] {
    if (o->value.empty() && !o->off)
      return s.fail(exit_usage, "force needs a VALUE, or --off to end it");
    json body = json::object();
    if (o->off)
      body["off"] = true;
    else
      body["value"] = value_of(o->value);
    s.show(s.node().post("/v1/force/" + client::escape(o->name), body), as_answer(s));
  });
}

void add_count(CLI::App& app, session& s) {
  auto o = std::make_shared<channel_options>();
  auto* count = app.add_subcommand("count", "A counter's total; with TOTAL: the meter was replaced or corrected");
  count->add_option("NAME", o->name, "A counter")->required();
  auto* total = count->add_option("TOTAL", o->total, "What the meter shows now, in the counter's unit");
  count->footer("Examples:\n  troupe count water/main\n  troupe count water/main 0\n"
                "The history and the raw pulses stay; only what is shown begins anew.");
  count->callback([&s, o, total] {
    const auto name = client::escape(o->name);
    if (total->count() == 0)
      return s.show(s.node().get("/v1/readings/" + name),
                    [&](const json& x) { return show_reading(x, s.how, session::now()); });
    // Names this wish: asked twice, it is done once.
    const auto request = fmt::format("{}-{}", getpid(), session::now());
    s.show(s.node().post("/v1/count/" + name, {{"total", o->total}, {"request", request}}),
           as_answer(s));
  });
}

} // namespace

void add_channel_commands(CLI::App& app, session& s) {
  add_set(app, s);
  add_pulse(app, s);
  add_release(app, s);
  add_force(app, s);
  add_count(app, s);
}

} // namespace troupe::cli
