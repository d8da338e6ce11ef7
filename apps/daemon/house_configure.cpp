#include "apps/daemon/house_control.hpp"

#include "apps/daemon/log_merge.hpp"
#include "config/load/check.hpp"
#include "config/load/export.hpp"
#include "config/load/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace troupe::daemon {

/// What other nodes run, as documents that say so.
std::vector<document> house_control::others() const {
  std::vector<document> all;
  for (const auto& [node, documents] : parts_.books())
    for (auto& x : at_node(documents, node))
      all.push_back(std::move(x));
  return all;
}

std::string house_control::home_of(const document& x) const {
  if ((x.section == "bus" || x.section == "rule" || x.section == "drill") && x.body.value("node", "").empty())
    return desired_elsewhere(x.section, x.name).value_or(parts_.self);
  const auto where = split({x}, parts_.self, others()).of;
  return where.empty() ? parts_.self : where.begin()->first;
}

result<json> house_control::add(const control::caller& who, const json& body) {
  auto fresh = make_document(body.value("section", ""), body.value("name", ""), body.value("document", json::object()));
  const auto home = home_of(fresh);
  if (home == parts_.self)
    return parts_.here.add(who, body);
  auto said = parts_.others.ask(home, who, "POST", "/v1/config", body, far_nodes::long_patience);
  return !said && is_away(home, said.why()) ? parts_.here.add_for(home, who, body) : said;
}

bool house_control::is_away(const std::string& node, const error& why) const {
  return why.code == errc::unreachable && parts_.is_member && parts_.is_member(node);
}

result<json> house_control::remove(const control::caller& who, const std::string& section, const std::string& name) {
  const auto path = "/v1/config/" + section + "/" + name;
  if (const auto node = desired_elsewhere(section, name)) {
    auto said = parts_.others.ask(*node, who, "DELETE", path, nullptr, far_nodes::long_patience);
    return !said && is_away(*node, said.why()) ? parts_.here.remove_for(*node, who, section, name) : said;
  }
  auto ours = parts_.here.remove(who, section, name);
  if (ours || ours.why().code != errc::not_found)
    return ours;
  // Added elsewhere a moment ago: that node's documents are still on their way.
  for (const auto& [node, said] : parts_.others.ask_all("/v1/status"))
    if (said) {
      auto theirs = parts_.others.ask(node, who, "DELETE", path, nullptr, far_nodes::long_patience);
      if (theirs || theirs.why().code != errc::not_found)
        return theirs;
    }
  return ours;
}

result<json> house_control::apply(const control::caller& who, const json& body) {
  if (!body.contains("toml") || !body["toml"].is_string())
    return parts_.here.apply(who, body);
  auto parsed = parse_house(body["toml"].get<std::string>(), body.value("file", "house.toml"));
  auto parts = split(parsed.documents, parts_.self, others()).of;
  // What the text does not name goes at every node, also at those that it does not name.
  if (body.value("prune", false)) {
    (void)parts[parts_.self];
    for (const auto& node : parts_.nodes())
      (void)parts[node];
  }
  // All its own, or a text with mistakes: this node tells them with their places.
  if (any_fatal(parsed.problems) || parsed.torn || parts.empty() || (parts.size() == 1 && parts.contains(parts_.self)))
    return parts_.here.apply(who, body);
  return apply_split(who, body, parts);
}

