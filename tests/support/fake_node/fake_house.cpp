#include "tests/support/fake_node/fake_house.hpp"

#include "tests/support/fake_node/scenery.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::test {

namespace {

error unknown(const std::string& name) {
  return {errc::not_found, fmt::format("no channel, counter or rule is called '{}'; `troupe list` "
                                       "shows all",
                                       name)};
}

std::string text_of(const json& value) {
  if (value.is_boolean())
    return value.get<bool>() ? "on" : "off";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

json commanded(const json& reading, const std::string& text = "") {
  return {{"name", reading["name"]},
          {"accepted", true},
          {"text", text},
          {"effective", reading["value"]},
          {"effective_text", reading["text"]}};
}

} // namespace

fake_house::fake_house(std::string name)
  : name_(std::move(name)), readings_(scenery::readings()), members_(scenery::members()) {
  for (auto& actor : scenery::actors())
    states_[actor.value("name", "")] = actor.value("state", "");
}

json fake_house::status() {
  auto result = scenery::status();
  result["node"] = name_;
  return result;
}

json fake_house::tree() {
  return scenery::tree();
}

json fake_house::ps() {
  auto result = scenery::actors();
  std::lock_guard lock{mutex_};
  for (auto& row : result)
    row["state"] = states_[row.value("name", "")];
  return result;
}

json* fake_house::find(const std::string& name) {
  auto i = readings_.find(name);
  return i == readings_.end() ? nullptr : &i->second;
}

result<json> fake_house::get(const std::string& name) {
  std::lock_guard lock{mutex_};
  if (auto* x = find(name))
    return *x;
  return unknown(name);
}

json fake_house::list(const std::string& prefix) {
  std::lock_guard lock{mutex_};
  auto result = json::array();
  for (auto& [name, x] : readings_)
    if (name.rfind(prefix, 0) == 0)
      result.push_back(x);
  return result;
}

result<json> fake_house::why(const std::string& name) {
  std::lock_guard lock{mutex_};
  if (!find(name))
    return unknown(name);
  return scenery::why(name);
}

result<json> fake_house::log(const json& query) {
  auto result = json::array();
  for (auto& e : scenery::journal())
    if (query.value("subject", "").empty() || e["subject"] == query["subject"])
      if (query.value("kind", "").empty() || e["kind"] == query["kind"])
        result.push_back(e);
  const auto newest = query.value("newest", std::size_t{100});
  if (result.size() > newest)
    result.erase(result.begin(), result.end() - static_cast<std::ptrdiff_t>(newest));
  return result;
}

json fake_house::buses() {
  return scenery::buses();
}

result<json> fake_house::post_mortems(const std::string& actor) {
  if (!states_.count(actor))
    return error{errc::not_found, fmt::format("no actor is called '{}'", actor)};
  return scenery::post_mortems(actor);
}

result<json> fake_house::actor(const std::string& name) {
  std::lock_guard lock{mutex_};
  if (!states_.count(name))
    return error{errc::not_found, fmt::format("no actor is called '{}'", name)};
  return json{{"name", name}, {"state", states_[name]}, {"inside", json::object()}};
}

void fake_house::note(const caller& who, const json& body) {
  last_caller_ = who;
  last_body_ = body;
}

void fake_house::publish(const std::string& name) {
  json now;
  {
    std::lock_guard lock{mutex_};
    now = readings_.at(name);
  }
  tell("watch", name, "reading", now);
}

result<json> fake_house::set(const caller& who, const std::string& name, const json& body) {
  json answer;
  {
    std::lock_guard lock{mutex_};
    note(who, body);
    auto* x = find(name);
    if (!x)
      return unknown(name);
    if ((*x)["kind"] != "output")
      return error{errc::invalid_argument,
                   fmt::format("'{}' is an {}; only outputs are set. `troupe force` replaces what "
                               "an input says",
                               name, (*x)["kind"].get<std::string>())};
    if (name == "garden/valve")
      return error{errc::interlocked, "'garden/valve' may not be on while 'kitchen/leak' is on"};
    const auto source = "operator/" + who.name;
    json slot = {{"priority", body.value("priority", 8)},
                 {"source", source},
                 {"value", body["value"]},
                 {"text", text_of(body["value"])},
                 {"story", json::array()}};
    slot["lease_left_s"] = body.contains("for") ? json(600) : json(nullptr);
    (*x)["slots"].insert((*x)["slots"].begin(), slot);
    (*x)["value"] = body["value"];
    (*x)["text"] = text_of(body["value"]);
    (*x)["winner"] = source;
    (*x)["age_s"] = 0.0;
    answer = commanded(*x, source + " leads");
  }
  publish(name);
  return answer;
}

result<json> fake_house::pulse(const caller& who, const std::string& name, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  auto* x = find(name);
  if (!x)
    return unknown(name);
  if ((*x)["kind"] != "output")
    return error{errc::invalid_argument, fmt::format("'{}' is an {}; only outputs are pulsed", name, (*x)["kind"].get<std::string>())};
  if (name == "garden/valve")
    return error{errc::interlocked, "'garden/valve' may not be on while 'kitchen/leak' is on"};
  auto answer = commanded(*x, "a pulse of 500 ms");
  answer["effective"] = true;
  answer["effective_text"] = "on";
  return answer;
}

result<json> fake_house::release(const caller& who, const std::string& name, const json& body) {
  json answer;
  {
    std::lock_guard lock{mutex_};
    note(who, body);
    auto* x = find(name);
    if (!x)
      return unknown(name);
    auto kept = json::array();
    for (auto& slot : (*x)["slots"])
      if (slot["source"] != "operator/" + who.name)
        kept.push_back(slot);
    (*x)["slots"] = kept;
    answer = commanded(*x);
  }
  publish(name);
  return answer;
}

result<json> fake_house::force(const caller& who, const std::string& name, const json& body) {
  json answer;
  {
    std::lock_guard lock{mutex_};
    note(who, body);
    auto* x = find(name);
    if (!x)
      return unknown(name);
    const bool off = body.value("off", false);
    (*x)["quality"] = off ? "good" : "uncertain";
    (*x)["reason"] = off ? "none" : "forced";
    if (!off) {
      (*x)["value"] = body["value"];
      (*x)["text"] = text_of(body["value"]);
    }
    (*x)["age_s"] = 0.0;
    answer = commanded(*x);
  }
  publish(name);
  return answer;
}

result<json> fake_house::count(const caller& who, const std::string& name, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  auto* x = find(name);
  if (!x)
    return unknown(name);
  (*x)["value"] = body["total"];
  (*x)["text"] = text_of(body["total"]);
  return commanded(*x);
}

result<json> fake_house::act(const caller& who, const std::string& actor,
                             const std::string& verb) {
  static const std::map<std::string, std::string> after = {{"kill", "running"},
                                                           {"restart", "running"},
                                                           {"quarantine", "quarantined"},
                                                           {"unquarantine", "running"},
                                                           {"hang", "hung"}};
  std::lock_guard lock{mutex_};
  note(who, {{"actor", actor}, {"verb", verb}});
  if (!after.count(verb))
    return error{errc::invalid_argument,
                 fmt::format("no verb '{}'; use kill, restart, quarantine, unquarantine or hang", verb)};
  if (!states_.count(actor))
    return error{errc::not_found, fmt::format("no actor is called '{}'; `troupe ps` shows all",
                                              actor)};
  states_[actor] = after.at(verb);
  return json{{"name", actor}, {"done", verb}, {"text", after.at(verb)}};
}

result<json> fake_house::set_fault(const caller& who, const std::string& bus, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  if (bus != "sim")
    return error{errc::not_found, fmt::format("no bus is called '{}'; there are: gpio, sim", bus)};
  return json{{"bus", bus}, {"fault", body["fault"]}, {"active", body["active"]}};
}

result<json> fake_house::add(const caller& who, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  const auto name = body.value("name", "");
  if (find(name) && !body.value("replace", false))
    return error{errc::conflict, fmt::format("'{}' exists and differs; `troupe replace` changes it",
                                             name)};
  const char* action = find(name) ? "change" : "add";
  return json{{"revision", 8},
              {"plan", json::array({{{"action", action},
                                     {"section", body["section"]},
                                     {"name", name},
                                     {"keys", json::array()},
                                     {"restarts", false},
                                     {"text", ""}}})},
              {"applied", true}};
}

result<json> fake_house::remove(const caller& who, const std::string& section,
                                const std::string& name) {
  std::lock_guard lock{mutex_};
  note(who, {{"section", section}, {"name", name}});
  if (!find(name))
    return unknown(name);
  readings_.erase(name);
  return json{{"revision", 8},
              {"plan", json::array({{{"action", "remove"}, {"section", section}, {"name", name}}})},
              {"applied", true}};
}

result<json> fake_house::apply(const caller& who, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  const auto toml = body.value("toml", "");
  if (toml.find("nothing") != std::string::npos)
    return json{{"plan", json::array()}, {"applied", false}};
  if (toml.find("broken") != std::string::npos)
    return error{errc::invalid_argument,
                 "line 3  channel 'hall/lamp': unknown key 'directon'. Did you mean 'direction'?"};
  const bool dry = body.value("dry_run", false);
  return json{{"plan", scenery::plan(body.value("prune", false))},
              {"applied", !dry},
              {"revision", dry ? 7 : 8}};
}

fake_house::exported fake_house::export_toml() {
  return {scenery::toml(), {}};
}

json fake_house::history(std::size_t newest) {
  auto result = scenery::history();
  if (result.size() > newest)
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(newest), result.end());
  return result;
}

