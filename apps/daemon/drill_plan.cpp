#include "apps/daemon/drill_plan.hpp"

#include "apps/daemon/json.hpp"
#include "cluster/ownership/timing.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

using bounds = drill_bounds;

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
    return bad(fmt::format("--{} is '{}'; write how long as 500ms, 5s or 1m, from {} ms to {} s", key, text.substr(0, 40), least.count(),
                           most.count() / 1000));
  into = *parsed;
  return {};
}

/// What a kind does not take is no mistake that may pass: somebody believes it was drilled.
status check_takes(const nlohmann::json& body, const drill_trait& of) {
  struct option {
    const char *key, *why;
    bool taken;
    bool (*takes)(const drill_trait&);
  };
  const option all[] = {
    {"for", "is over at once", of.lasts, [](const auto& x) { return x.lasts; }},
    {"delay", "delays nothing", of.delay.count() > 0, [](const auto& x) { return x.delay.count() > 0; }},
    {"loss", "loses nothing", of.loses, [](const auto& x) { return x.loses; }},
    {"by", "shifts nothing", of.shifts, [](const auto& x) { return x.shifts; }},
  };
  for (const auto& x : all)
    if (!x.taken && body.contains(x.key) && body[x.key] != "")
      return bad(fmt::format("{} {}; --{} is for {}", of.word, x.why, x.key, drill_words(x.takes)));
  return {};
}

status read_shift(const nlohmann::json& body, milliseconds& into) {
  const auto text = text_in(body, "by");
  const auto by = parse_shift(text.empty() ? "1h" : text);
  if (!by || *by < -bounds::most_behind || *by > bounds::most_ahead || (*by < bounds::least_shift && *by > -bounds::least_shift))
    return bad(fmt::format("--by is '{}'; write 1m to 1h, or -1m to -1d", text.substr(0, 40)));
  into = *by;
  return {};
}

status read_loss(const nlohmann::json& body, double& into) {
  const auto x = body.value("loss", nlohmann::json(0));
  if (!x.is_number() || x.get<double>() < 0 || x.get<double>() > bounds::most_loss)
    return bad(fmt::format("--loss is {}; write percent, 0 to {:.0f}", x.dump(), bounds::most_loss));
  into = x.get<double>();
  return {};
}

} // namespace

std::string drill_plan::title() const {
  return fmt::format("{} {}{}{}", to_string(kind), target, peer.empty() ? "" : " ", peer);
}

result<drill_plan> read_drill(const nlohmann::json& body) {
  drill_plan x;
  const auto word = text_in(body, "kind");
  const auto* of = find_drill(word);
  if (of == nullptr)
    return bad(fmt::format("there is no drill '{}'; there are {}", word.substr(0, 40), drill_words([](const auto&) { return true; })));
  x.kind = of->kind;
  x.target = text_in(body, "target");
  x.peer = text_in(body, "peer");
  if (x.target.empty())
    return bad(fmt::format("{} of what? Name {}", word, x.of_actor() ? "an actor" : "a node"));
  if (x.of_link() == x.peer.empty())
    return bad(x.peer.empty() ? fmt::format("{} wants two nodes: the ends of the link", word)
                              : fmt::format("{} wants one name, not '{}' too", word, x.peer));
  if (x.peer == x.target)
    return bad(fmt::format("{} has no link to itself", x.target));
  x.settle = of->settle;
  x.delay = of->delay;
  for (auto ok : {check_takes(body, *of), read_time(body, "for", bounds::shortest, bounds::longest, x.length),
                  read_time(body, "limit", bounds::least_limit, bounds::most_limit, x.limit),
                  read_time(body, "settle", bounds::least_settle, bounds::most_settle, x.settle),
                  read_time(body, "delay", bounds::least_delay, bounds::most_delay, x.delay),
                  of->loses ? read_loss(body, x.loss) : status{}, of->shifts ? read_shift(body, x.by) : status{}})
    if (!ok)
      return ok.why();
  x.even_so = truth_in(body, "even_so", false);
  if (!of->lasts)
    x.length = milliseconds{0};
  return x;
}

nlohmann::json order_of(const drill_config& x) {
  const auto& of = trait_of(x.kind);
  nlohmann::json body{{"kind", of.word}, {"target", x.target}, {"even_so", x.even_so}};
  const auto add = [&](const char* key, milliseconds time) {
    if (time.count() > 0)
      body[key] = to_text(time);
  };
  if (of.of == drill_target::link)
    body["peer"] = x.peer;
  if (of.lasts)
    add("for", x.length);
  add("limit", x.limit);
  add("settle", x.settle);
  if (of.delay.count() > 0)
    add("delay", x.delay);
  if (of.loses)
    body["loss"] = x.loss;
  if (of.shifts && !x.by.empty())
    body["by"] = x.by;
  return body;
}

milliseconds drill_limit(const drill_plan& plan, std::string_view pace) {
  if (plan.limit.count() > 0)
    return plan.limit;
  if (plan.kind == drill_kind::kill_actor || plan.ends_node())
    return after_a_kill;
  // An output believes a silent controller for its lease; then all is as after a kill.
  const auto of = cluster::timing::named(pace);
  return of ? of->lease + after_a_kill : after_a_hang;
}

} // namespace troupe::daemon
