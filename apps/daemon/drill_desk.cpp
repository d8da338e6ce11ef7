#include "apps/daemon/drill_desk.hpp"

#include "apps/control/access.hpp"
#include "apps/daemon/json.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

namespace {

constexpr milliseconds margin{15'000}; ///< the driver takes that long for its report
/// Past its end, and no report though its driver is there: the clock of this node may be wrong by minutes.
constexpr milliseconds never_reports{600'000};

json doubt_json(const std::vector<drill_doubt>& all) {
  auto out = json::array();
  for (const auto& x : all)
    out.push_back({{"why", x.why}, {"way_out", x.way_out}, {"forgivable", x.forgivable}});
  return out;
}

constexpr std::string_view next_doubt = "\n  - ";

std::string in_words(const std::vector<drill_doubt>& all) {
  std::string out = "no drill now:";
  for (const auto& x : all)
    out += fmt::format("{}{}. {}", next_doubt, x.why, x.way_out);
  return out;
}

error not_ready() { return {errc::unsupported, "this node starts or stops; ask again when it is ready"}; }

/// Each doubt by itself, or the text as it is.
std::vector<std::string> doubts_in(const std::string& text) {
  std::vector<std::string> out;
  for (auto at = text.find(next_doubt); at != text.npos;) {
    const auto from = at + next_doubt.size();
    at = text.find(next_doubt, from);
    out.push_back(text.substr(from, at == text.npos ? at : at - from));
  }
  return out.empty() ? std::vector{text} : out;
}

} // namespace

drill_desk::drill_desk(services& all, std::string self)
  : all_(all), self_(std::move(self)), book_(all.store),
    feed_(all.store.on_change(storage::slot_kind::map, "desired/", [changed = changed_documents_](const storage::entry&, bool) { *changed = true; })) {}

void drill_desk::open(parts with) {
  {
    std::lock_guard lock{mutex_};
    parts_ = std::move(with);
    open_ = true;
  }
  for (auto& x : book_.all()) // this process drives none yet
    if (const auto id = text_in(x, "id"); text_in(x, "state") == "running" && text_in(x, "driver") == self_)
      if (auto kept = book_.keep(id, abandoned(std::move(x))); !kept)
        spdlog::warn("drill {}: that it was abandoned cannot be kept: {}", id, kept.why().context);
}

bool drill_desk::is_open() const {
  std::lock_guard lock{mutex_};
  return open_;
}

json drill_desk::abandoned(json report) {
  report["state"] = "abandoned";
  report["why"] = {fmt::format("node {} drove it, and ended meanwhile: there is no verdict. What it broke has healed by itself", text_in(report, "driver"))};
  return report;
}

/// Its driver may live on the other side of a cut.
json drill_desk::unseen(json report) {
  report["state"] = "abandoned";
  report["why"] = {fmt::format("node {} drives it, and cannot be asked now: there is no verdict unless it comes back. What it broke ends by itself",
                               text_in(report, "driver"))};
  return report;
}

void drill_desk::close() {
  {
    std::lock_guard lock{mutex_};
    open_ = false;
    if (!running_.empty() && broken_off_by_.empty())
      broken_off_by_ = "this node stops";
  }
  changed_.notify_all();
  std::lock_guard one_at_a_time{starting_};
  if (thread_.joinable())
    thread_.join();
}

/// What nobody drives any more is not running.
json drill_desk::shown(json report) const {
  if (text_in(report, "state") != "running")
    return report;
  const auto driver = text_in(report, "driver");
  if (driver != self_) {
    const auto until = report.value("until", json());
    const bool clock_is_right = !parts_.is_broken || !parts_.is_broken();
    const bool late = !until.is_number() || (clock_is_right && all_.clocks.wall() > until.get<wall_ms>() + never_reports.count());
    return late || is_gone(driver) ? unseen(std::move(report)) : report;
  }
  std::lock_guard lock{mutex_};
  if (running_ != text_in(report, "id"))
    return abandoned(std::move(report));
  report["phase"] = phase_;
  report["phase_text"] = phase_text_;
  return report;
}

json drill_desk::list() const {
  auto all = json::array();
  if (!is_open())
    return {{"node", self_}, {"now", all_.clocks.wall()}, {"drills", all}, {"scheduled", json::array()}};
  for (auto& x : book_.all()) {
    auto y = shown(std::move(x));
    for (const auto* big : {"timeline", "counters"})
      y.erase(big);
    all.push_back(std::move(y));
  }
  const auto now = all_.clocks.wall();
  auto coming = json::array();
  const auto nodes = living();
  for (const auto& [x, written] : configured()) {
    const auto due = next_due(x, now);
    coming.push_back({{"name", x.name}, {"title", scheduled(x, 0).title()}, {"next", due ? json(*due) : json()}, {"driver", driver_of(x, nodes)}});
  }
  return {{"node", self_}, {"now", now}, {"drills", std::move(all)}, {"scheduled", std::move(coming)}};
}

result<json> drill_desk::find(const std::string& id) const {
  auto x = book_.find(id);
  if (!x)
    return error{errc::not_found, fmt::format("there is no drill '{}'; `troupe drill list` shows the newest {}", id.substr(0, 100), drill_book::most)};
  auto out = is_open() ? shown(std::move(*x)) : std::move(*x);
  out["now"] = all_.clocks.wall();
  return out;
}

bool drill_desk::is_done(const std::string& schedule, wall_ms due) const {
  const auto all = book_.all();
  return std::any_of(all.begin(), all.end(), [&](const auto& x) { return text_in(x, "schedule") == schedule && x.value("due", json()) == due; });
}

json drill_desk::head_of(const drill_plan& plan, wall_ms at) const {
  json out{{"id", plan.id}, {"title", plan.title()}, {"kind", to_string(plan.kind)}, {"target", plan.target}, {"peer", plan.peer}, {"at", at},
           {"driver", self_}, {"who", plan.who}, {"for_ms", plan.length.count()}, {"even_so", plan.even_so}};
  if (plan.trait().delay.count() > 0)
    out["delay_ms"] = plan.delay.count();
  if (plan.trait().loses)
    out["loss"] = plan.loss;
  if (plan.trait().shifts)
    out["by_ms"] = plan.by.count();
  if (!plan.schedule.empty()) {
    out["schedule"] = plan.schedule;
    out["due"] = plan.due;
  }
  return out;
}

result<json> drill_desk::start(const control::caller& who, const json& body) {
  auto plan = read_drill(body);
  if (!plan)
    return plan.why();
  plan->who = control::told(who);
  return make(std::move(*plan), who, truth_in(body, "check", false));
}

result<json> drill_desk::make(drill_plan plan, const control::caller& who, bool check_only) {
  std::lock_guard one_at_a_time{starting_};
  if (!is_open())
    return not_ready();
  if (plan.id.empty())
    plan.id = book_.name_for(all_.clocks.wall(), self_);
  auto house = look();
  if (house.running.empty() && parts_.is_broken && parts_.is_broken())
    house.running = "a fault of one lasts on " + self_;
  if (plan.of_actor()) {
    const auto known = parts_.house->actor(plan.target);
    if (known || known.why().code != errc::not_found)
      house.actors.push_back(plan.target);
  }
  const auto doubts = doubts_of(plan, house);
  const auto concerned = concerned_by(plan, house);
  milliseconds limit{0};
  json rules = json::array();
  for (const auto& x : concerned) {
    limit = std::max(limit, drill_limit(plan, x.pace));
    rules.push_back(x.name);
  }
  json out{{"title", plan.title()}, {"kind", to_string(plan.kind)}, {"driver", self_}, {"doubts", doubt_json(doubts)}, {"concerned", rules},
           {"must", plan.takes_control()}, {"limit_ms", limit.count()}, {"for_ms", plan.length.count()}};
  if (check_only)
    return out;
  if (!doubts.empty())
    return error{house.running.empty() ? errc::conflict : errc::busy, in_words(doubts)};
  if (thread_.joinable())
    thread_.join();
  auto record = head_of(plan, all_.clocks.wall());
  record.update(json{{"state", "running"}, {"concerned", rules},
                     {"until", all_.clocks.wall() + (ahead + plan.length + watch_of(plan) + plan.settle + journals_after + margin).count()}});
  {
    std::lock_guard lock{mutex_};
    running_ = plan.id;
    broken_off_by_.clear();
    phase_ = "prepare";
    phase_text_ = "sets its watch";
  }
  if (auto kept = book_.keep(plan.id, record); !kept) {
    std::lock_guard lock{mutex_};
    running_.clear();
    return kept.why();
  }
  journal(storage::severity::notice, plan.target, fmt::format("drill {} begins: {}", plan.id, plan.title()), plan.who);
  out["id"] = plan.id;
  drill_seen seen;
  seen.concerned = concerned;
  seen.wired = wired_to(plan, house);
  thread_ = std::thread{[this, plan = std::move(plan), who, seen = std::move(seen)] { drive(plan, who, seen); }};
  return out;
}

drill_plan drill_desk::scheduled(const drill_config& what, wall_ms due) const {
  auto plan = read_drill(order_of(what));
  drill_plan out = plan ? std::move(*plan) : drill_plan{};
  out.kind = what.kind;
  out.target = what.target;
  out.peer = trait_of(what.kind).of == drill_target::link ? what.peer : "";
  out.who = "drill." + what.name;
  out.schedule = what.name;
  out.due = due;
  out.id = book_.name_for(all_.clocks.wall(), self_);
  return out;
}

bool drill_desk::begin(const drill_config& what, wall_ms due) {
  const auto plan = scheduled(what, due);
  control::caller who;
  who.name = plan.who;
  // What a newer release configured, this one may not be able to order.
  const auto order = read_drill(order_of(what));
  const auto made = order ? make(plan, who, false) : result<json>{order.why()};
  if (!made && made.why().code == errc::busy)
    return false;
  if (!made)
    refuse(plan, made.why().context);
  return true;
}

void drill_desk::miss(const drill_config& what, wall_ms due) {
  refuse(scheduled(what, due), fmt::format("another drill was under way for {}; give them other times", to_text(drill_grace)));
}

void drill_desk::refuse(const drill_plan& plan, const std::string& why) {
  auto record = head_of(plan, all_.clocks.wall());
  const auto all = doubts_in(why);
  record.update(json{{"state", "refused"}, {"why", all}});
  if (auto kept = book_.keep(plan.id, record); !kept)
    spdlog::warn("drill {}: that it was not made cannot be kept: {}", plan.id, kept.why().context);
  journal(storage::severity::warning, plan.target, fmt::format("drill {} was not made: {}. {}", plan.id, plan.title(), fmt::join(all, " ")), plan.who);
}

result<json> drill_desk::abort(const control::caller& who, const std::string& id) {
  if (!is_open())
    return not_ready();
  const auto found = book_.find(id);
  if (!found)
    return find(id).why();
  const auto now = shown(*found);
  if (text_in(now, "state") == "running" && text_in(now, "driver") == self_) {
    std::lock_guard lock{mutex_};
    broken_off_by_ = control::told(who);
    changed_.notify_all();
    return json{{"id", id}, {"text", "is broken off; `troupe drill show` tells when all is healed"}};
  }
  if (text_in(now, "state") == "running" && parts_.ask) {
    auto said = parts_.ask(text_in(now, "driver"), who, "POST", "/v1/drills/" + id + "/abort", json::object());
    if (said || (said.why().code != errc::unreachable && said.why().code != errc::timed_out))
      return said;
  }
  if (text_in(now, "state") != "running" && text_in(now, "state") != "abandoned")
    return error{errc::conflict, fmt::format("drill {} is over", id)};
  // Whoever drove it is not there: the faults are ended where they are.
  drill_plan plan;
  plan.id = id;
  plan.target = text_in(now, "target");
  plan.peer = text_in(now, "peer");
  if (const auto* of = find_drill(text_in(now, "kind")))
    plan.kind = of->kind;
  (void)heal(plan, who);
  return json{{"id", id}, {"text", fmt::format("node {} drove it and is not there; what lasted is ended", text_in(now, "driver"))}};
}

void drill_desk::journal(storage::severity level, const std::string& subject, const std::string& text, const std::string& who) {
  storage::journal_event x;
  x.level = level;
  x.kind = "drill";
  x.subject = subject;
  x.text = text;
  x.who = who;
  spdlog::info("{}: {}", subject, text);
  all_.store.append(std::move(x));
}

} // namespace troupe::daemon
