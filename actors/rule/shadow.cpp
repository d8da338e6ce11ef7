#include "actors/rule/shadow.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::rule {

const char* to_string(shadow::standing x) noexcept {
  switch (x) {
  case shadow::standing::unheard: return "unheard";
  case shadow::standing::settles: return "settles";
  case shadow::standing::agrees: return "agrees";
  case shadow::standing::differs: return "differs";
  }
  return "?";
}

nlohmann::json to_json(const shadow& x, mono_ns now) {
  nlohmann::json out{{"is", to_string(x.is(now))}, {"acting", x.acting_node()}, {"runs", x.content().last().number}};
  auto& differs = out["differences"] = nlohmann::json::array();
  for (const auto& d : x.told())
    differs.push_back({{"what", d.what}, {"acting", d.acting}, {"shadow", d.shadow}, {"since", d.since_wall}});
  auto& held = out["would_hold"] = nlohmann::json::object();
  for (const auto& [output, w] : x.content().memory().wishes)
    held[output] = to_string(w.val);
  auto& variables = out["state"] = nlohmann::json::object();
  for (const auto& [name, val] : x.content().memory().variables)
    variables[name] = to_string(val);
  return out;
}

shadow::shadow(rule_config config, memory_origin origin, milliseconds settle)
  : config_(std::move(config)), origin_(std::move(origin)), settle_(settle), compared_(settle) {}

result<std::unique_ptr<shadow>> shadow::make(rule_config config, memory_origin origin, milliseconds settle) {
  std::unique_ptr<shadow> made{new shadow(std::move(config), std::move(origin), settle)};
  auto inside = engine::make(made->config_);
  if (!inside)
    return inside.why();
  made->engine_ = std::move(*inside);
  return made;
}

void shadow::begin(rule_memory memory, const moment& now, const house_view& house) {
  auto fresh = engine::make(config_);
  if (!fresh)
    return; // it could be made before
  engine_ = std::move(*fresh);
  (void)engine_->probe(now, house); // so that its first run knows its inputs
  engine_->restore(std::move(memory));
  compared_.begin_anew();
  begun_ = true;
  own_ = lost_track_ = failed_ = missed_input_ = false;
  begun_at_ = now.mono;
  retry_at_.reset();
}

void shadow::go_on(rule_memory memory, std::uint64_t round, const moment& now, const house_view& house) {
  begin(std::move(memory), now, house);
  round_ = round;
  own_ = lost_track_ = true;
  heard_at_ = 0;
}

comparison::news shadow::hear(const acting& x, const moment& now, const house_view& house) {
  if (x.memory.is_object()) {
    memory_ = x.memory;
    left_at_ = now.mono - to_ns(std::max(x.age, milliseconds{0}));
  }
  heard_at_ = now.mono;
  node_ = x.node;
  auto theirs = memory_from_json(memory_, now, origin_, milliseconds{(now.mono - left_at_) / 1'000'000});
  if (!theirs) {
    begun_ = false; // nothing to begin with
    return {};
  }
  const bool tired = !compared_.told().empty() && now.mono - begun_at_ >= to_ns(patience_);
  if (tired)
    patience_ = std::min(patience_ * 2, begin_again_at_most);
  else if (compared_.told().empty() && now.mono - begun_at_ >= to_ns(begin_again_at_most))
    patience_ = begin_again;
  const auto their_text = memory_.value("text", "");
  // Another text wants something else of course: then only that is said.
  auto wishes = their_text == origin_.text ? theirs->wishes : engine_->memory().wishes;
  if (!begun_ || x.round != round_ || lost_track_ || tired) {
    round_ = x.round;
    begin(std::move(*theirs), now, house);
  }
  return compared_.look(wishes, now, {{"text", {their_text, origin_.text}},
                                            {"run", {x.fails ? "fails" : "ok", !failed_ ? "ok" : x.fails ? "fails" : error_}}});
}

bool shadow::run(const moment& now, const house_view& house) {
  if (!begun_)
    return false;
  retry_at_.reset();
  const auto done = engine_->run_now(now, house);
  // Its actions and lines go nowhere.
  failed_ = !done.ok;
  error_ = failed_ ? engine_->last().error : std::string{};
  if (failed_)
    retry_at_ = now.mono + to_ns(retry_failed);
  const bool misses = misses_an_input();
  // Not at its beginning: what is missing then the same memory will not bring.
  if ((!done.passed_over.empty() && engine_->last().number > 1) || (missed_input_ && !misses))
    lost_track_ = true;
  missed_input_ = misses;
  compared_.note(engine_->memory().wishes, now.mono);
  return engine_->pending() && !failed_;
}

std::optional<mono_ns> shadow::next_due() const {
  if (!begun_)
    return {};
  if (engine_->last().number == 0)
    return begun_at_;
  auto next = engine_->next_due();
  if (retry_at_ && (!next || *retry_at_ < *next))
    next = retry_at_;
  return next;
}

bool shadow::misses_an_input() const {
  return std::any_of(engine_->inputs().begin(), engine_->inputs().end(),
                     [](const auto& x) { return x.second.known && x.second.now.why == reason::node_lost; });
}

shadow::standing shadow::is(mono_ns now) const {
  if (heard_at_ == 0 || now - heard_at_ > to_ns(heard_within))
    return standing::unheard;
  if (!compared_.told().empty())
    return standing::differs;
  const bool settled = begun_ && now - begun_at_ >= to_ns(settle_) && compared_.judged() > 0;
  return settled && !lost_track_ ? standing::agrees : standing::settles;
}

std::string shadow::hints() const {
  std::vector<std::string> all;
  for (const auto& [name, in] : engine_->inputs()) {
    if (!in.known)
      all.push_back(fmt::format("{} is not known here", name));
    else if (in.now.grade == quality::bad)
      all.push_back(fmt::format("{} is bad here, {}", name, to_string(in.now.why)));
    if (std::find(config_.outputs.begin(), config_.outputs.end(), name) != config_.outputs.end())
      all.push_back(fmt::format("the rule reads {} that it sets", name));
  }
  const auto asks = [&](const char* call) {
    return std::any_of(engine_->last().questions.begin(), engine_->last().questions.end(),
                       [&](const asked& x) { return x.call == call; });
  };
  if (config_.lua.find("now(") != config_.lua.npos)
    all.push_back("the rule asks for the time of day");
  if (asks("age"))
    all.push_back("the rule asks for the age of a value");
  if (config_.lua.find("math.random") != config_.lua.npos)
    all.push_back("the rule draws random numbers");
  if (all.size() > 4)
    all.resize(4);
  return fmt::format("{}", fmt::join(all, "; "));
}

const rule_memory* shadow::trusted_memory(std::uint64_t round) const {
  const bool agreed = compared_.agrees() && compared_.told().empty() && !lost_track_;
  return begun_ && round_ >= round && (own_ || agreed) ? &engine_->memory() : nullptr;
}

} // namespace troupe::rule
