// What operators do with whole nodes: drain, leave, remove, approve, and who may.

#undef CAF_SUITE
#define CAF_SUITE operators

#include "tests/e2e/cluster/three_nodes.hpp"

#include <filesystem>
#include <fstream>

using namespace troupe::test;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(operators_tests, three_nodes)

CAF_TEST(a node is drained and undrained from another one) {
  begin();
  CAF_CHECK_EQUAL(attic.troupe({"drain", "cellar"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(within(3s, [&] { return member(*x, "cellar").value("draining", false); }));
  // What only it has goes on.
  CAF_CHECK_EQUAL(boiler.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK_EQUAL(boiler.troupe({"undrain", "cellar"}).exit, 0);
  for (auto& x : all.nodes())
    CAF_CHECK(within(3s, [&] { return !member(*x, "cellar").value("draining", true); }));
}

CAF_TEST(a node leaves from afar and comes back with a restart) {
  begin();
  const auto said = attic.troupe({"leave", "cellar", "--yes"});
  CAF_CHECK_EQUAL(said.exit, 0);
  CAF_CHECK_EQUAL(said.err, "");
  CAF_CHECK(sees(attic, "cellar", "left"));
  CAF_CHECK(sees(boiler, "cellar", "left"));
  CAF_CHECK_EQUAL(attic.ask({"get", "cellar/lamp"}).value("reason", ""), "node_lost");
  CAF_CHECK_EQUAL(cellar.reading("cellar/lamp"), "off"); // it goes on alone
  for (const auto* other : {"attic", "boiler"}) {
    CAF_CHECK(sees(cellar, other, "unknown")); // hearing nobody
    CAF_CHECK_EQUAL(member(cellar, other).value("direct", true), false);
  }
  CAF_CHECK_EQUAL(cellar.stop(), 0);
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK_EQUAL(attic.troupe({"leave", "nobody", "--yes"}).exit, 3);
}

CAF_TEST(a removed node is cut by everybody and comes back when approved) {
  begin();
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "cellar", "--yes"}).exit, 0);
  for (auto* x : {&attic, &boiler}) {
    CAF_CHECK(sees(*x, "cellar", "removed"));
    CAF_CHECK(within(3s, [&] { return member(*x, "cellar").value("direct", true) == false; }));
    CAF_CHECK(within(3s, [&] { return x->ask({"list"}).dump().find("cellar/lamp") == std::string::npos; }));
  }
  CAF_MESSAGE("also after a power cut of all, a while later");
  CAF_CHECK(!within(2s, [&] { return attic.sees("cellar") != "removed"; }));
  for (auto& x : all.nodes())
    x->kill();
  for (auto& x : all.nodes())
    x->start();
  CAF_CHECK(sees(attic, "boiler", "alive"));
  CAF_CHECK(!within(10s, [&] {
    return attic.sees("cellar") != "removed" || boiler.sees("cellar") != "removed" || has(attic.ask({"list"}).dump(), "cellar/lamp");
  }));
  CAF_MESSAGE("it was told, and dials no more");
  CAF_CHECK(sees(cellar, "cellar", "removed"));
  CAF_MESSAGE("it knows it by itself when it starts alone");
  for (auto& x : all.nodes())
    x->kill();
  cellar.start();
  CAF_CHECK_EQUAL(cellar.sees("cellar"), "removed");
  CAF_CHECK(has(cellar.log(), "this node was removed from the house before it stopped"));
  CAF_MESSAGE("and asks whether it stands: it was taken back while nobody could tell it");
  cellar.kill();
  attic.start();
  CAF_CHECK_EQUAL(attic.troupe({"approve", "cellar"}).exit, 0);
  for (auto* x : {&boiler, &cellar})
    x->start();
  REQUIRE_AGREE(all, 30s);
  CAF_CHECK(is(attic, "cellar/lamp", "off"));
  CAF_MESSAGE("the ban is over for good");
  CAF_CHECK(!within(2s, [] { return false; }));
  for (auto* x : {&attic, &boiler, &cellar})
    x->kill();
  cellar.start();
  CAF_CHECK_EQUAL(cellar.sees("cellar"), "alive");
  for (auto* x : {&attic, &boiler})
    x->start();
  REQUIRE_AGREE(all, 30s);
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "attic", "--yes"}).exit, 1);
  CAF_CHECK_EQUAL(attic.troupe({"approve", "boiler"}).exit, 1);
}

CAF_TEST(removed is removed when everything loses power as soon as it is said) {
  begin();
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "cellar", "--yes"}).exit, 0);
  for (auto& x : all.nodes())
    x->kill();
  attic.start();
  CAF_CHECK(sees(attic, "cellar", "removed"));
  CAF_CHECK_EQUAL(attic.troupe({"approve", "cellar"}).exit, 0);
  attic.kill();
  for (auto& x : all.nodes())
    x->start();
  REQUIRE_AGREE(all, 30s);
}

