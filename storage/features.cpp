#include "storage/features.hpp"

#include <algorithm>

namespace troupe::storage {

const std::vector<std::string>& known_features() {
  static const std::vector<std::string> all{std::string{journal_times}};
  return all;
}

std::vector<feature_view> judge_features(const std::vector<std::string>& known, const listed_features& members,
                                         const std::set<std::string>& on) {
  auto names = on;
  names.insert(known.begin(), known.end());
  for (const auto& [who, listed] : members)
    names.insert(listed.begin(), listed.end());
  std::vector<feature_view> out;
  for (const auto& name : names) {
    feature_view x;
    x.name = name;
    x.on = on.contains(name);
    x.known = std::find(known.begin(), known.end(), name) != known.end();
    for (const auto& [who, listed] : members)
      if (!listed.contains(name))
        x.waits_for.push_back(who);
    out.push_back(std::move(x));
  }
  return out;
}

} // namespace troupe::storage
