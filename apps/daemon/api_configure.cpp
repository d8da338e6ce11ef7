#include "actors/rule/script.hpp"
#include "apps/control/access.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/ask.hpp"
#include "config/load/check.hpp"
#include "config/load/export.hpp"
#include "config/load/split.hpp"
#include "config/model/patience.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::daemon {

namespace {

/// Where a document of a request "stands", for messages.
constexpr auto request_place = "request";

std::string all_of(const std::vector<problem>& problems) {
  std::string text;
  for (const auto& x : problems)
    text += (text.empty() ? "" : "\n") + x.to_string();
  return text;
}

std::vector<document>::iterator find(std::vector<document>& all, const std::string& section,
                                     const std::string& name) {
  return std::find_if(all.begin(), all.end(),
                      [&](const document& x) { return x.section == section && x.name == name; });
}

json steps_json(const std::vector<plan_step>& steps) {
  auto out = json::array();
  for (const auto& step : steps)
    out.push_back(to_json(step));
  return out;
}

} // namespace

/// As this node sees the house: what other nodes run is told, not looked for.
viewpoint node_control::from() const {
  return {parts_.node.name, patience_of(parts_.node.profile).suspect_after};
}

result<json> node_control::change(const control_caller& who, const std::vector<document>& before, const std::vector<document>& wanted,
                                  const std::string& text, bool dry_run, std::vector<document> elsewhere) {
  // What comes in the same change wins over what a node ran until now.
  const auto is_coming = [&](const document& x) {
    return std::any_of(elsewhere.begin(), elsewhere.end(),
                       [&](const document& y) { return y.section == x.section && y.name == x.name; });
  };
  if (parts_.elsewhere)
    for (auto& x : parts_.elsewhere())
      if (!is_coming(x))
        elsewhere.push_back(std::move(x));
  const auto problems = check(wanted, rule::check_script, elsewhere, from());
  auto advice = json::array();
  for (const auto& x : problems)
    advice.push_back(x.to_string());
  if (any_fatal(problems))
    return error{errc::invalid_argument, all_of(problems)};
  const auto steps = plan(before, wanted, true);
  json out{{"plan", steps_json(steps)}, {"applied", false}, {"advice", advice}, {"failed", json::array()}};
  if (dry_run || steps.empty())
    return out;
  const auto revision = parts_.wanted.write(before, wanted, control::told(who), text);
  if (!revision)
    return revision.why();
  journal(who, "config", parts_.node.name, fmt::format("revision {}: {}", *revision, text));
  // As many things as there are, each with its own stop and start.
  const auto limit = std::chrono::seconds{10} + std::chrono::milliseconds{50} * static_cast<int>(steps.size());
  // By name each time: one that crashed or was replaced has a new handle.
  auto answer = ask<reconciled>(parts_.system, parts_.all.names.find("reconciler"), "reconciler", limit,
                                reconcile_atom::value);
  out["applied"] = true;
  out["revision"] = *revision;
  if (!answer) {
    // It is desired from here on, whatever became of the question.
    out["failed"].push_back(fmt::format("revision {} is stored and is carried out as soon as the reconciler can; "
                                        "what became of it is not known yet: {}", *revision, answer.why().context));
    return out;
  }
  // What failed before and has nothing to do with this change is in `status`.
  for (const auto& [what, why] : answer->failed)
    if (std::any_of(steps.begin(), steps.end(),
                    [&](const plan_step& step) { return step.section + " " + step.name == what; }))
      out["failed"].push_back(what + ": " + why);
  return out;
}

/// Its part of the store is written here; it hears of it when it is linked again.
result<json> node_control::change_away(const std::string& node, const control_caller& who, const edit& what,
                                       const std::string& text, bool dry_run) {
  std::lock_guard lock{configuring_};
  desired theirs{parts_.all.store, parts_.all.clocks, node};
  const auto before = theirs.documents();
  auto wanted = before;
  if (auto done = what(wanted); !done)
    return done.why();
  std::vector<document> elsewhere;
  for (auto& [other, documents] : desired::of_all(parts_.all.store))
    if (other != node)
      for (auto& x : at_node(std::move(documents), other))
        elsewhere.push_back(std::move(x));
  const auto problems = check(wanted, rule::check_script, elsewhere, {node, from().suspect_after});
  if (any_fatal(problems))
    return error{errc::invalid_argument, all_of(problems)};
  const auto steps = plan(before, wanted, true);
  json out{{"plan", steps_json(steps)}, {"applied", false}, {"advice", json::array()}, {"failed", json::array()}};
  for (const auto& x : problems)
    out["advice"].push_back(x.to_string());
  if (dry_run || steps.empty())
    return out;
  const auto revision = theirs.write(before, wanted, control::told(who), text);
  if (!revision)
    return revision.why();
  journal(who, "config", node, fmt::format("revision {} of {}, which is not linked now: {}", *revision, node, text));
  out["applied"] = true;
  out["revision"] = *revision;
  out["advice"].push_back(fmt::format("{} is not linked now; it carries this out when it is back", node));
  return out;
}

node_control::edit node_control::adding(const json& body) {
  return [body](std::vector<document>& all) -> troupe::status {
    const auto section = body.value("section", "");
    const auto name = body.value("name", "");
    auto fresh = make_document(section, name, body.value("document", json::object()));
    fresh.at.file = request_place;
    const auto there = find(all, section, name);
    const bool replace = body.value("replace", false);
    if (there == all.end()) {
      if (replace)
        return error{errc::not_found, section + " '" + name + "' does not exist, so it cannot be replaced; "
                                        "`troupe add` makes a new one"};
      all.push_back(fresh);
      return {};
    }
    if (!replace)
      return error{errc::conflict, section + " '" + name + "' exists already; `troupe replace " + section + " "
                                     + name + " ...` changes it"};
    *there = fresh;
    return {};
  };
}

