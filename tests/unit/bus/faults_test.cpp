#undef CAF_SUITE
#define CAF_SUITE bus_faults

#include "tests/support/live_node.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr mono_ns ms = 1'000'000;

channel_config pump(milliseconds lease = milliseconds{5000}) {
  channel_config c;
  c.name = "pump";
  c.line.line = "pump";
  c.dir = direction::output;
  c.lease = lease;
  return c;
}

command switch_on(milliseconds lease) {
  command x;
  x.output = "pump";
  x.source = "rule/test";
  x.val = value::digital(true);
  x.lease = lease;
  return x;
}

double total(const live_node& node, const std::string& name) {
  const auto r = node.live.get(name);
  return r ? r->val.number() : -1;
}

/// Crashes `victim` again and again while pulses arrive on two lines.
void crash_while_counting(const char* victim) {
  live_node node;
  node.add_bus();
  node.add_counter("a");
  node.add_counter("b");
  CAF_REQUIRE(comes([&] { return total(node, "a") == 0 && total(node, "b") == 0; }));
  CAF_REQUIRE(comes([&] { return node.hw.edge("a", false, 0) == 1 && node.hw.edge("b", false, 0) == 1; }));
  constexpr std::uint32_t crashes = 10'000;
  const auto opened = node.hw.opened.load();
  std::size_t heard = 0;
  for (std::uint32_t i = 0; i < crashes; ++i) {
    node.crash(victim);
    const auto now = system_clocks().mono();
    heard += node.hw.edge("a", true, now);
    heard += node.hw.edge("b", true, now);
    if (i % 100 == 0) // so that crashes and countings really alternate
      CAF_REQUIRE(comes([&] { return node.incarnation(victim) >= i / 2; }));
  }
  CAF_CHECK_EQUAL(heard, 2u * crashes); // the lines were open all the time
  CAF_CHECK(comes([&] { return node.incarnation(victim) == crashes + 1; }, milliseconds{60000}));
  CAF_CHECK(comes([&] { return total(node, "a") == crashes && total(node, "b") == crashes; }));
  CAF_CHECK_EQUAL(total(node, "a"), crashes);
  CAF_CHECK_EQUAL(total(node, "b"), crashes);
  CAF_CHECK_EQUAL(node.live.get("a")->missed_at_most, 0u);
  CAF_CHECK_EQUAL(node.hw.opened.load(), opened);
  for (const std::string other : {"a", "b", "bus/main"})
    if (other != victim)
      CAF_CHECK_EQUAL(node.incarnation(other), 1u);
}

} // namespace

CAF_TEST(ten thousand crashes of a counter lose no pulse and disturb no sibling I3 I8) {
  crash_while_counting("a");
}

CAF_TEST(ten thousand crashes of the bus actor lose no pulse and disturb no channel I3 I8) {
  crash_while_counting("bus/main");
}

CAF_TEST(a driver call that hangs is found and replaced I8) {
  live_node node;
  node.add_bus(milliseconds{200});
  node.add_channel(pump());
  node.add_counter("a");
  CAF_REQUIRE(comes([&] { return node.hw.edge("a", true, 0) == 1; }));
  node.hw.hang("pump");
  const auto before = node.names.find("bus/main");
  node.names.send("pump", switch_on(milliseconds{0}));
  CAF_REQUIRE(comes([&] {
    const auto now = node.names.find("bus/main");
    return now && now != before;
  }));
  // The successor opens the bus anew. The lines are still held by the call that
  // hangs; as soon as it returns they are free, and come to what is wanted.
  CAF_REQUIRE(comes([&] { return node.hw.opened >= 2; }));
  CAF_CHECK_EQUAL(node.hw.edge("a", true, 0), 1u);
  node.hw.release();
  CAF_CHECK(comes([&] { return node.hw.pin("pump") == 1 && node.live.get("pump")->grade == quality::good; }));
  CAF_CHECK(comes([&] { return node.hw.edge("a", true, 0) == 1; }));
  CAF_CHECK(comes([&] {
    const auto r = node.live.get("a");
    return r && r->val.number() >= 3 && r->gaps >= 1;
  }));
  CAF_CHECK_EQUAL(node.incarnation("a"), 1u);
}

CAF_TEST(with all workers busy an output is safe within its lease I5) {
  live_node node;
  node.add_bus();
  node.add_channel(pump());
  CAF_REQUIRE(comes([&] { return node.live.get("pump").has_value(); }));
  node.names.send("pump", switch_on(milliseconds{400}));
  CAF_REQUIRE(comes([&] { return node.hw.pin("pump") == 1; }));
  const auto since = system_clocks().mono();
  std::atomic<bool> end{false};
  std::atomic<int> busy{0};
  for (int i = 0; i < 8; ++i)
    node.system().spawn([&]() {
      ++busy;
      while (!end)
        std::this_thread::yield();
    });
  CAF_REQUIRE(comes([&] { return busy == 2; }));
  CAF_CHECK(comes([&] { return node.hw.pin("pump") == 0; }, milliseconds{3000}));
  const auto took = system_clocks().mono() - since;
  CAF_CHECK_EQUAL(busy.load(), 2); // nobody else got a worker meanwhile
  end = true;
  CAF_MESSAGE("safe after " << took / ms << " ms of a lease of 400 ms");
  CAF_CHECK(took < 1000 * ms);
  CAF_CHECK(comes([&] { return !node.live.get("pump")->val.is_on(); }));
}

CAF_TEST(while the bus actor waits for its restart the desk keeps dead-man duty I5) {
  live_node node;
  auto c = bus_config{};
  c.name = "main";
  // Crashes at every start after the first, so that it stays down.
  auto starts = std::make_shared<std::atomic<int>>(0);
  child_spec s;
  s.id = "bus/main";
  s.detached = true;
  const auto make
    = can_crash(make_bus(*node.all, node.desk, c, [&](const bus_config&) { return open_fake(node.hw); }));
  s.make = [make, starts](unit_context& ctx) {
    if (starts->fetch_add(1) > 0)
      throw std::runtime_error("stays down");
    return make(ctx);
  };
  node.add(std::move(s));
  node.add_channel(pump());
  CAF_REQUIRE(comes([&] { return node.live.get("pump").has_value(); }));
  node.names.send("pump", switch_on(milliseconds{300}));
  CAF_REQUIRE(comes([&] { return node.hw.pin("pump") == 1; }));
  node.crash("bus/main");
  CAF_REQUIRE(comes([&] { return starts->load() > 1; }));
  CAF_CHECK(comes([&] { return node.hw.pin("pump") == 0; }, milliseconds{2000}));
}
