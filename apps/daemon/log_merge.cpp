#include "apps/daemon/log_merge.hpp"

#include <algorithm>
#include <map>

namespace troupe::daemon {

using nlohmann::json;

namespace {

/// Everything but the sequence number, which each node gives by itself.
std::string mark_of(const json& x) {
  auto out = x;
  if (out.is_object())
    out.erase("seq");
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

json merge_logs(std::vector<json> all, std::size_t newest) {
  auto out = json::array();
  std::map<std::string, std::size_t> taken;
  for (auto& rows : all) {
    std::map<std::string, std::size_t> told; // by this node
    for (auto& x : rows) {
      const auto mark = mark_of(x);
      const auto n = ++told[mark];
      if (n <= taken[mark])
        continue;
      taken[mark] = n;
      out.push_back(std::move(x));
    }
  }
  const auto at = [](const json& x) { return x.is_object() ? x.value("at", std::int64_t{0}) : 0; };
  std::stable_sort(out.begin(), out.end(), [&](const json& a, const json& b) { return at(a) < at(b); });
  if (newest != 0 && out.size() > newest)
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(out.size() - newest));
  return out;
}

} // namespace troupe::daemon