result<json> fake_house::rollback(const caller& who, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  if (body.value("revision", 0) > 7)
    return error{errc::not_found, "no revision 8 is kept; `troupe history` shows those that are"};
  const bool dry = body.value("dry_run", false);
  return json{{"plan", scenery::plan(true)}, {"applied", !dry}, {"revision", dry ? 7 : 8}};
}

// A store of one document, the same at every fake house; its backup has two blocks.
json fake_house::store() {
  return {{"node", name_}, {"stream", "5f1d-1-0001"}, {"entries", 1}, {"pending", 0}, {"events", 12}, {"event_bytes", 3400},
          {"bytes_per_day", 120000}, {"budget_per_day", 100000000}, {"archive", false}, {"degraded", false},
          {"digest", "00000000000000aa"}, {"seen", "00000000000000bb"}, {"streams", 1},
          {"sums", std::vector<std::string>(64, "0000000000000000")}};
}

result<json> fake_house::store_vector() { return json{{"node", name_}, {"seen", {{"5f1d-1-0001", 1}}}}; }

result<json> fake_house::store_rows(std::uint64_t bucket) {
  if (bucket >= 64)
    return error{errc::invalid_argument, "they are 0 to 63"};
  return json::array();
}

result<json> fake_house::store_entry(const std::string& kind, const std::string& key) {
  return json{{"kind", kind}, {"key", key}, {"value", nullptr}, {"slots", json::array()}};
}

