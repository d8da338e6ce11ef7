#include "actors/rule/evaluation.hpp"

namespace troupe::rule {

using nlohmann::json;

namespace {

json to_json(const storage::step& x) {
  return {{"kind", x.kind}, {"name", x.name}, {"text", x.text}, {"at", x.at}};
}

json to_json(const asked& x) {
  json out = {{"line", x.line}, {"call", x.call}, {"name", x.name}, {"answer", x.answer}};
  if (!x.is_input)
    return out;
  out["value"] = to_string(x.seen.val);
  out["quality"] = to_string(x.seen.grade);
  if (x.seen.why != reason::none)
    out["reason"] = to_string(x.seen.why);
  out["changed_at"] = x.seen.changed_wall;
  return out;
}

json to_json(const uttered& x) {
  json out = {{"line", x.line},         {"output", x.output}, {"value", to_string(x.val)},
              {"priority", x.priority}, {"effect", x.effect}};
  if (x.pulse.count() > 0)
    out["pulse_ms"] = x.pulse.count();
  return out;
}

template <class T>
json to_array(const std::vector<T>& all) {
  auto out = json::array();
  for (const auto& x : all)
    out.push_back(to_json(x));
  return out;
}

} // namespace

json to_json(const evaluation& x) {
  json out = {{"number", x.number},
              {"at", x.at},
              {"trigger", to_array(x.trigger)},
              {"reads", to_array(x.questions)},
              {"sets", to_array(x.wishes)},
              {"ok", x.ok},
              {"instructions", x.instructions},
              {"memory_bytes", x.memory},
              {"took_us", x.took.count() / 1000}};
  if (x.questions_dropped != 0)
    out["reads_dropped"] = x.questions_dropped;
  if (!x.returned.empty())
    out["returned"] = x.returned;
  if (!x.ok) {
    out["error"] = x.error;
    out["error_line"] = x.error_line;
  }
  return out;
}

} // namespace troupe::rule
