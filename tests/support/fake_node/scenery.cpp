#include "tests/support/fake_node/scenery.hpp"

namespace troupe::test::scenery {

namespace {

constexpr std::int64_t evening = 1'795'201'463'000; // 2026-11-20 20:24:23 UTC

json reading(std::string name, json value, std::string text, std::string unit,
             std::string kind, double age_s, std::string label = "") {
  return {{"name", name},       {"value", value},  {"text", text},
          {"unit", unit},       {"quality", "good"}, {"reason", "none"},
          {"age_s", age_s},     {"changed_wall", evening}, {"changes", 17},
          {"missed_at_most", 0}, {"gaps", 0},      {"label", label},
          {"kind", kind}};
}

json with(json x, std::initializer_list<std::pair<std::string, json>> more) {
  for (auto& [key, value] : more)
    x[key] = value;
  return x;
}

json slot(int priority, std::string source, bool on, json lease, json first) {
  return {{"priority", priority}, {"source", source},
          {"value", on},          {"text", on ? "on" : "off"},
          {"lease_left_s", lease}, {"story", json::array({first})}};
}

json step(const char* kind, const std::string& who, const char* text, int ms) {
  return {{"kind", kind}, {"name", who}, {"text", text}, {"at", evening + ms}};
}

json node_of(std::string name, std::string type, std::string state, double uptime_s,
             json children = json::array(), int crashes = 0, std::string trouble = "") {
  return {{"name", name},         {"type", type},     {"state", state},
          {"incarnation", 1 + crashes}, {"crashes", crashes}, {"uptime_s", uptime_s},
          {"trouble", trouble},    {"children", children}};
}

} // namespace

json status() {
  return {{"node", "attic"},
          {"version", "0.1.0"},
          {"uptime_s", 273'914.2},
          {"pid", 812},
          {"started_wall", evening - 273'914'200},
          {"actors", {{"running", 21}, {"waiting", 1}, {"quarantined", 1}, {"hung", 0}}},
          {"channels", {{"good", 11}, {"uncertain", 2}, {"bad", 1}}},
          {"store",
           {{"entries", 412},
            {"pending", 0},
            {"stream", "attic/41/9f3c"},
            {"bytes_per_day", 3'421'000},
            {"budget_per_day", 104'857'600},
            {"last_commit_us", 1840},
            {"degraded", false},
            {"degraded_why", ""}}},
          {"memory_bytes", 24'117'248},
          {"alarms",
           json::array({{{"at", evening - 725'000},
                         {"subject", "rule/night-setback"},
                         {"text", "quarantined after 5 crashes in 12 s: line 7: attempt to "
                                  "compare nil with number"}},
                        {{"at", evening - 3'661'000},
                         {"subject", "garden/temp"},
                         {"text", "1-wire bus lost; 12 tries to reopen it failed"}}})}};
}

json tree() {
  const double up = 273'914;
  return node_of(
    "attic", "supervisor", "running", up,
    json::array(
      {node_of("store", "store", "running", up),
       node_of("buses", "supervisor", "running", up,
               json::array({node_of("bus/gpio", "bus", "running", up),
                            node_of("bus/sim", "bus", "waiting", 0, json::array(), 12,
                                    "device_lost: sim: unplugged; next try in 4 s")})),
       node_of("channels", "supervisor", "running", up,
               json::array({node_of("boiler/flow-temp", "channel", "running", up),
                            node_of("boiler/pump", "channel", "running", up),
                            node_of("hall/button", "channel", "running", up),
                            node_of("hall/lamp", "channel", "running", 192, json::array(), 3)})),
       node_of("rules", "supervisor", "running", up,
               json::array({node_of("rule/hall-light", "rule", "running", up),
                            node_of("rule/night-setback", "rule", "quarantined", 0, json::array(),
                                    5,
                                    "script_error: line 7: attempt to compare nil with number; "
                                    "next try in 3 min")}))}));
}

json actors() {
  auto row = [](const char* name, const char* type, const char* parent, const char* state,
                int crashes, std::uint64_t handled, int age_us, int longest_us, double uptime) {
    return json{{"name", name},           {"type", type},
                {"parent", parent},       {"state", state},
                {"detached", std::string_view{type} == "bus"}, {"incarnation", 1 + crashes},
                {"crashes", crashes},     {"handled", handled},
                {"mailbox_age_us", age_us}, {"longest_us", longest_us},
                {"uptime_s", uptime}};
  };
  return json::array(
    {row("boiler/flow-temp", "channel", "channels", "running", 0, 273'912, 3, 412, 273'914),
     row("boiler/pump", "channel", "channels", "running", 0, 5'113, 2, 380, 273'914),
     row("bus/gpio", "bus", "buses", "running", 0, 1'204'331, 8, 2'210, 273'914),
     row("bus/sim", "bus", "buses", "waiting", 12, 88'120, 0, 1'004'000, 0),
     row("hall/button", "channel", "channels", "running", 0, 1'288, 2, 95, 273'914),
     row("hall/lamp", "channel", "channels", "running", 3, 1'312, 4, 510, 192),
     row("rule/hall-light", "rule", "rules", "running", 0, 2'576, 5, 1'820, 273'914),
     row("rule/night-setback", "rule", "rules", "quarantined", 5, 5, 0, 300, 0),
     row("store", "store", "attic", "running", 0, 611'020, 12, 8'400, 273'914)});
}

std::map<std::string, json> readings() {
  std::map<std::string, json> result;
  for (auto& x : std::vector<json>{
         reading("boiler/flow-temp", 54.5, "54.5", "°C", "input", 0.4, "flow temperature"),
         with(reading("boiler/pump", true, "on", "", "output", 5025, "heating pump"),
              {{"slots", json::array({slot(10, "rule/heating", true, 4.2,
                                           step("input", "boiler/flow-temp", "54.4 -> 54.5", 0))})},
               {"winner", "rule/heating"},
               {"safe", true},
               {"blocked", ""}}),
         with(reading("boiler/return-temp", 41.25, "41.25", "°C", "input", 192, ""),
              {{"quality", "uncertain"}, {"reason", "stale"}}),
         with(reading("garden/temp", nullptr, "-", "°C", "input", 3661, "garden"),
              {{"quality", "bad"}, {"reason", "bus_lost"}}),
         with(reading("garden/valve", false, "off", "", "output", 86'400, "sprinkler"),
              {{"slots", json::array()}, {"winner", ""}, {"safe", false}, {"blocked", ""}}),
         reading("hall/button", false, "off", "", "input", 12.3, "button by the door"),
         with(reading("hall/lamp", true, "on", "", "output", 12.1, "lamp in the hall"),
              {{"slots", json::array({slot(8, "operator/anna", true, 492,
                                           step("operator", "anna", "set hall/lamp on for 10m", 0)),
                                      slot(10, "rule/hall-light", false, 3.6,
                                           step("input", "hall/button", "on -> off", 0))})},
               {"winner", "operator/anna"},
               {"safe", false},
               {"blocked", ""}}),
         reading("hall/motion", true, "on", "", "input", 2, ""),
         reading("kitchen/leak", false, "off", "", "input", 604'800, "leak under the sink"),
         with(reading("living/temp", 21.4, "21.4", "°C", "input", 0.9, "living room"),
              {{"reason", "simulated"}, {"quality", "uncertain"}}),
         with(reading("water/main", 1843.211, "1843.211", "m³", "counter", 31, "water meter"),
              {{"missed_at_most", 3}, {"gaps", 2}}),
         reading("power/main", 20'412.7, "20412.7", "kWh", "counter", 0.1, "electricity"),
         reading("power/main.rate", 1260.0, "1260", "W", "counter", 0.1, ""),
         reading("rule/hall-light", "ran", "ran", "", "rule", 12.1, "light in the hall")})
    result[x["name"]] = x;
  return result;
}

json why(const std::string& name) {
  if (name != "hall/lamp")
    return {{"name", name}, {"text", "off"}, {"at", evening}, {"story", json::array()},
            {"who", ""},   {"earlier", json::array()}};
  return {{"name", name},
          {"text", "on"},
          {"event", "off -> on"},
          {"at", evening + 12},
          {"who", ""},
          {"story", json::array({step("input", "hall/button", "off -> on", 0),
                                 step("rule", "rule/hall-light", "line 3: set hall/lamp on", 4),
                                 step("output", "hall/lamp", "off -> on, priority 10", 9),
                                 step("line", "gpio relay-1", "driven high", 12)})},
          {"earlier", json::array({{{"at", evening - 60'000}, {"text", "on -> off"},
                                    {"who", ""},
                                    {"story", json::array({step("timer", "rule/hall-light",
                                                                "5m over", -60'000)})}},
                                   {{"at", evening - 720'000}, {"text", "off -> on"},
                                    {"who", "anna"}, {"story", json::array()}}})}};
}

json journal() {
  auto event = [](int seq, int ago_s, const char* level, const char* kind, const char* subject,
                  const char* text, const char* who) {
    return json{{"seq", seq},         {"at", evening - ago_s * 1000LL},
                {"mono", 1},          {"boot", 41},
                {"level", level},     {"kind", kind},
                {"subject", subject}, {"text", text},
                {"story", json::array()}, {"who", who},
                {"detail", ""}};
  };
  return json::array(
    {event(101, 3661, "alarm", "alarm", "garden/temp", "1-wire bus lost", ""),
     event(102, 900, "info", "config", "hall/lamp", "lease 5 s -> 10 s", "anna"),
     event(103, 737, "warning", "restart", "rule/night-setback",
           "crashed: line 7: attempt to compare nil with number", ""),
     event(104, 725, "alarm", "quarantine", "rule/night-setback", "5 crashes in 12 s", ""),
     event(105, 12, "notice", "output", "hall/lamp", "off -> on", "")});
}

json buses() {
  return json::array(
    {{{"name", "gpio"}, {"driver", "libgpiod 1.6.3, uAPI v1, gpiochip0"}, {"trouble", ""},
      {"lines", json::array()}, {"faults", json::array()}},
     {{"name", "sim"}, {"driver", "simulated house, seed 1"},
      {"trouble", "device_lost: sim: unplugged"},
      {"lines", json::array()},
      {"faults", json::array({{{"name", "leak"}, {"line", ""}, {"active", false},
                               {"help", "water under the sink"}},
                              {{"name", "bus-hang"}, {"line", ""}, {"active", true},
                               {"help", "calls do not return"}}})}}});
}

json post_mortems(const std::string& actor) {
  if (actor != "rule/night-setback")
    return json::array();
  return json::array({{{"at", evening - 725'000},
                       {"actor", actor},
                       {"incarnation", 5},
                       {"how", "crash"},
                       {"error", "script_error: line 7: attempt to compare nil with number"},
                       {"message", "changed"},
                       {"lived_ms", 812.4},
                       {"last_messages", json::array({{{"ago_ms", 0.4}, {"message", "changed"}},
                                                      {{"ago_ms", 803.0}, {"message", "run"}}})},
                       {"state", {{"reads", json::array({"garden/temp"})}, {"runs", 5}}}}});
}

json members() {
  auto row = [](const char* name, const char* standing, int since_s, bool direct, json round_trip_us,
                const char* address, bool draining) {
    return json{{"name", name},       {"standing", standing},
                {"since", evening - since_s * 1000LL}, {"direct", direct},
                {"self", std::string_view{name} == "attic"}, {"round_trip_us", round_trip_us},
                {"addresses", json::array({address})}, {"version", "0.1.0"},
                {"draining", draining}, {"incarnation", 7}};
  };
  return {{"node", "attic"},
          {"members", json::array({row("attic", "alive", 273'914, false, nullptr, "10.0.0.5:4710", false),
                                   row("boiler", "alive", 86'400, true, 412, "10.0.0.7:4710", true),
                                   row("garage", "suspect", 2, false, nullptr, "[fd00::9]:4710", false),
                                   row("garden", "waiting", 600, false, nullptr, "10.0.0.11:4710", false)})},
          {"differences", json::array({{{"name", "garage"}, {"by", "boiler"}, {"standing", "alive"}}})}};
}

json replicas() {
  auto row = [](const char* name, bool linked, std::uint64_t entries, json behind_s, const char* trouble) {
    return json{{"name", name}, {"linked", linked}, {"equal", entries == 0}, {"entries", entries}, {"bytes", entries * 180},
                {"behind_s", std::move(behind_s)}, {"heard_s", linked ? 0.1 : 3600.0}, {"trouble", trouble},
                {"sending_all", false}, {"receiving_all", false}, {"under_way", 0}, {"staged_bytes", 0}, {"sent_bytes", 48'200},
                {"received_bytes", 39'100}, {"wholes_sent", 0}, {"repaired", 0}, {"stream", "9f86d081884c7d65-12-0badcafe"}};
  };
  return {{"node", "attic"}, {"stream", "abcc4a8112e912f5-7-fbd70718"}, {"entries", 412}, {"pending", 1}, {"bytes_per_day", 9'400'000},
          {"budget_per_day", 104'857'600}, {"archive", true}, {"digest", "5659b2729e1a3ebe"},
          {"check_points", {{"every_s", 60.0}, {"covered_by", "boiler"}, {"why", ""}, {"covers", json::array()}}},
          {"members", json::array({row("boiler", true, 0, nullptr, ""), row("garage", false, 38, 3600.0, "")})}};
}

json plan(bool prune) {
  auto result = json::array(
    {{{"action", "add"}, {"section", "channel"}, {"name", "hall/fan"},
      {"keys", json::array()}, {"restarts", false}, {"text", ""}},
     {{"action", "change"}, {"section", "channel"}, {"name", "hall/lamp"},
      {"keys", json::array({{{"key", "lease"}, {"from", "5s"}, {"to", "10s"}},
                               {{"key", "min-on"}, {"from", nullptr}, {"to", "2s"}}})},
      {"restarts", true}, {"text", ""}}});
  if (prune)
    result.push_back({{"action", "remove"}, {"section", "rule"}, {"name", "rule/old"},
                      {"keys", json::array()}, {"restarts", false},
                      {"text", "not in the file"}});
  return result;
}

json history() {
  return json::array({{{"revision", 7}, {"at", evening - 900'000}, {"who", "anna"},
                       {"text", "replaced channel hall/lamp"},
                       {"steps", json::array({"~ channel hall/lamp  lease 5s -> 10s"})}},
                      {{"revision", 6}, {"at", evening - 86'400'000}, {"who", "root"},
                       {"text", "applied house.toml"},
                       {"steps", json::array({"+ bus gpio", "+ channel hall/lamp"})}}});
}

std::string toml() {
  return "[channel.\"hall/lamp\"]\nbus = \"gpio\"\nline = \"relay-1\"\n"
         "direction = \"output\"\n";
}

} // namespace troupe::test::scenery
