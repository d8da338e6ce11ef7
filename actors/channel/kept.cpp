#include "actors/channel/kept.hpp"

#include <nlohmann/json.hpp>

namespace troupe {

std::string keep(const reading& x) {
  return nlohmann::json{{"v", 1},
                        {"kind", static_cast<int>(x.val.kind)},
                        {"value", to_string(x.val)},
                        {"measured", x.measured_wall},
                        {"changed", x.changed_wall},
                        {"changes", x.changes}}
    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<reading> from_kept(const std::string& payload) {
  const auto doc = nlohmann::json::parse(payload, nullptr, false);
  if (!doc.is_object())
    return {};
  try {
    const auto kind = doc.at("kind").get<int>();
    if (kind < 1 || kind > static_cast<int>(value_kind::text))
      return {};
    reading x;
    x.val = parse_value(static_cast<value_kind>(kind), doc.at("value").get<std::string>());
    if (x.val.empty())
      return {};
    x.grade = quality::uncertain;
    x.why = reason::restored;
    x.told_as = origin::restore;
    x.measured_wall = doc.value("measured", wall_ms{0});
    x.changed_wall = doc.value("changed", wall_ms{0});
    x.changes = doc.value("changes", std::uint64_t{0});
    return x;
  } catch (const nlohmann::json::exception&) {
    return {}; // a field of another type: not ours
  }
}

std::string keep_pulses(const std::deque<std::string>& ids) {
  return nlohmann::json{{"v", 1}, {"ids", ids}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::deque<std::string> kept_pulses(const std::string& payload) {
  const auto doc = nlohmann::json::parse(payload, nullptr, false);
  try {
    return doc.is_object() ? doc.at("ids").get<std::deque<std::string>>() : std::deque<std::string>{};
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

} // namespace troupe
