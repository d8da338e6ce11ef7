// One node as a user meets it: the real programs over the real socket.

#define CAF_SUITE e2e_house

#include "tests/e2e/node/readings.hpp"
#include "tests/support/test_house.hpp"

#include <caf/test/unit_test.hpp>

#include <fmt/format.h>
#include <fstream>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string loop_house = R"(
[bus.sim]
driver = "sim"

[channel."hall/button"]
bus = "sim"
line = "in.1"
direction = "input"

[channel."hall/lamp"]
bus = "sim"
line = "out.2"
direction = "output"

[channel."hall/fan"]
bus = "sim"
line = "out.3"
direction = "output"

[channel."test/finger"]
bus = "sim"
line = "out.1"
direction = "output"

[rule."hall-light"]
outputs = ["hall/lamp"]
lua = '''
set("hall/lamp", on("hall/button"))
'''
)";

json row_of(const json& rows, const std::string& name) {
  for (const auto& row : rows)
    if (row.value("name", "") == name)
      return row;
  return {};
}

} // namespace

CAF_TEST(an edge on a pin switches an output through a rule and why tells the story) {
  test_house house{loop_house};
  house.start();
  CAF_CHECK(is(house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
  // The simulator's out.1 drives in.1, as a finger would press the button.
  CAF_CHECK_EQUAL(house.troupe({"set", "test/finger", "on"}).exit, 0);
  CAF_CHECK(is(house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "on"); }), "on"));
  const auto why = house.ask({"why", "hall/lamp"});
  const auto story = why["story"].dump();
  CAF_MESSAGE(story);
  CAF_CHECK(story.find("hall/button") != std::string::npos);
  CAF_CHECK(story.find("hall-light") != std::string::npos);
  CAF_CHECK_EQUAL(house.stop(), 0);
}

