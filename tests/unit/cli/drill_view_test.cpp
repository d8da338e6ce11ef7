#define CAF_SUITE drill_view
#include "tests/support/suite.hpp"

#include "apps/cli/drill_view.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>

using namespace troupe;
using namespace troupe::cli;

namespace {

json report() {
  return json::parse(R"({"id": "20261130-060102-boiler", "title": "stop-node attic", "kind": "stop-node", "target": "attic", "peer": "",
    "at": 1795201475000, "driver": "boiler", "who": "anna", "state": "failed", "for_ms": 3000, "why": ["roam for cellar/fan: nobody took over"],
    "limit_ms": 450, "uncertainty_ms": 2, "detected_ms": 400, "decided_ms": 403, "effective_ms": 410, "restarted_ms": null, "down_ms": 2000,
    "back_ms": 3300, "length_ms": 8000, "late": 1, "takeovers": [
      {"rule": "roam", "output": "cellar/lamp", "from": "attic", "to": "boiler", "limit_ms": 450, "detected_ms": 400, "decided_ms": 403, "effective_ms": 410, "trouble": ""},
      {"rule": "roam", "output": "cellar/fan", "from": "attic", "to": "", "limit_ms": 450, "detected_ms": 400, "decided_ms": null, "effective_ms": null, "trouble": "nobody took over"}],
    "safe": [{"output": "cellar/fan", "value": "off", "from_ms": 401, "for_ms": null}],
    "counters": [{"name": "cellar/water", "before": 10, "after": 12}],
    "timeline": [{"ms": 400, "node": "cellar", "kind": "vacant", "subject": "cellar/lamp", "text": "rule/roam: nobody acts: node attic was silent for 400 ms"}]})");
}

/// Tags that are opened and not closed, or closed and not open; good enough for what we write.
std::string unbalanced(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != xml.npos; at = xml.find('<', at + 1)) {
    const auto end = xml.find('>', at);
    if (end == xml.npos)
      return "a tag without end";
    const auto tag = xml.substr(at + 1, end - at - 1);
    if (tag.starts_with("?"))
      continue;
    const auto name = tag.substr(tag.starts_with("/"), tag.find_first_of(" /", 1) - tag.starts_with("/"));
    if (tag.starts_with("/")) {
      if (open.empty() || "/" + open.back() != tag)
        return tag;
      open.pop_back();
    } else if (!tag.ends_with("/")) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : open.back();
}

