#include "apps/cli/drill_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace troupe::cli {

namespace {

constexpr double page = 960, left = 210, right = 130, bar = 22, row = 34;
constexpr std::size_t most_rows = 24;

const char* const look = R"css(
    svg { font: 14px system-ui, "DejaVu Sans", sans-serif; }
    .page { fill: #ffffff; } text { fill: #1b1f24; } .soft { fill: #57606a; } .line { stroke: #d0d7de; }
    .missed { fill: #cf222e; } .choosing { fill: #d4a72c; } .begins { fill: #218bff; } .good { fill: #1a7f37; } .limit { stroke: #57606a; stroke-dasharray: 4 3; }
    .lane { fill: #eaeef2; } .head { font-size: 22px; font-weight: 600; } .sub { font-weight: 600; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; } text { fill: #e6edf3; } .soft { fill: #9198a1; } .line { stroke: #3d444d; } .lane { fill: #212830; }
      .missed { fill: #f85149; } .choosing { fill: #d29922; } .begins { fill: #4493f8; } .good { fill: #3fb950; } .limit { stroke: #9198a1; }
    }
)css";

/// Also of a customer's browser nothing may be broken by a channel's name.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : harmless(text)) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  }
  return out;
}

bool has(const json& x, const char* key) { return x.is_object() && x.contains(key) && x[key].is_number(); }

std::string time_of(double ms) { return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.2f} s", ms / 1000); }

/// A step of 1, 2 or 5 that gives some six marks.
double step_for(double whole) {
  const auto rough = whole / 6, power = std::pow(10, std::floor(std::log10(rough)));
  const auto n = rough / power;
  return (n <= 1 ? 1 : n <= 2 ? 2 : n <= 5 ? 5 : 10) * power;
}

class drawing {
public:
  double y = 30;

  void text(double x, const std::string& words, const char* kind = "", const char* anchor = "start") {
    front_ += fmt::format("  <text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y, kind, anchor, xml(words));
  }
  /// The ground of a row, and below what stands on it.
  void lane() { block(left, page - right, "lane", {}, back_); }
  void block(double from, double to, const char* kind, const std::string& tip = {}) { block(from, to, kind, tip, front_); }
  void upright(double x, double from, double to, const char* kind) { upright(x, from, to, kind, front_); }
  /// Marks below what was drawn since `top`, and lines behind it.
  void ruler(double whole, double top) {
    for (double at = 0, step = step_for(whole); at <= whole * 1.001; at += step) {
      const auto x = left + at / whole * (page - left - right);
      upright(x, top, y - 12, "line", back_);
      y += 6;
      text(x, time_of(at), "soft", "middle");
      y -= 6;
    }
    y += 40;
  }
  std::string done(const std::string& title) const {
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
                       "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n  <title>{2}</title>\n  <style>{3}  </style>\n"
                       "  <rect class=\"page\" width=\"{0:.0f}\" height=\"{1:.0f}\"/>\n{4}{5}</svg>\n", page, y + 10, xml(title), look, back_, front_);
  }

private:
  void block(double from, double to, const char* kind, const std::string& tip, std::string& on) const {
    on += fmt::format("  <rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\" class=\"{}\"><title>{}</title></rect>\n", from, y - 16,
                        std::max(to - from, 0.0), bar, kind, xml(tip));
  }
  static void upright(double x, double from, double to, const char* kind, std::string& on) {
    on += fmt::format("  <line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" class=\"{3}\"/>\n", x, from, to, kind);
  }

  std::string back_, front_;
};

double place(double ms, double whole) { return left + std::clamp(ms / whole, 0.0, 1.0) * (page - left - right); }

void draw_takeovers(drawing& d, const json& x) {
  const auto& rows = list_at(x, "takeovers");
  if (rows.empty())
    return;
  double whole = 1;
  for (auto& t : rows)
    for (const auto* key : {"limit_ms", "effective_ms", "decided_ms", "detected_ms"})
      whole = std::max(whole, number_at(t, key));
  whole *= 1.1;
  d.text(24, "Takeover, from the fault", "sub");
  d.y += 30;
  const auto top = d.y - 20;
  std::size_t n = 0;
  for (auto& t : rows) {
    if (n++ == most_rows)
      break;
    const auto a = number_at(t, "detected_ms"), b = std::max(a, number_at(t, "decided_ms")), c = std::max(b, number_at(t, "effective_ms"));
    d.text(24, cut(text_at(t, "output"), 22));
    d.lane();
    d.block(left, place(a, whole), "missed", "nobody has noticed: " + time_of(a));
    d.block(place(a, whole), place(b, whole), "choosing", "nobody is chosen: " + time_of(b - a));
    d.block(place(b, whole), place(c, whole), "begins", "its successor begins: " + time_of(c - b));
    d.upright(place(number_at(t, "limit_ms"), whole), d.y - 20, d.y + 10, "limit");
    d.text(page - right + 10, has(t, "effective_ms") ? time_of(c) : "nobody", text_at(t, "trouble").empty() ? "good" : "missed");
    d.y += row;
  }
  d.ruler(whole, top);
  double at = left;
  for (const auto& [kind, words] : {std::pair{"missed", "nobody has noticed"}, {"choosing", "nobody is chosen"}, {"begins", "its successor begins"}}) {
    d.block(at, at + 14, kind);
    d.text(at + 20, words, "soft");
    at += 185;
  }
  d.text(at, "┆ limit", "soft");
  d.y += 44;
}

void draw_whole(drawing& d, const json& x) {
  const auto whole = std::max(number_at(x, "length_ms"), 1.0);
  d.text(24, "The whole drill", "sub");
  d.y += 30;
  const auto top = d.y - 20;
  const auto lane = [&](const std::string& name, double from, double to, const char* kind, const std::string& words) {
    d.text(24, cut(name, 24));
    d.lane();
    d.block(place(from, whole), std::max(place(to, whole), place(from, whole) + 3), kind, words);
    d.text(page - right + 10, words, "soft");
    d.y += row;
  };
  const auto length = number_at(x, "for_ms");
  lane("fault", 0, length, "missed", length > 0 ? time_of(length) : "at once");
  if (has(x, "down_ms") || has(x, "back_ms"))
    lane(text_at(x, "target") + " down", number_at(x, "down_ms"), has(x, "back_ms") ? number_at(x, "back_ms") : whole, "choosing",
         has(x, "back_ms") ? "back: " + time_of(number_at(x, "back_ms")) : "not back");
  if (const auto n = list_at(x, "dark").size(); n > 0)
    lane(fmt::format("{} {}", n, text_at(x, "kind") == "power-cycle" ? "without power" : "without node"), 0, has(x, "dark_ms") ? number_at(x, "dark_ms") : whole,
         "choosing", has(x, "dark_ms") ? time_of(number_at(x, "dark_ms")) : "to the end");
  if (has(x, "degraded_ms"))
    lane(text_at(x, "target") + " degraded", number_at(x, "degraded_ms"), has(x, "restored_ms") ? number_at(x, "restored_ms") : whole, "choosing",
         has(x, "restored_ms") ? "until " + time_of(number_at(x, "restored_ms")) : "to the end");
  std::size_t n = 0;
  for (auto& s : list_at(x, "safe"))
    if (n++ < most_rows)
      lane(text_at(s, "output") + " safe", number_at(s, "from_ms"), has(s, "for_ms") ? number_at(s, "from_ms") + number_at(s, "for_ms") : whole,
           "missed", has(s, "for_ms") ? time_of(number_at(s, "for_ms")) : "to the end");
  d.ruler(whole, top);
}

std::string day_of(double at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm t{};
  gmtime_r(&seconds, &t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

} // namespace

std::string drill_svg(const json& x) {
  drawing d;
  const bool passed = text_at(x, "state") == "passed";
  d.y = 44;
  d.text(24, text_at(x, "title"), "head");
  d.text(page - 24, passed ? "✓ passed" : "✗ " + text_at(x, "state"), passed ? "head good" : "head missed", "end");
  d.y += 26;
  d.text(24, fmt::format("{}, by {}, driven by {}; drill {}", day_of(number_at(x, "at")), text_at(x, "who"), text_at(x, "driver"), text_at(x, "id")), "soft");
  d.y += 26;
  if (has(x, "effective_ms"))
    d.text(24, fmt::format("Noticed after {}, successor chosen after {}, its first command obeyed after {} of {} allowed (± {})",
                           time_of(number_at(x, "detected_ms")), time_of(number_at(x, "decided_ms")), time_of(number_at(x, "effective_ms")),
                           time_of(number_at(x, "limit_ms")), time_of(number_at(x, "uncertainty_ms"))));
  else if (has(x, "restarted_ms"))
    d.text(24, fmt::format("Runs again after {} of {} allowed", time_of(number_at(x, "restarted_ms")), time_of(number_at(x, "limit_ms"))));
  if (has(x, "degraded_ms"))
    d.text(24, fmt::format("Its store took no configuration after {}, and wrote again after {}", time_of(number_at(x, "degraded_ms")),
                           has(x, "restored_ms") ? time_of(number_at(x, "restored_ms")) : "nobody knows how long"));
  if (x.contains("clock") && x["clock"].is_object())
    d.text(24, fmt::format("Its clock was {} off in the midst of it, {} at the end", time_of(std::abs(number_at(x["clock"], "off_ms"))),
                           time_of(std::abs(number_at(x["clock"], "after_ms")))));
  std::size_t n = 0;
  for (auto& why : list_at(x, "why"))
    if (why.is_string() && n++ < 6) {
      d.y += 22;
      d.text(24, cut(why.get<std::string>(), 120), passed ? "soft" : "missed");
    }
  d.y += 44;
  draw_takeovers(d, x);
  draw_whole(d, x);
  d.text(24, "What happened", "sub");
  n = 0;
  for (auto& f : list_at(x, "timeline")) {
    if (n++ == most_rows)
      break;
    d.y += 22;
    d.text(100, time_of(number_at(f, "ms")), "soft", "end");
    d.text(116, cut(text_at(f, "node"), 14), "soft");
    d.text(left, cut(with_arrows(text_at(f, "subject") + ": " + text_at(f, "text")), 96));
  }
  d.y += 32;
  d.text(24, fmt::format("Edges lost: {:.0f}. None is acted on twice: an output hands on up to which one its rule has acted.", number_at(x, "edges_lost")), "soft");
  d.y += 20;
  return d.done("drill " + text_at(x, "title"));
}

} // namespace troupe::cli
