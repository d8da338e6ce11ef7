#include "actors/rule/functions.hpp"

#include <algorithm>
#include <array>

namespace troupe::rule {

namespace {

// name, arguments at least and at most, options?
constexpr language_row rows[] = {
  {{"get", 1, 1, false}, get},
  {{"on", 1, 1, false}, on},
  {{"quality", 1, 1, false}, quality_of},
  {{"age", 1, 1, false}, age},
  {{"changed", 1, 1, false}, changed},
  {{"rising", 1, 1, false}, rising},
  {{"falling", 1, 1, false}, falling},
  {{"held", 2, 2, true}, held},
  {{"for_", 3, 3, true}, for_condition},
  {{"start", 2, 2, true}, start},
  {{"stop", 1, 1, false}, stop},
  {{"fired", 1, 1, false}, fired},
  {{"remaining", 1, 1, false}, remaining},
  {{"now", 0, 0, false}, now_seconds},
  {{"set", 2, 2, true}, set},
  {{"release", 1, 1, false}, release},
  {{"pulse", 2, 2, true}, pulse},
  {{"log", 1, 1, false}, log_text},
  // Behind the `state` table of blocks.cpp.
  {{"state_get", 1, 1, false}, state_get},
  {{"state_set", 2, 2, false}, state_set},
  {{"state_all", 0, 0, false}, state_all},
};

constexpr auto faces = [] {
  std::array<script_function, std::size(rows)> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = rows[i].face;
  return out;
}();

} // namespace

std::span<const language_row> language() {
  return rows;
}

std::span<const script_function> language_faces() {
  return faces;
}

void remember(run& now, const script_call& call, const char* function, const std::string& name,
              std::string answer, const input* in) {
  auto& all = now.record.questions;
  // From the back: a loop asks the same again and again.
  const auto same = std::find_if(all.rbegin(), all.rend(), [&](const asked& x) {
    return x.line == call.line && x.name == name && x.call == function;
  });
  if (same != all.rend()) {
    same->answer = std::move(answer);
    return;
  }
  if (all.size() >= max_asked) {
    ++now.record.questions_dropped;
    return;
  }
  all.push_back({call.line, function, name, std::move(answer), in != nullptr,
                 in != nullptr ? in->now : reading{}});
}

const std::string* text_of(script_call& call, std::size_t index, const char* what) {
  if (call.args[index].kind == value_kind::text)
    return &call.args[index].words;
  call.trouble = std::string(what) + " must be a text in quotes, not "
                 + (call.args[index].empty() ? "nil" : to_string(call.args[index]));
  return nullptr;
}

bool truth_of(const value& x) noexcept {
  return x.kind == value_kind::digital ? x.whole != 0 : !x.empty();
}

} // namespace troupe::rule