CAF_TEST(an operator stands above a rule until he lets go) {
  test_house house{loop_house};
  house.start();
  house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "off"); });
  CAF_CHECK_EQUAL(house.troupe({"set", "hall/lamp", "on", "--priority", "8"}).exit, 0);
  CAF_CHECK(is(house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "on"); }), "on"));
  CAF_CHECK_EQUAL(house.troupe({"release", "hall/lamp"}).exit, 0);
  CAF_CHECK(is(house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
}

CAF_TEST(adding changing and removing touch no other actor) {
  test_house house{loop_house};
  house.start();
  house.wait_for({"get", "hall/lamp"}, [](auto& x) { return is(x, "off"); });
  const auto before = house.ask({"ps"});
  CAF_CHECK_EQUAL(house.troupe({"add", "channel", "attic/lamp", "bus=sim", "line=out.9", "direction=output"}).exit, 0);
  CAF_CHECK(is(house.wait_for({"get", "attic/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
  CAF_CHECK_EQUAL(house.troupe({"replace", "channel", "attic/lamp", "bus=sim", "line=out.9", "direction=output", "lease=9s"}).exit, 0);
  CAF_CHECK_EQUAL(house.troupe({"remove", "channel", "attic/lamp"}).exit, 0);
  house.wait_for({"ps"}, [](auto& rows) { return row_of(rows, "attic/lamp").empty(); });
  const auto after = house.ask({"ps"});
  for (const auto& was : before) {
    const auto name = was["name"].get<std::string>();
    const auto is_now = row_of(after, name);
    CAF_MESSAGE(name);
    CAF_REQUIRE(!is_now.empty());
    CAF_CHECK_EQUAL(is_now.at("incarnation").get<int>(), was.at("incarnation").get<int>());
    CAF_CHECK(is_now["uptime_s"].get<double>() >= was["uptime_s"].get<double>());
  }
}

CAF_TEST(who adds what may not run hears why and others do not) {
  test_house house{loop_house, "drivers = [\"sim\"]\n"};
  house.start();
  const auto refused = house.troupe({"add", "bus", "pins", "driver=gpio", "chip=/dev/gpiochip0"});
  CAF_CHECK_EQUAL(refused.exit, 1);
  CAF_CHECK(refused.out.find("does not allow the driver 'gpio'") != std::string::npos);
  CAF_CHECK_EQUAL(house.troupe({"add", "channel", "attic/lamp", "bus=sim", "line=out.9", "direction=output"}).exit, 0);
  CAF_CHECK(house.ask({"status"})["alarms"].dump().find("bus pins") != std::string::npos);
  CAF_CHECK_EQUAL(house.troupe({"remove", "bus", "pins"}).exit, 0);
  CAF_CHECK(house.ask({"status"})["alarms"].empty());
}

CAF_TEST(a change is carried out also after the reconciler has crashed) {
  test_house house{loop_house};
  house.start();
  CAF_CHECK_EQUAL(house.troupe({"kill", "reconciler"}).exit, 0);
  CAF_CHECK_EQUAL(house.troupe({"add", "channel", "attic/lamp", "bus=sim", "line=out.9", "direction=output"}).exit, 0);
  CAF_CHECK(is(house.wait_for({"get", "attic/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
  CAF_CHECK_EQUAL(house.troupe({"remove", "channel", "attic/lamp"}).exit, 0);
}

CAF_TEST(apply shows a plan and history can be rolled back) {
  test_house house{loop_house};
  house.start();
  const auto file = house.dir() + "/next.toml";
  std::ofstream{file} << loop_house << "\n[channel.\"attic/lamp\"]\nbus = \"sim\"\nline = \"out.9\"\ndirection = \"output\"\n";
  const auto dry = house.ask({"apply", file, "--dry-run"});
  CAF_CHECK(dry["plan"].dump().find("attic/lamp") != std::string::npos);
  CAF_CHECK(!dry["applied"].get<bool>());
  CAF_CHECK_EQUAL(house.troupe({"get", "attic/lamp"}).exit, 4);
  CAF_CHECK(house.ask({"apply", file, "--yes"})["applied"].get<bool>());
  CAF_CHECK(is(house.wait_for({"get", "attic/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
  const auto history = house.ask({"history"});
  CAF_REQUIRE(history.size() >= 2);
  std::uint64_t first = ~0ull;
  for (const auto& x : history)
    first = std::min(first, x["revision"].get<std::uint64_t>());
  CAF_CHECK_EQUAL(house.troupe({"rollback", std::to_string(first), "--yes"}).exit, 0);
  house.wait_for({"ps"}, [](auto& rows) { return row_of(rows, "attic/lamp").empty(); });
  CAF_CHECK_EQUAL(house.troupe({"get", "attic/lamp"}).exit, 4);
  const auto exported = house.troupe({"export"});
  CAF_CHECK_EQUAL(exported.exit, 0);
  CAF_CHECK(exported.out.find("[rule.hall-light]") != std::string::npos
            || exported.out.find("[rule.\"hall-light\"]") != std::string::npos);
}

CAF_TEST(what was added survives a restart and a restored value is no change) {
  test_house house{loop_house};
  house.start();
  CAF_CHECK_EQUAL(house.troupe({"add", "channel", "attic/lamp", "bus=sim", "line=out.9", "direction=output"}).exit, 0);
  house.wait_for({"get", "attic/lamp"}, [](auto& x) { return is(x, "off"); });
  CAF_CHECK_EQUAL(house.stop(), 0);
  house.start();
  CAF_CHECK(is(house.wait_for({"get", "attic/lamp"}, [](auto& x) { return is(x, "off"); }), "off"));
}

CAF_TEST(a killed actor comes back and a quarantined one is released by hand) {
  test_house house{loop_house};
  house.start();
  house.wait_for({"get", "hall/fan"}, [](auto& x) { return is(x, "off"); });
  auto incarnation = [&](const json& rows, const char* name) { return row_of(rows, name).value("incarnation", 0); };
  auto state = [&](const char* name) { return row_of(house.ask({"ps"}), name).value("state", ""); };
  const auto lamp_before = incarnation(house.ask({"ps"}), "hall/lamp");
  CAF_CHECK_EQUAL(house.troupe({"kill", "hall/fan"}).exit, 0);
  const auto again = house.wait_for({"ps"}, [](auto& rows) {
    const auto fan = row_of(rows, "hall/fan");
    return fan.value("incarnation", 0) >= 2 && fan.value("state", "") == "running";
  });
  CAF_CHECK(incarnation(again, "hall/fan") >= 2);
  CAF_CHECK_EQUAL(incarnation(again, "hall/lamp"), lamp_before);
  CAF_CHECK_EQUAL(house.troupe({"quarantine", "hall/fan"}).exit, 0);
  house.wait_for({"ps"}, [](auto& rows) { return row_of(rows, "hall/fan").value("state", "") == "quarantined"; });
  CAF_CHECK_EQUAL(state("hall/fan"), "quarantined");
  CAF_CHECK_EQUAL(house.troupe({"unquarantine", "hall/fan"}).exit, 0);
  house.wait_for({"ps"}, [](auto& rows) { return row_of(rows, "hall/fan").value("state", "") == "running"; });
  CAF_CHECK_EQUAL(state("hall/fan"), "running");
}

CAF_TEST(a hung driver call is found and the bus is replaced) {
  test_house house{"[bus.sim]\ndriver = \"sim\"\ncall-timeout = \"500ms\"\n"
                   "[channel.\"a/temp\"]\nbus = \"sim\"\nline = \"living.temp\"\ndirection = \"input\"\nkind = \"analog\"\npoll-every = \"100ms\"\n"};
  house.start();
  house.wait_for({"get", "a/temp"}, [](auto& x) { return x.value("quality", "") == "good"; });
  CAF_CHECK_EQUAL(house.troupe({"fault", "sim", "bus-hang", "on"}).exit, 0);
  house.wait_for({"log"}, [](auto& events) { return events.dump().find("hung") != std::string::npos; });
  const auto lost = house.wait_for({"get", "a/temp"}, [](auto& x) { return x.value("quality", "") == "bad"; });
  CAF_CHECK_EQUAL(lost.value("reason", ""), "bus_lost");
  CAF_CHECK_EQUAL(house.troupe({"fault", "sim", "bus-hang", "off"}).exit, 0);
  const auto well = house.wait_for({"get", "a/temp"}, [](auto& x) { return x.value("quality", "") == "good" && x.value("age_s", 99.0) < 1; });
  CAF_CHECK_EQUAL(well.value("quality", ""), "good");
  CAF_CHECK(house.ask({"log"}).dump().find("hung") != std::string::npos);
}
