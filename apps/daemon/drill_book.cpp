#include "apps/daemon/drill_book.hpp"

#include <fmt/format.h>

#include <ctime>

namespace troupe::daemon {

using storage::slot_kind;

namespace {

const std::string drills_prefix = "drill/";

} // namespace

std::string drill_book::name_for(wall_ms now, const std::string& node) const {
  const auto seconds = static_cast<std::time_t>(now / 1000);
  std::tm at{};
  gmtime_r(&seconds, &at);
  const auto name = fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}-{}", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec, node);
  auto out = name;
  for (int n = 2; disk_.get(slot_kind::map, drills_prefix + out); ++n)
    out = fmt::format("{}-{}", name, n);
  return out;
}

status drill_book::keep(const std::string& id, const nlohmann::json& report) {
  auto put = disk_.put(slot_kind::map, drills_prefix + id, report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  auto kept = disk_.list(slot_kind::map, drills_prefix);
  for (std::size_t i = 0; i + most < kept.size(); ++i)
    (void)disk_.erase(slot_kind::map, kept[i].key); // another node may have done so
  return put;
}

std::optional<nlohmann::json> drill_book::find(const std::string& id) const {
  const auto kept = disk_.get(slot_kind::map, drills_prefix + id);
  auto x = kept ? nlohmann::json::parse(kept->payload, nullptr, false) : nlohmann::json{};
  return x.is_object() ? std::optional{std::move(x)} : std::nullopt;
}

std::vector<nlohmann::json> drill_book::all() const {
  std::vector<nlohmann::json> out;
  for (const auto& e : disk_.list(slot_kind::map, drills_prefix))
    if (auto x = nlohmann::json::parse(e.payload, nullptr, false); x.is_object())
      out.push_back(std::move(x));
  return out;
}

} // namespace troupe::daemon
