#undef CAF_SUITE
#define CAF_SUITE discovery

#include "tests/e2e/discovery/village.hpp"

#include <caf/test/dsl.hpp>

#include <csignal>
#include <cstdio>

using namespace troupe::test;

namespace {

const std::string ours = "0123456789abcdef";
const std::string neighbours = "fedcba9876543210";

std::size_t times(const std::string& what, const std::string& in) {
  std::size_t n = 0;
  for (auto at = in.find(what); at != in.npos; at = in.find(what, at + 1))
    ++n;
  return n;
}

/// Two machines on one cable.
struct village {
  machine attic{"attic"};
  machine cellar{"cellar"};

  explicit village(bool ipv4 = true) {
    CAF_REQUIRE(join(attic, cellar, ipv4));
    for (auto* x : {&attic, &cellar}) {
      x->start_bus();
      x->start_avahi();
    }
  }
};

} // namespace

CAF_TEST(two nodes of a house find each other in both families and a neighbour is not offered) {
  if (skipped())
    return;
  village all;
  auto stranger = all.cellar.discover("stranger", 4712, neighbours);
  auto other_stranger = all.attic.discover("other-stranger", 4713, neighbours);
  auto boiler = all.cellar.discover("boiler", 4710, ours);
  auto attic = all.attic.discover("attic", 4711, ours);
  CAF_CHECK(attic->says("found boiler 10.77.0.2:4710 [fe80::"));
  CAF_CHECK(attic->says("%v0]:4710\n"));
  CAF_CHECK(boiler->says("found attic 10.77.0.1:4711 [fe80::"));
  // The neighbours see each other, so they could have been seen.
  CAF_CHECK(other_stranger->says("found stranger 10.77.0.2:4712"));
  CAF_CHECK_EQUAL(times("stranger", attic->said() + boiler->said()), 0u);
  CAF_CHECK(boiler->end(3));
  CAF_CHECK(attic->says("lost boiler\n"));
  CAF_CHECK_EQUAL(times("trouble", attic->said() + stranger->said()), 0u);
  // And back, at another port.
  boiler = all.cellar.discover("boiler", 4720, ours);
  CAF_CHECK(attic->says("found boiler 10.77.0.2:4720"));
  if (times("lost boiler", attic->said()) != 1)
    CAF_ERROR(attic->said());
}

CAF_TEST(a network without IPv4 has nodes too) {
  if (skipped())
    return;
  village all{false};
  auto boiler = all.cellar.discover("boiler", 4710, ours);
  auto attic = all.attic.discover("attic", 4711, ours);
  CAF_CHECK(attic->says("found boiler [fe80::"));
  CAF_CHECK(boiler->says("found attic [fe80::"));
  CAF_CHECK_EQUAL(times("found boiler 1", attic->said()), 0u);
}

CAF_TEST(two nodes of one name are told and one keeps it) {
  if (skipped())
    return;
  village all;
  auto attic = all.attic.discover("attic", 4711, ours);
  auto first = all.cellar.discover("boiler", 4710, ours);
  CAF_REQUIRE(attic->says("found boiler 10.77.0.2:4710 [fe80::"));
  auto same_machine = all.cellar.discover("boiler", 4720, ours);
  CAF_CHECK(same_machine->says("on this machine already announces itself as 'boiler'"));
  // Which one has to yield is avahi's decision, by comparing what they say.
  auto second = all.attic.discover("boiler", 4730, ours);
  const std::string told = "on this network already announces itself as 'boiler'";
  CAF_CHECK(within(30, [&] { return times(told, first->said() + second->said()) > 0; }));
  // Whoever keeps it is found whole: not the port of one at the address of the other.
  const bool yielded = times(told, first->said()) > 0;
  const std::string kept = yielded ? "found boiler 10.77.0.1:4730 [fe80::" : "found boiler 10.77.0.2:4710 [fe80::";
  CAF_CHECK(within(30, [&] {
    const auto all_said = attic->said();
    const auto last = all_said.rfind("found boiler");
    return all_said.compare(last, kept.size(), kept) == 0
           && times(yielded ? "]:4730" : "]:4710", all_said.substr(last)) == 1;
  }));
  // A looker is no rival, and another house has a boiler of its own.
  auto looker = all.attic.discover("boiler", 0, ours);
  auto neighbour = all.attic.discover("boiler", 4740, neighbours);
  CAF_CHECK(looker->says("found attic 10.77.0.1:4711"));
  for (const auto* x : {looker.get(), neighbour.get(), attic.get()})
    CAF_CHECK_EQUAL(times("trouble", x->said()), 0u);
  CAF_CHECK_EQUAL(times("trouble", first->said() + second->said()), 1u);
  // The rivals go; the one that waited gets the name by itself.
  CAF_CHECK(second->end(3));
  CAF_CHECK(first->end(3));
  CAF_CHECK(attic->says("found boiler 10.77.0.2:4720", 45));
}

CAF_TEST(a daemon may come late and go and come back and is warned of once) {
  if (skipped())
    return;
  village all;
  all.attic.stop_avahi();
  all.attic.stop_bus();
  auto boiler = all.cellar.discover("boiler", 4710, ours);
  auto attic = all.attic.discover("attic", 4711, ours);
  CAF_CHECK(attic->says("started\n", 1));
  CAF_CHECK(attic->says("trouble DNS-SD: avahi-daemon does not answer"));
  all.attic.start_bus();
  // Two more tries with a bus and without a daemon.
  within(5, [] { return false; });
  all.attic.start_avahi();
  CAF_CHECK(attic->says("found boiler 10.77.0.2:4710"));
  CAF_CHECK(boiler->says("found attic 10.77.0.1:4711"));
  CAF_CHECK_EQUAL(times("trouble", attic->said()), 1u);
  CAF_MESSAGE("a restart of the daemon, then of the bus under it");
  all.attic.stop_avahi();
  all.attic.start_avahi();
  auto second = all.cellar.discover("second", 4712, ours);
  CAF_CHECK(attic->says("found second 10.77.0.2:4712"));
  all.attic.stop_avahi();
  all.attic.stop_bus();
  all.attic.start_bus();
  all.attic.start_avahi();
  auto third = all.cellar.discover("third", 4714, ours);
  CAF_CHECK(attic->says("found third 10.77.0.2:4714"));
  CAF_CHECK(third->says("found attic 10.77.0.1:4711"));
  CAF_MESSAGE("who went meanwhile is lost, who stayed is not");
  all.attic.stop_avahi();
  CAF_CHECK(second->end(3));
  all.attic.start_avahi();
  CAF_CHECK(attic->says("lost second\n", 40));
  CAF_CHECK_EQUAL(times("lost", attic->said()), 1u);
}

CAF_TEST(a daemon that hangs holds nobody up) {
  if (skipped())
    return;
  village all;
  auto attic = all.attic.discover("attic", 4711, ours);
  auto boiler = all.cellar.discover("boiler", 4710, ours);
  CAF_REQUIRE(boiler->says("found attic"));
  CAF_REQUIRE(attic->says("found boiler"));
  all.attic.avahi().send(SIGSTOP);
  auto late = all.attic.discover("late", 4712, ours);
  CAF_CHECK(late->says("started\n", 1));
  CAF_CHECK(late->end(4));
  CAF_CHECK_EQUAL(times("ended\n", late->said()), 1u);
  CAF_CHECK(attic->end(4));
  all.attic.avahi().send(SIGCONT);
}
