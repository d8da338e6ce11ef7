#include "apps/daemon/log_merge.hpp"

#include <algorithm>
#include <map>

namespace troupe::daemon {

using nlohmann::json;

void stamp(json& rows, const std::string& node) {
  for (auto& x : rows)
    if (x.is_object() && !x.contains("node"))
      x["node"] = node;
}

std::string mark_of(const json& x) {
  auto out = x;
  if (out.is_object()) {
    for (const auto* own : {"seq", "uncertain", "clock", "clock_before"}) // earlier versions do not tell the clock
      out.erase(own);
    if (const auto told = out.find("told_at"); told != out.end()) {
      out["at"] = *told;
      out.erase("told_at");
    }
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

namespace {

/// Of two tellings of one event: is it the one that knows when it was?
bool knows_the_time(const json& x) { return x.is_object() && x.contains("told_at") && !x.contains("uncertain"); }

} // namespace

json merge_logs(std::vector<json> all, std::size_t newest) {
  auto out = json::array();
  std::map<std::string, std::vector<std::size_t>> taken; ///< places in `out`
  for (auto& rows : all) {
    std::map<std::string, std::size_t> told; // by this node
    for (auto& x : rows) {
      const auto mark = mark_of(x);
      const auto n = told[mark]++;
      auto& places = taken[mark];
      if (n == places.size()) {
        places.push_back(out.size());
        out.push_back(std::move(x));
      } else if (knows_the_time(x) && !knows_the_time(out[places[n]])) {
        out[places[n]] = std::move(x);
      }
    }
  }
  const auto at = [](const json& x) { return x.is_object() ? x.value("at", std::int64_t{0}) : 0; };
  std::stable_sort(out.begin(), out.end(), [&](const json& a, const json& b) { return at(a) < at(b); });
  if (newest != 0 && out.size() > newest)
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(out.size() - newest));
  return out;
}

} // namespace troupe::daemon