node_control::edit node_control::removing(const std::string& section, const std::string& name) const {
  return [this, section, name](std::vector<document>& all) -> troupe::status {
    const auto there = find(all, section, name);
    if (there == all.end())
      return unknown(name);
    all.erase(there);
    return {};
  };
}

node_control::edit node_control::applying(const json& body) const {
  return [this, body](std::vector<document>& all) -> troupe::status {
    if (!body.contains("toml") || !body["toml"].is_string())
      return error{errc::invalid_argument, "an apply wants the text of a house.toml in \"toml\""};
    auto parsed = parse_house(body["toml"].get<std::string>(), body.value("file", "house.toml"));
    if (body.value("prune", false))
      all.clear();
    for (auto& x : parsed.documents) {
      const auto there = find(all, x.section, x.name);
      if (there == all.end())
        all.push_back(x);
      else
        *there = x;
    }
    if (!any_fatal(parsed.problems) && !parsed.torn)
      return {};
    // All that is wrong at once: what the text is, and what it says.
    auto problems = parsed.problems;
    const auto more = check(all, rule::check_script, {}, from());
    problems.insert(problems.end(), more.begin(), more.end());
    sort(problems);
    return error{errc::invalid_argument, all_of(problems)};
  };
}

namespace {

std::string text_of_add(const json& body) {
  return (body.value("replace", false) ? "replaced " : "added ") + body.value("section", "") + " " + body.value("name", "");
}

std::string text_of_apply(const json& body) { return body.value("text", "applied " + body.value("file", "house.toml")); }

} // namespace

result<json> node_control::add(const control_caller& who, const json& body) {
  std::lock_guard lock{configuring_};
  const auto before = parts_.wanted.documents();
  auto wanted = before;
  if (auto done = adding(body)(wanted); !done)
    return done.why();
  return change(who, before, wanted, text_of_add(body), body.value("dry_run", false));
}

result<json> node_control::remove(const control_caller& who, const std::string& section, const std::string& name) {
  std::lock_guard lock{configuring_};
  const auto before = parts_.wanted.documents();
  auto wanted = before;
  if (auto done = removing(section, name)(wanted); !done)
    return done.why();
  return change(who, before, wanted, "removed " + section + " " + name, false);
}

result<json> node_control::apply(const control_caller& who, const json& body) {
  std::lock_guard lock{configuring_};
  const auto before = parts_.wanted.documents();
  auto wanted = before;
  if (auto done = applying(body)(wanted); !done)
    return done.why();
  auto rest = parse_house(body.value("elsewhere", ""), "elsewhere").documents;
  return change(who, before, wanted, text_of_apply(body), body.value("dry_run", false), std::move(rest));
}

result<json> node_control::add_for(const std::string& node, const control_caller& who, const json& body) {
  return change_away(node, who, adding(body), text_of_add(body), body.value("dry_run", false));
}

result<json> node_control::remove_for(const std::string& node, const control_caller& who, const std::string& section,
                                      const std::string& name) {
  return change_away(node, who, removing(section, name), "removed " + section + " " + name, false);
}

result<json> node_control::apply_for(const std::string& node, const control_caller& who, const json& body) {
  return change_away(node, who, applying(body), text_of_apply(body), body.value("dry_run", false));
}

control::node_api::exported node_control::export_toml() { return {to_toml(parts_.wanted.documents()), {}}; }

json node_control::history(std::size_t newest) { return parts_.wanted.history(newest); }

json node_control::house_history(std::size_t newest) const { return desired::history_of_all(parts_.all.store, newest); }

namespace {

result<std::uint64_t> revision_in(const json& body) {
  if (!body.contains("revision") || !body["revision"].is_number_unsigned())
    return error{errc::invalid_argument, "a rollback wants the number of a revision; see `troupe history`"};
  return body["revision"].get<std::uint64_t>();
}

std::string text_of_rollback(std::uint64_t revision) { return fmt::format("rolled back to revision {}", revision); }

} // namespace

result<json> node_control::rollback(const control_caller& who, const json& body) {
  const auto revision = revision_in(body);
  if (!revision)
    return revision.why();
  if (const auto node = text_in(body, "node"); !node.empty() && node != parts_.node.name)
    return error{errc::not_found, "the revision is of '" + node + "', and only " + parts_.node.name + " is asked"};
  std::lock_guard lock{configuring_};
  const auto before = parts_.wanted.documents();
  auto then = parts_.wanted.at_revision(*revision);
  if (!then)
    return then.why();
  return change(who, before, *then, text_of_rollback(*revision), body.value("dry_run", false));
}

result<json> node_control::rollback_for(const std::string& node, const control_caller& who, const json& body) {
  const auto revision = revision_in(body);
  if (!revision)
    return revision.why();
  const auto to_it = [&](std::vector<document>& all) -> troupe::status {
    auto then = desired{parts_.all.store, parts_.all.clocks, node}.at_revision(*revision);
    if (!then)
      return then.why();
    all = std::move(*then);
    return {};
  };
  return change_away(node, who, to_it, text_of_rollback(*revision), body.value("dry_run", false));
}

} // namespace troupe::daemon