result<json> fake_house::begin_backup(const caller& who) {
  std::lock_guard lock{mutex_};
  note(who, {});
  return json{{"id", "1"}, {"node", name_}, {"slots", 1}, {"events", 0}};
}

result<std::string> fake_house::backup_block(const caller&, const std::string& id, std::uint64_t number) {
  if (id != "1")
    return error{errc::not_found, "no such backup"};
  return number < 2 ? std::string("block\0", 6) : std::string{};
}

json fake_house::members() {
  std::lock_guard lock{mutex_};
  auto result = members_;
  result["node"] = name_;
  return result;
}

json fake_house::replicas() { return scenery::replicas(); }

result<json> fake_house::member_act(const caller& who, const std::string& name,
                                    const std::string& verb) {
  static const std::map<std::string, std::string> after = {
    {"approve", "alive"}, {"remove", "removed"}, {"leave", "left"}, {"drain", ""}, {"undrain", ""}};
  std::lock_guard lock{mutex_};
  note(who, {{"member", name}, {"verb", verb}});
  if (!after.count(verb))
    return error{errc::invalid_argument,
                 fmt::format("no verb '{}'; use approve, remove, drain, undrain or leave", verb)};
  for (auto& row : members_["members"]) {
    if (row["name"] != name)
      continue;
    if (verb == "approve" && row["standing"] != "waiting")
      return error{errc::conflict, fmt::format("'{}' does not wait to be approved", name)};
    if (!after.at(verb).empty())
      row["standing"] = after.at(verb);
    else
      row["draining"] = verb == "drain";
    return json{{"name", name}, {"done", verb}, {"text", verb}};
  }
  return error{errc::not_found,
               fmt::format("no node is called '{}'; `troupe members` lists all", name)};
}