bool tells(const std::string& text, const std::string& part) {
  if (text.find(part) != text.npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in\n" << text);
  return false;
}

struct drill_view_fixture {
  style how;
  const wall_ms now = 1'795'201'485'000;
  drill_view_fixture() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(drill_views, drill_view_fixture)

CAF_TEST(a report fits the terminal) {
  for (const unsigned width : {40u, 80u, 100u, 200u}) {
    how.width = width;
    const auto text = show_drill(report(), how, now);
    const std::size_t most = width < 60 ? 60 : width;
    std::size_t from = 0;
    for (auto end = text.find('\n'); end != text.npos; from = end + 1, end = text.find('\n', from)) {
      const auto line = text.substr(from, end - from);
      if (line.find("█") != line.npos) // pictures; at least 60 columns, and 80 what explains them
        CAF_CHECK_LESS_OR_EQUAL(display_width(line), line.find("limit") != line.npos ? std::max<std::size_t>(most, 80) : most);
    }
  }
}

CAF_TEST(a report tells what it is about) {
  const auto text = show_drill(report(), how, now);
  for (const auto* part : {"✗ failed  stop-node attic", "roam for cellar/fan: nobody took over", "noticed    400 ms", "commands   410 ms",
                           "roam at cellar/fan: attic → nobody", "410 ms of 450 ms", "- of 450 ms", "cellar/fan safe", "to the end", "back after 3.30 s",
                           "1 counter: 1 went on, 0 show less than before", "nobody acts: node attic was silent"})
    CAF_CHECK(tells(text, part));
  CAF_CHECK(text.find('\033') == text.npos);
}

CAF_TEST(outputs without power are told apart from safe ones) {
  auto x = report();
  x["kind"] = "power-cycle";
  x["safe"] = json::array();
  x["dark_ms"] = 3480;
  for (int i = 0; i < 8; ++i)
    x["dark"].push_back({{"output", "o" + std::to_string(i)}, {"for_ms", 3400 + 10 * i}});
  const auto text = show_drill(x, how, now);
  CAF_CHECK(tells(text, "safe       no output\nno power   8 outputs for 3.48 s at the longest: o0, o1, o2, o3, o4, o5 and 2 more\n"));
  CAF_CHECK(tells(text, "8 without power"));
  CAF_CHECK_EQUAL(unbalanced(drill_svg(x)), "");
  CAF_CHECK(tells(drill_svg(x), "8 without power"));
  x["dark_ms"] = nullptr;
  CAF_CHECK(tells(show_drill(x, how, now), "8 outputs to the end: "));
}

CAF_TEST(one that nobody finished shows no times) {
  auto x = report();
  x["state"] = "abandoned";
  x["why"] = {"node boiler drove it, and ended meanwhile"};
  CAF_CHECK_EQUAL(show_drill(x, how, now), "◐ abandoned  stop-node attic   19:04:35.000, by anna, driven by boiler\n  node boiler drove it, and ended meanwhile\n");
}

CAF_TEST(one that was not made shows why) {
  auto x = report();
  x["state"] = "refused";
  x["who"] = "drill.night";
  x["why"] = {"no drill now:\n  - node cellar is down. `troupe members` says why"};
  const auto text = show_drill(x, how, now);
  CAF_CHECK(tells(text, "◐ refused  stop-node attic"));
  CAF_CHECK(tells(text, "node cellar is down"));
  CAF_CHECK(text.find("noticed") == text.npos);
  CAF_CHECK_EQUAL(show_drill_trend({{"drills", {x}}}, "stop-node", how, now), "");
}

CAF_TEST(what a disk and a clock met) {
  auto x = report();
  x["delay_ms"] = 500;
  x["disk"] = {{"slowed", 12}, {"refused", 0}};
  CAF_CHECK(tells(show_drill(x, how, now), "disk       12 writes took 500 ms longer"));
  x["disk"] = {{"slowed", 0}, {"refused", 4}};
  x["degraded_ms"] = 7;
  x["restored_ms"] = 6007;
  CAF_CHECK(tells(show_drill(x, how, now), "disk       4 writes were refused"));
  CAF_CHECK(tells(show_drill(x, how, now), "took no configuration after 7 ms, wrote again after 6.01 s"));
  CAF_CHECK(tells(show_drill(x, how, now), "attic degraded"));
  CAF_CHECK(tells(drill_svg(x), "attic degraded"));
  x["clock"] = {{"off_ms", -600'000}, {"after_ms", 1}};
  CAF_CHECK(tells(show_drill(x, how, now), "clock      -600.00 s off in the midst of it, 1 ms at the end"));
}

CAF_TEST(what begins by itself) {
  const json list{{"drills", json::array()},
                  {"scheduled", {{{"name", "night"}, {"title", "kill-node attic"}, {"next", now + 3'600'000}, {"driver", "boiler"}},
                                 {{"name", "alone"}, {"title", "kill-node attic"}, {"next", now + 3'600'000}, {"driver", ""}}}}};
  const auto text = show_drills(list, how, now);
  CAF_CHECK(tells(text, "night begins by itself 20:04:45.000: kill-node attic, driven by boiler"));
  CAF_CHECK(tells(text, "alone begins by itself 20:04:45.000: kill-node attic, and nobody is there to drive it"));
}

CAF_TEST(what a check says of control) {
  json x{{"title", "slow-disk attic"}, {"concerned", {"roam"}}, {"limit_ms", 430}, {"must", false}, {"doubts", json::array()}};
  CAF_CHECK(tells(show_drill_check(x, how), "Should control move, then within 430 ms: roam"));
  x["must"] = true;
  CAF_CHECK(tells(show_drill_check(x, how), "To be taken over within 430 ms: roam"));
}

CAF_TEST(the picture is well formed whatever things are called) {
  auto x = report();
  x["takeovers"][0]["output"] = "<b>\"&\033]0;";
  x["title"] = "a < b & c";
  const auto svg = drill_svg(x);
  CAF_CHECK_EQUAL(unbalanced(svg), "");
  CAF_CHECK(tells(svg, "a &lt; b &amp; c"));
  CAF_CHECK(svg.find('\033') == svg.npos);
  CAF_CHECK(tells(svg, "prefers-color-scheme: dark"));
  CAF_CHECK(svg.find("http", svg.find("2000/svg") + 8) == svg.npos); // it loads nothing
}

CAF_TEST(an empty report makes a picture too) {
  CAF_CHECK_EQUAL(unbalanced(drill_svg(json::object())), "");
  CAF_CHECK(!show_drill(json::object(), how, now).empty());
}

CAF_TEST(a trend) {
  auto good = report();
  good["state"] = "passed";
  const json list{{"drills", {report(), good}}};
  const auto text = show_drill_trend(list, "stop-node attic", how, now);
  CAF_CHECK(tells(text, "stop-node attic  1 of 2 passed, median 410 ms, slowest 410 ms"));
  CAF_CHECK_EQUAL(show_drill_trend(list, "kill-node", how, now), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
