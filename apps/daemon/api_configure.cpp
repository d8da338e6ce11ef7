#include "actors/rule/script.hpp"
#include "apps/control/access.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/ask.hpp"
#include "config/load/check.hpp"
#include "config/load/export.hpp"
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

result<json> node_control::change(const control_caller& who, const std::vector<document>& wanted,
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
  const auto steps = plan(parts_.wanted.documents(), wanted, true);
  json out{{"plan", steps_json(steps)}, {"applied", false}, {"advice", advice}, {"failed", json::array()}};
  if (dry_run || steps.empty())
    return out;
  const auto revision = parts_.wanted.write(wanted, control::told(who), text);
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

result<json> node_control::add(const control_caller& who, const json& body) {
  const auto section = body.value("section", "");
  const auto name = body.value("name", "");
  std::lock_guard lock{configuring_};
  auto wanted = parts_.wanted.documents();
  auto fresh = make_document(section, name, body.value("document", json::object()));
  fresh.at.file = request_place;
  const auto there = find(wanted, section, name);
  const bool replace = body.value("replace", false);
  if (there == wanted.end()) {
    if (replace)
      return error{errc::not_found, section + " '" + name + "' does not exist, so it cannot be replaced; "
                                      "`troupe add` makes a new one"};
    wanted.push_back(fresh);
  } else {
    if (!replace)
      return error{errc::conflict, section + " '" + name + "' exists already; `troupe replace " + section + " "
                                     + name + " ...` changes it"};
    *there = fresh;
  }
  return change(who, wanted, (replace ? "replaced " : "added ") + section + " " + name, body.value("dry_run", false));
}

result<json> node_control::remove(const control_caller& who, const std::string& section, const std::string& name) {
  std::lock_guard lock{configuring_};
  auto wanted = parts_.wanted.documents();
  const auto there = find(wanted, section, name);
  if (there == wanted.end())
    return unknown(name);
  wanted.erase(there);
  return change(who, wanted, "removed " + section + " " + name, false);
}

result<json> node_control::apply(const control_caller& who, const json& body) {
  if (!body.contains("toml") || !body["toml"].is_string())
    return error{errc::invalid_argument, "an apply wants the text of a house.toml in \"toml\""};
  const auto file = body.value("file", "house.toml");
  std::lock_guard lock{configuring_};
  auto parsed = parse_house(body["toml"].get<std::string>(), file);
  auto wanted = parts_.wanted.documents();
  if (body.value("prune", false))
    wanted.clear();
  for (auto& x : parsed.documents) {
    const auto there = find(wanted, x.section, x.name);
    if (there == wanted.end())
      wanted.push_back(x);
    else
      *there = x;
  }
  if (any_fatal(parsed.problems) || parsed.torn) {
    // All that is wrong at once: what the text is, and what it says.
    auto problems = parsed.problems;
    const auto more = check(wanted, rule::check_script, {}, from());
    problems.insert(problems.end(), more.begin(), more.end());
    sort(problems);
    return error{errc::invalid_argument, all_of(problems)};
  }
  auto rest = parse_house(body.value("elsewhere", ""), "elsewhere").documents;
  return change(who, wanted, body.value("text", "applied " + file), body.value("dry_run", false), std::move(rest));
}

control::node_api::exported node_control::export_toml() { return {to_toml(parts_.wanted.documents()), {}}; }

json node_control::history(std::size_t newest) { return parts_.wanted.history(newest); }

result<json> node_control::rollback(const control_caller& who, const json& body) {
  if (!body.contains("revision") || !body["revision"].is_number_unsigned())
    return error{errc::invalid_argument, "a rollback wants the number of a revision; see `troupe history`"};
  const auto revision = body["revision"].get<std::uint64_t>();
  std::lock_guard lock{configuring_};
  auto then = parts_.wanted.at_revision(revision);
  if (!then)
    return then.why();
  return change(who, *then, fmt::format("rolled back to revision {}", revision), body.value("dry_run", false));
}

} // namespace troupe::daemon
