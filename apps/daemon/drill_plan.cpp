#include "apps/daemon/drill_plan.hpp"

#include "apps/daemon/json.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

#include <optional>

namespace troupe::daemon {

namespace {

constexpr drill_kind all_kinds[] = {drill_kind::kill_actor, drill_kind::hang_actor, drill_kind::kill_node, drill_kind::stop_node,
                                    drill_kind::cut_link};

/// A process that is gone is noticed at once; what follows is work, not waiting.
constexpr milliseconds after_a_kill{30};
/// An actor that stays on its node is looked after about once a second.
constexpr milliseconds after_a_hang{15'000};

error bad(std::string text) { return {errc::invalid_argument, std::move(text)}; }

status read_time(const nlohmann::json& body, const char* key, milliseconds least, milliseconds most, milliseconds& into) {
  const auto text = text_in(body, key);
  if (text.empty())
    return {};
  const auto parsed = parse_duration(text);
  if (!parsed || *parsed < least || *parsed > most)
    return bad(fmt::format("{} is '{}'; write how long as 500ms, 5s or 1m, from {} ms to {} s", key, text.substr(0, 40), least.count(),
                           most.count() / 1000));
  into = *parsed;
  return {};
}

} // namespace

const char* to_string(drill_kind x) noexcept {
  switch (x) {
  case drill_kind::kill_actor: return "kill-actor";
  case drill_kind::hang_actor: return "hang-actor";
  case drill_kind::kill_node: return "kill-node";
  case drill_kind::stop_node: return "stop-node";
  case drill_kind::cut_link: return "cut-link";
  }
  return "?";
}

std::string drill_plan::title() const {
  return fmt::format("{} {}{}{}", to_string(kind), target, peer.empty() ? "" : " ", peer);
}

result<drill_plan> read_drill(const nlohmann::json& body) {
  drill_plan x;
  const auto word = text_in(body, "kind");
  std::optional<drill_kind> kind;
  std::string words;
  for (const auto k : all_kinds) {
    words += (words.empty() ? "" : ", ") + std::string{to_string(k)};
    if (word == to_string(k))
      kind = k;
  }
  if (!kind)
    return bad(fmt::format("there is no drill '{}'; there are {}", word.substr(0, 40), words));
  x.kind = *kind;
  x.target = text_in(body, "target");
  x.peer = text_in(body, "peer");
  if (x.target.empty())
    return bad(fmt::format("{} of what? Name {}", word, x.of_actor() ? "an actor" : "a node"));
  if ((x.kind == drill_kind::cut_link) == x.peer.empty())
    return bad(x.peer.empty() ? "cut-link wants two nodes: the ends of the link" : fmt::format("{} wants one name, not '{}' too", word, x.peer));
  if (x.peer == x.target)
    return bad(fmt::format("{} has no link to itself", x.target));
  if (x.kind == drill_kind::kill_node)
    x.settle = milliseconds{60'000}; // its service manager starts it again
  if (auto ok = read_time(body, "for", drill_plan::shortest, drill_plan::longest, x.length); !ok)
    return ok.why();
  if (!text_in(body, "for").empty() && !x.lasts())
    return bad(fmt::format("{} is over at once; --for is for stop-node and cut-link", word));
  if (auto ok = read_time(body, "limit", milliseconds{1}, milliseconds{600'000}, x.limit); !ok)
    return ok.why();
  if (auto ok = read_time(body, "settle", milliseconds{1000}, milliseconds{600'000}, x.settle); !ok)
    return ok.why();
  x.even_so = body.value("even_so", false);
  if (!x.lasts())
    x.length = milliseconds{0};
  return x;
}

milliseconds drill_limit(const drill_plan& plan, std::string_view pace) {
  if (plan.limit.count() > 0)
    return plan.limit;
  if (plan.kind == drill_kind::kill_actor || plan.kind == drill_kind::kill_node)
    return after_a_kill;
  if (pace == "critical")
    return milliseconds{90};
  if (pace == "fast")
    return milliseconds{200};
  if (pace == "normal")
    return milliseconds{450};
  if (pace == "slow")
    return milliseconds{2600};
  return after_a_hang;
}

} // namespace troupe::daemon