result<json> fake_house::token(const caller& who, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  return json{{"token", "fake-token"}, {"name", body["name"]}, {"role", body.value("role", "node")}};
}

result<json> fake_house::enrol(const json& body) {
  std::lock_guard lock{mutex_};
  last_body_ = body;
  if (body.value("token", "") != "fake-token")
    return error{errc::untrusted, "that token is unknown or used; ask for a new one with `troupe token`"};
  return json{{"certificate", "fake certificate"}, {"authorities", "fake authorities"}};
}

result<json> fake_house::reload(const caller& who) {
  std::function<troupe::status()> what;
  {
    std::lock_guard lock{mutex_};
    note(who, json::object());
    what = reload_;
  }
  if (what)
    if (auto done = what(); !done)
      return done.why();
  return json{{"reloaded", true}, {"text", "certificate, CAs and revocations are read anew"}};
}

result<std::shared_ptr<control::event_queue>>
fake_house::open_stream(const caller& who, const std::string& what, const json& body) {
  std::lock_guard lock{mutex_};
  note(who, body);
  const auto actor = body.value("actor", "");
  if (what == "tap" && !states_.count(actor))
    return error{errc::not_found, fmt::format("no actor is called '{}'; `troupe ps` shows all",
                                              actor)};
  auto queue = std::make_shared<control::event_queue>();
  const auto filter = what == "tap" ? actor : body.value("prefix", body.value("subject", ""));
  if (what == "watch")
    for (auto& [name, x] : readings_)
      if (name.rfind(filter, 0) == 0)
        queue->push("reading", x);
  readers_.push_back({what, filter, queue});
  return queue;
}

void fake_house::tell(const std::string& what, const std::string& name, const std::string& kind,
                      const json& data) {
  std::vector<std::shared_ptr<control::event_queue>> whom;
  {
    std::lock_guard lock{mutex_};
    std::erase_if(readers_, [](auto& r) { return r.queue->reader_left_at() != 0; });
    for (auto& r : readers_)
      if (r.what == what && name.rfind(r.filter, 0) == 0)
        whom.push_back(r.queue);
  }
  for (auto& queue : whom)
    queue->push(kind, data);
}

void fake_house::tick() {
  std::string name;
  {
    std::lock_guard lock{mutex_};
    ++ticks_;
    for (auto& [n, x] : readings_)
      x["age_s"] = x["age_s"].get<double>() + 1;
    name = ticks_ % 3 == 0 ? "water/main" : ticks_ % 3 == 1 ? "living/temp" : "hall/motion";
    if (find(name) == nullptr)
      return; // somebody removed it
    auto& x = readings_[name];
    if (name == "hall/motion")
      x["value"] = !x["value"].get<bool>();
    else
      x["value"] = std::round((x["value"].get<double>() + (ticks_ % 2 ? 0.1 : 0.001)) * 1000) / 1000;
    x["text"] = text_of(x["value"]);
    x["age_s"] = 0.0;
    x["changes"] = x["changes"].get<int>() + 1;
    x["changed_wall"] = system_clocks().wall();
  }
  publish(name);
  tell("tap", "hall/lamp", "message",
       {{"at", system_clocks().wall()},
        {"actor", "hall/lamp"},
        {"message", fmt::format("renewal(hall/lamp, rule/hall-light) #{}", ticks_)}});
}

void fake_house::shutdown(const caller& who) {
  std::lock_guard lock{mutex_};
  note(who, json::object());
  stopped_ = true;
}

std::size_t fake_house::readers() const {
  std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(
    std::count_if(readers_.begin(), readers_.end(),
                  [](auto& r) { return r.queue->reader_left_at() == 0; }));
}

bool fake_house::stopped() const {
  std::lock_guard lock{mutex_};
  return stopped_;
}

caller fake_house::last_caller() const {
  std::lock_guard lock{mutex_};
  return last_caller_;
}

json fake_house::last_body() const {
  std::lock_guard lock{mutex_};
  return last_body_;
}

} // namespace troupe::test