CAF_TEST(a board with a key is drained and stops and leaves as a node does) {
  begin();
  auto& shed = all.add("shed");
  const auto key = [&](const std::string& file, const std::string& line) {
    std::ofstream{all / file} << line << "\n";
    std::filesystem::permissions(all / file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return "psk-file = \"" + all / file + "\"\n";
  };
  const std::string secret(64, 'a');
  CAF_CHECK_EQUAL(attic.stop(), 0);
  attic.more_node_toml = "psk-listen = [\"" + shed.link_address() + "\"]\n" + key("boards.psk", "shed " + secret + " names=shed/");
  attic.start();
  std::ofstream{shed.dir() + "/node.toml"} << "name = \"shed\"\ndata-dir = \"" << shed.dir() << "/data\"\npki-dir = \"" << shed.pki()
                                           << "\"\npeers = [\"attic@" << shed.link_address() << "\"]\n" << key("shed.psk", "attic " + secret);
  shed.keep_config();
  shed.house = all / "shed.toml";
  std::ofstream{shed.house} << "[bus.\"shed/sim\"]\ndriver = \"sim\"\n[channel.\"shed/lamp\"]\nbus = \"shed/sim\"\nline = \"out.1\"\n"
                               "direction = \"output\"\n";
  shed.start();
  CAF_REQUIRE(sees(attic, "shed", "alive"));
  CAF_CHECK(is(attic, "shed/lamp", "off"));
  CAF_CHECK_EQUAL(attic.troupe({"drain", "shed"}).exit, 0);
  CAF_CHECK(within(3s, [&] { return member(attic, "shed").value("draining", false); }));
  CAF_CHECK_EQUAL(attic.troupe({"undrain", "shed"}).exit, 0);
  CAF_CHECK(within(3s, [&] { return !member(attic, "shed").value("draining", true); }));
  CAF_CHECK_EQUAL(shed.stop(), 0);
  CAF_CHECK(sees(attic, "shed", "left"));
  CAF_CHECK(!has(attic.log(), "node shed: alive -> down"));
  CAF_CHECK(!has(attic.log(), "node shed: suspect -> down"));
  shed.start();
  CAF_CHECK(sees(attic, "shed", "alive"));
  CAF_CHECK_EQUAL(attic.troupe({"leave", "shed", "--yes"}).exit, 0);
  CAF_CHECK(sees(attic, "shed", "left"));
  CAF_CHECK(within(3s, [&] { return attic.reading("shed/lamp").empty() || attic.ask({"get", "shed/lamp"}).value("reason", "") == "node_lost"; }));
}

CAF_TEST(a removed node comes back when it joins with a token) {
  begin();
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "cellar", "--yes"}).exit, 0);
  for (auto* x : {&attic, &boiler})
    CAF_CHECK(sees(*x, "cellar", "removed"));
  cellar.kill();
  const auto token = attic.ask({"token", "cellar", "--replace"}).value("token", "");
  CAF_REQUIRE_EQUAL(cellar.on_machine({"join", attic.control_address(), "--token", token, "--config", cellar.dir() + "/joined.toml", "--dir",
                                       cellar.pki(), "--data-dir", cellar.dir() + "/data", "--force"}).exit, 0);
  cellar.start();
  REQUIRE_AGREE(all, 30s);
  CAF_CHECK(is(attic, "cellar/lamp", "off"));
}

CAF_TEST(people with certificates command over TLS as far as their role goes) {
  begin();
  const auto anna = person("anna", "operator"), otto = person("otto", "viewer");
  const auto at = boiler.control_address();
  CAF_CHECK(has(attic.troupe_at(at, otto, {"get", "cellar/lamp"}).out, "off"));
  CAF_CHECK_EQUAL(attic.troupe_at(at, otto, {"set", "cellar/lamp", "on"}).exit, 6);
  CAF_CHECK_EQUAL(attic.troupe_at(at, otto, {"kill", "cellar/lamp"}).exit, 6);
  CAF_CHECK_EQUAL(attic.troupe_at(at, otto, {"--node", "cellar", "set", "cellar/lamp", "on"}).exit, 6);
  CAF_CHECK_EQUAL(attic.troupe_at(at, otto, {"remove-node", "cellar", "--yes"}).exit, 6);
  CAF_CHECK_EQUAL(cellar.reading("cellar/lamp"), "off");
  CAF_CHECK_EQUAL(attic.troupe_at("boiler@" + at, anna, {"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "on"));
  const auto journal = cellar.ask({"--node", "cellar", "log", "cellar/lamp"}).dump();
  CAF_CHECK(has(journal, "anna (operator, tls 127.0.0.1:"));
  CAF_CHECK(has(journal, "node boiler)"));
  CAF_MESSAGE("another node at that address, a stranger, a certificate of a node");
  CAF_CHECK_EQUAL(attic.troupe_at("attic@" + at, anna, {"status"}).exit, 6);
  test_cluster elsewhere{{}, networking::loopback};
  elsewhere.pki({"issue", "anna", "--role", "operator", "--out", elsewhere / "anna"});
  CAF_CHECK_EQUAL(attic.troupe_at(at, elsewhere / "anna", {"status"}).exit, 6);
  CAF_MESSAGE("who is revoked is not heard any more, at once and everywhere");
  all.pki({"revoke", "anna", "--why", "moved out"});
  std::filesystem::copy_file(all.pki_dir() + "/revoked.crl", attic.pki() + "/revoked.crl",
                             std::filesystem::copy_options::overwrite_existing);
  CAF_CHECK_EQUAL(attic.troupe({"reload"}).exit, 0);
  for (auto& x : all.nodes()) {
    const auto& node = *x;
    CAF_CHECK(within(5s, [&] { return attic.troupe_at(node.control_address(), anna, {"status"}).exit == 6; }));
    CAF_CHECK_EQUAL(attic.troupe_at(node.control_address(), otto, {"status"}).exit, 0);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
