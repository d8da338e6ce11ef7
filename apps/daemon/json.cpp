#include "apps/daemon/json.hpp"

namespace troupe::daemon {

json value_json(const value& x) {
  switch (x.kind) {
  case value_kind::none: return nullptr;
  case value_kind::digital: return x.whole != 0;
  case value_kind::integer: return x.whole;
  case value_kind::analog: return x.real;
  case value_kind::text: return x.words;
  }
  return nullptr;
}

json story_json(const std::vector<storage::step>& x) {
  auto out = json::array();
  for (const auto& s : x)
    out.push_back({{"kind", s.kind}, {"name", s.name}, {"text", s.text}, {"at", s.at}});
  return out;
}

json reading_json(const storage::live_table::row& row, const catalog::item* about,
                  const clock_source& clocks) {
  const auto& r = row.now;
  json out{{"name", row.name},
           {"value", value_json(r.val)},
           {"text", to_string(r.val)},
           {"unit", row.unit.empty() && about != nullptr ? about->unit : row.unit},
           {"quality", to_string(r.grade)},
           {"reason", to_string(r.why)},
           {"origin", to_string(r.told_as)},
           {"changed_wall", r.changed_wall},
           {"measured_wall", r.measured_wall},
           {"changes", r.changes},
           {"missed_at_most", r.missed_at_most},
           {"gaps", r.gaps},
           {"label", about != nullptr ? about->label : ""},
           {"kind", about != nullptr ? about->kind : ""}};
  if (!row.node.empty())
    out["node"] = row.node;
  // An age of this boot is exact; an older one comes from the wall clock.
  if (r.measured_at > 0)
    out["age_s"] = static_cast<double>(clocks.mono() - r.measured_at) / 1e9;
  else if (r.measured_wall > 0)
    out["age_s"] = static_cast<double>(clocks.wall() - r.measured_wall) / 1e3;
  else
    out["age_s"] = nullptr;
  return out;
}

json event_json(const storage::journal_event& x) {
  json out{{"seq", x.seq},         {"at", x.at},     {"boot", x.boot},
           {"level", to_string(x.level)}, {"kind", x.kind}, {"subject", x.subject},
           {"text", x.text},       {"who", x.who},   {"story", story_json(x.story)}};
  out["clock"] = to_string(x.clock);
  if (x.told_at != 0)
    out["told_at"] = x.told_at;
  if (x.uncertain)
    out["uncertain"] = true;
  if (x.correlates)
    out["clock_before"] = x.correlates->before;
  if (!x.detail.empty()) {
    const auto detail = json::parse(x.detail, nullptr, false);
    out["detail"] = detail.is_discarded() ? json(x.detail) : detail;
  }
  return out;
}

json far_json(std::string_view text) {
  constexpr int max_depth = 32;
  const auto shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > max_depth)
      throw std::length_error("too deep"); // ends the parser; returning false would go on to the end
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), shallow);
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::string text_in(const json& x, const char* key) {
  if (!x.is_object())
    return {};
  const auto found = x.find(key);
  return found != x.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

const json& list_in(const json& x, const char* key) {
  static const json none = json::array();
  if (!x.is_object())
    return none;
  const auto found = x.find(key);
  return found != x.end() && found->is_array() ? *found : none;
}

bool truth_in(const json& x, const char* key, bool otherwise) {
  if (!x.is_object())
    return otherwise;
  const auto found = x.find(key);
  return found != x.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

value value_from(const json& x, value_kind wanted) {
  if (x.is_boolean() && wanted == value_kind::digital)
    return value::digital(x.get<bool>());
  if (x.is_number() && wanted == value_kind::analog)
    return value::analog(x.get<double>());
  if (x.is_number_integer() && wanted == value_kind::digital && (x == 0 || x == 1))
    return value::digital(x == 1);
  if (x.is_string())
    return parse_value(wanted, x.get<std::string>());
  return {};
}

} // namespace troupe::daemon
