// What operators do with whole nodes: drain, leave, remove, approve, and who may.

#undef CAF_SUITE
#define CAF_SUITE operators

#include "tests/e2e/cluster/three_nodes.hpp"

#include <filesystem>

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
  CAF_CHECK_EQUAL(cellar.stop(), 0);
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK_EQUAL(attic.troupe({"leave", "nobody", "--yes"}).exit, 1);
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
  CAF_CHECK(!within(4s, [&] { return attic.sees("cellar") != "removed" || boiler.sees("cellar") != "removed"; }));
  CAF_CHECK_EQUAL(attic.troupe({"approve", "cellar"}).exit, 0);
  REQUIRE_AGREE(all, 30s);
  CAF_CHECK(is(attic, "cellar/lamp", "off"));
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "attic", "--yes"}).exit, 1);
  CAF_CHECK_EQUAL(attic.troupe({"approve", "boiler"}).exit, 1);
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
