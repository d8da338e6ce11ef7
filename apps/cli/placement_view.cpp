#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

namespace {

std::string names(const json& all, const char* separator = ", ") {
  std::string out;
  for (auto& x : all)
    if (x.is_string())
      out += (out.empty() ? "" : separator) + harmless(x.get<std::string>());
  return out;
}

/// "server-1, server-2, (boiler)": those in brackets are not there.
std::string candidates(const json& rule, const style& how) {
  std::string out;
  for (auto& x : list_at(rule, "order")) {
    const auto name = text_at(x, "node", "?");
    out += (out.empty() ? "" : ", ") + (truth_at(x, "alive") ? name : how.paint("(" + name + ")", colour::dim));
  }
  return out.empty() ? "-" : out;
}

} // namespace

std::string show_placement(const json& x, const style& how) {
  table rules{{{"RULE"}, {"ACTS ON"}, {"STANDBY"}, {"CLASS"}, {"CANDIDATES", false, true}, {"DECIDED BY", false, true}}};
  for (auto& r : list_at(x, "rules")) {
    const auto acts = text_at(r, "acts"), first = text_at(r, "would");
    const auto where = acts.empty()    ? how.paint("✗ nowhere", colour::red)
                       : acts == first ? how.paint("● " + acts, colour::green)
                                       : how.paint("◐ " + acts, colour::yellow);
    rules.add({text_at(r, "rule", "?"), where, text_at(r, "redundancy", "?"), text_at(r, "class", "?"), candidates(r, how),
               names(list_at(r, "outputs"))});
  }
  if (rules.empty())
    return "No rule may run on several nodes. `redundancy = \"warm\"` in a rule makes it one; docs/failover.md tells more.\n";
  auto out = rules.render(how);
  for (auto& r : list_at(x, "rules")) {
    const auto acts = text_at(r, "acts"), first = text_at(r, "would");
    if (acts.empty() && first.empty())
      out += fmt::format("{} {} can act nowhere: its outputs, or all nodes that may run it, are gone\n", how.paint("✗", colour::red),
                         text_at(r, "rule"));
    else if (!acts.empty() && !first.empty() && acts != first)
      out += fmt::format("{} {} would rather be on {}: it goes there after its hand-back time, or with `troupe move {} {}`\n",
                         how.paint("◐", colour::yellow), text_at(r, "rule"), first, text_at(r, "rule"), first);
  }
  return out;
}

std::string show_what_if(const json& x, const style& how) {
  auto out = fmt::format("If {} were gone:\n\n", how.paint(names(list_at(x, "down"), " and "), colour::bold));
  table rules{{{"RULE"}, {"NOW"}, {"THEN"}, {"CANDIDATES", false, true}}};
  for (auto& r : list_at(x, "rules")) {
    const auto acts = text_at(r, "acts"), would = text_at(r, "would");
    const auto then = would.empty()   ? how.paint("✗ nowhere", colour::red)
                      : would == acts ? how.paint("● stays", colour::green)
                                      : how.paint("● " + would, colour::yellow);
    rules.add({text_at(r, "rule", "?"), acts.empty() ? "nowhere" : acts, then, candidates(r, how)});
  }
  if (!rules.empty())
    out += rules.render(how) + "\n";
  table outputs{{{"OUTPUT"}, {"AT"}, {"THEN"}, {"BY", false, true}, {"PATHS", true}}};
  std::string single;
  for (auto& o : list_at(x, "outputs")) {
    const auto is = text_at(o, "is");
    const auto then = is == "driven"    ? how.paint("● driven", colour::green)
                      : is == "by hand" ? "○ by hand"
                      : is == "gone"    ? how.paint("✗ gone with its node", colour::red)
                                        : how.paint("✗ safe: " + text_at(o, "safe"), colour::red);
    outputs.add({text_at(o, "output", "?"), text_at(o, "node", "?"), then, names(list_at(o, "driven_by")),
                 fmt::format("{:.0f}", number_at(o, "paths"))});
    if (number_at(o, "paths") == 1)
      single += (single.empty() ? "" : ", ") + text_at(o, "output");
  }
  if (!outputs.empty())
    out += outputs.render(how);
  if (!single.empty())
    out += fmt::format("{} no second path: {}. A rule of each may run on one node only; give it `redundancy`.\n",
                       how.paint("◐", colour::yellow), single);
  return out;
}

} // namespace troupe::cli
