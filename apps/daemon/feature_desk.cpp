#include "apps/daemon/feature_desk.hpp"

#include "apps/daemon/json.hpp"
#include "storage/replication.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::daemon {

using storage::severity;
using storage::slot_kind;

namespace {

std::string joined(const std::vector<std::string>& all) { return fmt::format("{}", fmt::join(all, ", ")); }

struct members_said {
  storage::listed_features listed;
  std::set<std::string> silent; ///< were taken back, and have not run since
};

members_said read_members(const storage::store& disk) {
  members_said out;
  for (const auto& x : disk.list(slot_kind::map, std::string{storage::member_prefix})) {
    const auto name = x.key.substr(storage::member_prefix.size());
    auto& listed = out.listed[name];
    const auto words = json::parse(x.payload, nullptr, false);
    if (!words.is_object())
      continue;
    if (!words.contains("features") && words.contains("taken_back"))
      out.silent.insert(name);
    if (!words.contains("features") || !words["features"].is_array())
      continue;
    for (const auto& feature : words["features"])
      if (feature.is_string())
        listed.insert(feature.get<std::string>());
  }
  return out;
}

} // namespace

std::vector<storage::feature_view> feature_desk::judge() const {
  const auto members = read_members(disk_).listed;
  std::set<std::string> on;
  for (const auto& x : disk_.list(slot_kind::map, std::string{storage::feature_prefix}))
    on.insert(x.key.substr(storage::feature_prefix.size()));
  return storage::judge_features(known_, members, on);
}

void feature_desk::look(bool whole) {
  const auto all = judge();
  std::vector<std::pair<std::string, std::string>> refused;
  if (whole)
    for (const auto& x : all) {
      if (!x.is_due())
        continue;
      // The same words whoever writes them, so that two at once are no conflict.
      if (auto put = disk_.put(slot_kind::map, std::string{storage::feature_prefix} + x.name, "{}"); !put)
        refused.emplace_back(x.name, fmt::format("all members know this feature, and the store does not take that it is on: {}", put.why().context));
      else
        tell_(severity::notice, x.name, "this feature is on from now on: all members know it");
    }
  auto troubles = this->troubles();
  troubles.insert(troubles.end(), refused.begin(), refused.end());
  std::set<std::string> now;
  std::vector<std::pair<std::string, std::string>> fresh;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [subject, text] : troubles)
      if (now.insert(text); !told_.contains(text))
        fresh.emplace_back(subject, text);
    told_ = std::move(now);
  }
  for (const auto& [subject, text] : fresh)
    tell_(severity::alarm, subject, text);
}

std::vector<std::pair<std::string, std::string>> feature_desk::troubles() const {
  std::vector<std::pair<std::string, std::string>> out;
  const auto silent = read_members(disk_).silent;
  for (const auto& x : judge()) {
    if (!x.on)
      continue;
    if (!x.known)
      out.emplace_back(self_, fmt::format("the house uses the feature '{}', and this node's program ({}) does not know it: what it stands for is "
                                          "kept and passed on here, but not understood. Update trouped on this node", x.name, TROUPE_VERSION));
    auto others = x.waits_for;
    std::erase_if(others, [&](const auto& name) { return name == self_ || silent.contains(name); });
    if (!others.empty())
      out.emplace_back(others.size() == 1 ? others.front() : x.name,
                       fmt::format("the house uses the feature '{}', and the program of {} does not know it. Update trouped there, or remove "
                                   "what does not come back with `troupe remove-node`", x.name, joined(others)));
  }
  return out;
}

feature_desk::json feature_desk::view() const {
  auto out = json::array();
  for (const auto& x : judge())
    out.push_back({{"name", x.name}, {"on", x.on}, {"known", x.known}, {"waits_for", x.waits_for}});
  return out;
}

} // namespace troupe::daemon
