#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe::cli {

namespace {

std::string names(const json& all, const char* separator = ", ") {
  std::string out;
  for (auto& x : all)
    if (x.is_string())
      out += (out.empty() ? "" : separator) + harmless(x.get<std::string>());
  return out;
}

/// "server-1, server-2 busy, (boiler)": those in brackets are not there.
std::string candidates(const json& rule, const json& nodes, const style& how) {
  const auto busy = [&](const std::string& name) {
    return std::any_of(nodes.begin(), nodes.end(), [&](auto& n) { return text_at(n, "name") == name && truth_at(n, "busy"); });
  };
  std::string out;
  for (auto& x : list_at(rule, "order")) {
    auto name = text_at(x, "node", "?");
    if (busy(name))
      name += how.paint(" busy", colour::yellow);
    out += (out.empty() ? "" : ", ") + (truth_at(x, "alive") ? name : how.paint("(" + name + ")", colour::dim));
  }
  return out.empty() ? "-" : out;
}

/// "hot ● agrees": the worst of what its shadows say.
std::string standby(const json& rule, const style& how) {
  const auto word = text_at(rule, "redundancy", "?");
  if (word != "hot")
    return word;
  const auto& all = list_at(rule, "shadows");
  const auto any = [&](const char* is) {
    return std::any_of(all.begin(), all.end(), [&](auto& s) { return text_at(s, "is") == is; });
  };
  if (any("differs"))
    return word + " " + how.paint("✗ differs", colour::red);
  if (any("settles"))
    return word + " " + how.paint("◐ settles", colour::yellow);
  if (any("agrees"))
    return word + " " + how.paint("● agrees", colour::green);
  return word + " " + how.paint("○ no shadow", colour::yellow);
}

/// Where shadows differ, a line each.
std::string differences(const json& rule, const style& how, wall_ms now) {
  std::string out;
  for (auto& s : list_at(rule, "shadows"))
    for (auto& d : list_at(s, "differences")) {
      const auto what = text_at(d, "what");
      out += fmt::format("{} {} differs on {}: node {} acts and has {}, its shadow on {} would have {}, since {}\n",
                         how.paint("✗", colour::red), text_at(rule, "rule"),
                         what == "run" ? "its run" : what == "text" ? "its text" : what, text_at(rule, "acts"), text_at(d, "acting"),
                         text_at(s, "node"), text_at(d, "shadow"), clock_time(static_cast<wall_ms>(number_at(d, "since")), now));
    }
  return out;
}

/// Of those that this rule drives, which have gone with their node.
struct lost_outputs {
  std::string outputs, nodes;
  std::size_t gone = 0, driven = 0;
};

lost_outputs lost_of(const json& x, const std::string& rule) {
  lost_outputs out;
  std::set<std::string> nodes;
  for (auto& o : list_at(x, "outputs")) {
    const auto& rules = list_at(o, "rules");
    if (std::none_of(rules.begin(), rules.end(), [&](auto& r) { return r == rule; }))
      continue;
    ++out.driven;
    if (text_at(o, "is") != "gone")
      continue;
    ++out.gone;
    out.outputs += (out.outputs.empty() ? "" : ", ") + text_at(o, "output", "?");
    nodes.insert(text_at(o, "node", "?"));
  }
  for (auto& node : nodes)
    out.nodes += (out.nodes.empty() ? "" : ", ") + node;
  return out;
}

} // namespace

std::string show_placement(const json& x, const style& how, wall_ms now) {
  table rules{{{"RULE"}, {"ACTS ON"}, {"STANDBY"}, {"CLASS"}, {"CANDIDATES"}, {"DECIDED BY", false, true}}};
  for (auto& r : list_at(x, "rules")) {
    const auto acts = text_at(r, "acts"), first = text_at(r, "would");
    const auto lost = lost_of(x, text_at(r, "rule"));
    const auto where = acts.empty()    ? how.paint("✗ nowhere", colour::red)
                       : lost.gone > 0 && lost.gone == lost.driven ? how.paint("✗ " + acts + ", in vain", colour::red)
                       : lost.gone > 0 ? how.paint("◐ " + acts, colour::yellow)
                       : acts == first ? how.paint("● " + acts, colour::green)
                                       : how.paint("◐ " + acts, colour::yellow);
    rules.add({text_at(r, "rule", "?"), where, standby(r, how), text_at(r, "class", "?"), candidates(r, list_at(x, "nodes"), how),
               names(list_at(r, "outputs"))});
  }
  if (rules.empty())
    return "No rule may run on several nodes. `redundancy = \"warm\"` in a rule makes it one; docs/failover.md tells more.\n";
  auto out = rules.render(how);
  for (auto& r : list_at(x, "rules")) {
    out += differences(r, how, now);
    const auto acts = text_at(r, "acts"), first = text_at(r, "would");
    if (acts.empty() && first.empty())
      out += fmt::format("{} {} can act nowhere: its outputs, or all nodes that may run it, are gone\n", how.paint("✗", colour::red),
                         text_at(r, "rule"));
    else if (const auto lost = lost_of(x, text_at(r, "rule")); !acts.empty() && lost.gone > 0)
      out += fmt::format("{} {} acts on {} and does not reach {}: {} is down\n", how.paint("✗", colour::red), text_at(r, "rule"), acts, lost.outputs, lost.nodes);
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
    rules.add({text_at(r, "rule", "?"), acts.empty() ? "nowhere" : acts, then, candidates(r, list_at(x, "nodes"), how)});
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
