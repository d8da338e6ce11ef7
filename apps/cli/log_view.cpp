#include "apps/cli/views.hpp"

#include <fmt/format.h>

namespace troupe::cli {

namespace {

std::string level_of(const json& x, const style& how) {
  const auto level = text_at(x, "level", "info");
  const auto text = pad(level, 7);
  if (level == "alarm")
    return how.paint(text, colour::red);
  if (level == "warning")
    return how.paint(text, colour::yellow);
  return level == "notice" ? how.paint(text, colour::cyan) : how.paint(text, colour::dim);
}

/// One character behind a time that is not what the clock said, or not known.
std::string time_mark(const json& x, const style& how) {
  if (truth_at(x, "uncertain"))
    return how.paint("?", colour::yellow);
  return number_at(x, "told_at") != 0 ? how.paint("~", colour::cyan) : " ";
}

} // namespace

std::string show_log_line(const json& x, const style& how, wall_ms now) {
  const auto who = text_at(x, "who");
  const auto node = text_at(x, "node");
  return cut(fmt::format("{}{} {}{}  {}  {}  {}{}",
                         clock_time(static_cast<wall_ms>(number_at(x, "at")), now), time_mark(x, how),
                         node.empty() ? "" : how.paint(pad(node, 10), colour::dim) + "  ",
                         level_of(x, how), how.paint(pad(text_at(x, "kind"), 10), colour::dim),
                         how.paint(pad(text_at(x, "subject"), 18), colour::bold),
                         with_arrows(text_at(x, "text")),
                         who.empty() ? "" : how.paint("  by " + who, colour::dim)),
             how.width)
         + "\n";
}

std::string show_log(const json& events, const style& how, wall_ms now) {
  std::string result;
  for (auto& x : events)
    result += show_log_line(x, how, now);
  return result.empty() ? "no entries fit\n" : result;
}

std::string show_message(const json& x, const style& how, wall_ms now) {
  return cut(fmt::format("{}  {}  {}", clock_time(static_cast<wall_ms>(number_at(x, "at")), now),
                         how.paint(text_at(x, "actor"), colour::bold), text_at(x, "message")),
             how.width)
         + "\n";
}

std::string show_post_mortems(const json& all, const style& how, wall_ms now) {
  std::string result;
  for (auto& x : all) {
    result += fmt::format("{}  {}  {}, incarnation {}, lived {}\n",
                          clock_time(static_cast<wall_ms>(number_at(x, "at")), now),
                          how.paint(text_at(x, "actor"), colour::bold), text_at(x, "how"),
                          text_at(x, "incarnation"), duration(number_at(x, "lived_ms") / 1000));
    result += "  error     " + how.paint(text_at(x, "error"), colour::red) + "\n";
    if (const auto at = text_at(x, "message"); !at.empty())
      result += "  while     handling " + at + "\n";
    const auto& messages = list_at(x, "last_messages");
    for (std::size_t i = 0; i < messages.size(); ++i)
      result += fmt::format("  {}  {}  {}\n", i == 0 ? "before  " : "        ",
                            pad(duration(number_at(messages[i], "ago_ms") / 1000) + " ago", 12, true),
                            text_at(messages[i], "message"));
    if (x.contains("state"))
      result += "  state     " + harmless(x["state"].dump()) + "\n";
  }
  return result.empty() ? "no post-mortems: it has not crashed since they are kept\n" : result;
}

} // namespace troupe::cli
