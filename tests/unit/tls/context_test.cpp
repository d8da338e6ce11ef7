#define CAF_SUITE context
#include "tests/support/suite.hpp"

#include "tests/unit/tls/fixture.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;

namespace {

struct context_fixture : pki_fixture {
  /// What `load` says about these files; "" when it likes them.
  std::string told(const credential_files& files,
                   const clock_source& clocks = system_clocks()) {
    auto made = tls_context::load(files, clocks);
    return made ? "" : made.why().context;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(context_tests, context_fixture)

CAF_TEST(a context knows its own name and role) {
  auto leaf = issuing.issue("server-1");
  auto made = tls_context::load(give("a", leaf));
  CAF_REQUIRE(made);
  CAF_CHECK_EQUAL((*made)->self().name, "server-1");
  CAF_CHECK_EQUAL(std::string{to_string((*made)->self().allowed)}, "node");
  CAF_CHECK_EQUAL((*made)->self().serial, leaf.serial);
  CAF_CHECK_EQUAL((*made)->self().fingerprint.size(), 64u);
  CAF_CHECK((*made)->self().expires > system_clocks().wall());
}

CAF_TEST(each file that is missing is named) {
  auto good = give("a");
  auto without = [&](std::string credential_files::*which) {
    auto files = good;
    files.*which += ".gone";
    auto text = told(files);
    CAF_CHECK(has(text, files.*which));
    CAF_CHECK(has(text, "No such file"));
  };
  without(&credential_files::certificate);
  without(&credential_files::key);
  without(&credential_files::authorities);
  good.revoked += ".gone";
  good.time_floor += ".gone";
  CAF_CHECK_EQUAL(told(good), "");
}

CAF_TEST(each file that holds rubbish is named) {
  const auto good = give("a");
  CAF_REQUIRE_EQUAL(told(good), "");
  auto rubbish = folder / "rubbish";
  write_file(rubbish, "rubbish\n");
  for (auto which : {&credential_files::certificate, &credential_files::key,
                     &credential_files::authorities, &credential_files::revoked,
                     &credential_files::time_floor}) {
    auto files = good;
    files.*which = rubbish;
    CAF_CHECK(has(told(files), rubbish));
  }
}

CAF_TEST(a list that was cut short is no list) {
  auto leaf = issuing.issue("a");
  auto list = issuing.crl({});
  auto files = give("a", leaf, list + list.substr(0, list.size() / 2));
  CAF_CHECK(has(told(files), "damaged after 1 list"));
}

CAF_TEST(a key of another certificate is refused) {
  auto files = give("a");
  write_file(files.key, issuing.issue("b").key);
  CAF_CHECK(has(told(files), "does not belong to the certificate"));
}

CAF_TEST(a name is one CN and a role is one known OU) {
  CAF_CHECK(has(told(give("a", issuing.issue(""))), "exactly one CN"));
  CAF_CHECK(
    has(told(give("b", issuing.issue("b", "node", {-10, 10, {"c"}}))), "exactly one CN"));
  CAF_CHECK(has(told(give("c", issuing.issue("c", "Node"))), "the OU 'Node'"));
  CAF_CHECK(has(told(give("d", issuing.issue("d", "board"))), "the OU 'board'"));
  CAF_CHECK(has(told(give("e", issuing.issue("e", ""))), "the OU ''"));
  CAF_CHECK_EQUAL(told(give("f", issuing.issue("f", "viewer"))), "");
  CAF_CHECK_EQUAL(told(give("g", issuing.issue("g", "operator"))), "");
}

CAF_TEST(a certificate of another authority is found at once) {
  auto files = give("a", foreign.issue("a"));
  auto text = told(files);
  CAF_CHECK(has(text, "foreign root"));
  CAF_CHECK(has(text, files.authorities));
}

CAF_TEST(a board that boots in 1970 works with a floor or its own first day) {
  auto files = give("a");
  set_clock early{1000};
  for (const auto& floor : {std::to_string(system_clocks().wall()) + "\n", std::to_string(year_2099), std::string{}}) {
    write_file(files.time_floor, floor);
    CAF_CHECK_EQUAL(told(files, early), "");
  }
  auto expired = give("old", issuing.issue("old", "node", {-7200, -3600, {}}));
  write_file(expired.time_floor, "");
  CAF_CHECK_EQUAL(told(expired, early), ""); // for all that is known
}

CAF_TEST(a board in 2099 is told that its clock may be wrong) {
  set_clock late{year_2099};
  auto text = told(give("a"), late);
  CAF_CHECK(has(text, "expired on"));
  CAF_CHECK(has(text, "clock says 2099-01-01"));
  CAF_CHECK(has(text, "clock is wrong"));
  CAF_CHECK(tls_context::load(give("b"), late, tls_context::own::any_time));
  CAF_CHECK(!tls_context::load(give("c", foreign.issue("c")), late, tls_context::own::any_time));
}

CAF_TEST(revoked serials are known) {
  auto leaf = issuing.issue("a");
  auto other = issuing.issue("b");
  auto made =
    tls_context::load(give("a", leaf, root.crl({}) + issuing.crl({other.serial})));
  CAF_REQUIRE(made);
  CAF_CHECK((*made)->is_revoked(issuing.serial(), other.serial));
  CAF_CHECK(!(*made)->is_revoked(issuing.serial(), leaf.serial));
  CAF_CHECK(has(told(give("c", leaf, issuing.crl({leaf.serial}))), "was revoked"));
}

CAF_TEST(an authority revokes what it issued and a revoked one nothing) {
  const auto garden = root.below("garden issuing");
  const auto leaf = issuing.issue("a"), boiler = issuing.issue("boiler"), shed = garden.issue("shed");
  const auto as_peer = [&](const test_leaf& x, const test_authority& by) {
    peer_identity who;
    who.serial = x.serial;
    who.issuers = {by.serial(), root.serial()};
    return who;
  };
  struct {
    std::string what, lists;
    bool boiler, shed, garden;
  } table[] = {
    {"its issuer", issuing.crl({boiler.serial}), true, false, false},
    {"another issuer", garden.crl({boiler.serial, shed.serial}), false, true, false},
    {"a stranger", foreign.crl({boiler.serial, shed.serial}), false, false, false},
    {"the root, an issuer", root.crl({garden.serial()}), false, true, true},
    {"the root, a leaf of another", root.crl({boiler.serial}), false, false, false},
    {"a revoked issuer", garden.crl({shed.serial}) + root.crl({garden.serial()}), false, true, true},
  };
  for (auto& x : table) {
    CAF_MESSAGE("revoked by " << x.what);
    auto files = give("a", leaf, x.lists);
    write_file(files.authorities, root.certificate() + garden.certificate());
    auto made = tls_context::load(files);
    CAF_REQUIRE(made);
    CAF_CHECK_EQUAL((*made)->revoked_serial_of(as_peer(boiler, issuing)), x.boiler ? boiler.serial : "");
    CAF_CHECK_EQUAL(!(*made)->revoked_serial_of(as_peer(shed, garden)).empty(), x.shed);
    CAF_CHECK_EQUAL((*made)->is_revoked(root.serial(), garden.serial()), x.garden);
    if (x.garden)
      CAF_CHECK(!(*made)->is_revoked(garden.serial(), shed.serial));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