/// First everybody says whether it could, then everybody does: a mistake in one
/// part changes nothing anywhere. A node that ends between the two leaves the
/// house half changed, and the answer says which half.
result<json> house_control::apply_split(const control::caller& who, const json& body,
                                        const std::map<std::string, std::vector<document>>& parts) {
  const auto part_of = [&](const std::string& node, bool dry_run) {
    std::vector<document> rest;
    for (const auto& [other, documents] : parts)
      if (other != node)
        rest.insert(rest.end(), documents.begin(), documents.end());
    auto out = body;
    out["toml"] = to_toml(parts.at(node));
    out["elsewhere"] = to_toml(rest);
    out["dry_run"] = dry_run;
    return out;
  };
  const auto at = [&](const std::string& node, bool dry_run) {
    const auto part = part_of(node, dry_run);
    if (node == parts_.self)
      return parts_.here.apply(who, part);
    auto said = parts_.others.ask(node, who, "POST", "/v1/apply", part, far_nodes::long_patience);
    return !said && is_away(node, said.why()) ? parts_.here.apply_for(node, who, part) : said;
  };
  json out{{"plan", json::array()}, {"applied", false}, {"advice", json::array()}, {"failed", json::array()}};
  const auto take = [&](const std::string& node, const json& said, bool plan) {
    if (plan)
      for (auto step : said.value("plan", json::array())) {
        step["node"] = node;
        step["text"] = step.value("text", "") + "  @" + node;
        out["plan"].push_back(std::move(step));
      }
    for (const auto* list : {"advice", "failed"})
      for (const auto& x : said.value(list, json::array()))
        out[list].push_back(node + ": " + (x.is_string() ? x.get<std::string>() : x.dump()));
  };
  for (const auto& [node, documents] : parts) {
    auto said = at(node, true);
    if (!said)
      return error{said.why().code, said.why().context
                                      + (body.value("prune", false) && documents.empty()
                                           ? "\n--prune asks every node of the house; `troupe remove-node` takes one out for good"
                                           : "")
                                      + "\nnothing was changed anywhere"};
    take(node, *said, true);
  }
  if (body.value("dry_run", false))
    return out;
  out["advice"] = json::array();
  std::string done;
  for (const auto& [node, documents] : parts) {
    auto said = at(node, false);
    if (!said)
      return error{said.why().code,
                   said.why().context + (done.empty() ? "\nno other node was changed"
                                                      : "\nit was carried out at " + done + " only; apply it again when all "
                                                                                            "nodes are there")};
    done += (done.empty() ? "" : ", ") + node;
    take(node, *said, false);
    out["applied"] = out["applied"].get<bool>() || said->value("applied", false);
    if (said->contains("revision"))
      out["revisions"][node] = (*said)["revision"];
  }
  return out;
}

control::node_api::exported house_control::export_toml() {
  auto all = parts_.wanted.documents();
  auto rest = others();
  exported out;
  std::string warning;
  const auto known = parts_.books();
  for (auto& node : parts_.nodes())
    if (!known.contains(node)) {
      // The file outlives the words that came with it.
      warning += "# The part of " + node + " is missing here: " + parts_.self + " has not been linked to it since it started.\n";
      out.missing.push_back(std::move(node));
    }
  if (rest.empty() && out.missing.empty()) {
    out.toml = to_toml(all);
    return out;
  }
  all = at_node(std::move(all), parts_.self);
  all.insert(all.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  // The same text from every node, so that people can compare and keep it.
  std::sort(all.begin(), all.end(), [](const document& a, const document& b) {
    return std::tie(a.section, a.name) < std::tie(b.section, b.name);
  });
  out.toml = warning + to_toml(all);
  return out;
}

json house_control::history(std::size_t newest) {
  // A board with a pre-shared key has only its own, and they are nowhere else.
  auto all = parts_.here.house_history(newest);
  if (!all.empty())
    return all;
  all = parts_.here.history(newest);
  stamp(all, parts_.self);
  return all;
}

/// A revision is one of one node: so is what takes it back.
result<json> house_control::rollback(const control::caller& who, const json& body) {
  const auto node = body.value("node", parts_.self);
  auto there = body;
  there.erase("node");
  auto said = node == parts_.self ? parts_.here.rollback(who, there)
                                  : parts_.others.ask(node, who, "POST", "/v1/rollback", there, far_nodes::long_patience);
  if (!said && node != parts_.self && is_away(node, said.why()))
    said = parts_.here.rollback_for(node, who, there);
  if (said && said->is_object())
    (*said)["node"] = node;
  return said;
}

} // namespace troupe::daemon
