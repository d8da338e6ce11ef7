#undef CAF_SUITE
#define CAF_SUITE over_tls

#include "tests/e2e/cli/cli_runner.hpp"
#include "tests/support/test_pki.hpp"

#include <caf/test/dsl.hpp>

#include <filesystem>

#include <stdlib.h>

using namespace troupe::test;

namespace {

struct tls_fixture : cli_runner {
  test_authority root{"house"};
  test_leaf attic = root.issue("attic", "node");
  test_leaf anna = root.issue("anna", "operator");
  test_leaf otto = root.issue("otto", "viewer");
  std::string host;

  tls_fixture() {
    std::filesystem::create_directory(dir + "/attic");
    write_credentials(dir + "/attic", attic, root.certificate());
    person("anna", anna, root);
    person("otto", otto, root);
    const auto said = start_node({"127.0.0.1:0", dir + "/attic"});
    CAF_REQUIRE(has(said, " ready\n"));
    host = said.substr(0, said.find(' '));
  }

  /// A folder as --identity takes it.
  void person(const std::string& name, const test_leaf& leaf, const test_authority& trusts) {
    const auto folder = dir + "/" + name;
    std::filesystem::create_directory(folder);
    write_file(folder + "/operator.crt", leaf.chain);
    write_file(folder + "/operator.key", leaf.key);
    std::filesystem::permissions(folder + "/operator.key", std::filesystem::perms::owner_read);
    write_file(folder + "/ca.crt", trusts.certificate());
  }

  outcome as(const std::string& who, std::vector<std::string> args) {
    args.insert(args.begin(), {"--host", host, "--identity", dir + "/" + who});
    return plain_troupe(std::move(args));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(over_tls_tests, tls_fixture)

CAF_TEST(an operator may set from another machine and a viewer may not) {
  CAF_CHECK(has(as("otto", {"status"}).out, "attic"));
  CAF_CHECK_EQUAL(as("otto", {"watch", "-n", "3"}).exit, 0);
  const auto no = as("otto", {"set", "hall/lamp", "off"});
  CAF_CHECK_EQUAL(no.exit, 6);
  CAF_CHECK(has(no.err, "needs the role operator, and otto has the role viewer"));
  CAF_CHECK_EQUAL(as("anna", {"set", "hall/lamp", "off"}).exit, 0);
  CAF_CHECK(has(as("otto", {"get", "hall/lamp"}).out, "operator/anna"));
  CAF_CHECK_EQUAL(as("anna", {"--node", "boiler", "set", "hall/lamp", "off"}).exit, 0);
  CAF_CHECK_EQUAL(as("otto", {"--node", "boiler", "set", "hall/lamp", "on"}).exit, 6);
}

CAF_TEST(the environment names host and identity) {
  setenv("TROUPE_HOST", ("attic@" + host).c_str(), 1);
  setenv("TROUPE_IDENTITY", (dir + "/otto").c_str(), 1);
  const auto got = plain_troupe({"--json", "status"});
  const auto near = troupe({"set", "hall/lamp", "off"});
  setenv("TROUPE_HOST", ("cellar@" + host).c_str(), 1);
  const auto wrong = plain_troupe({"status"});
  unsetenv("TROUPE_HOST");
  unsetenv("TROUPE_IDENTITY");
  CAF_CHECK_EQUAL(got.exit, 0);
  CAF_CHECK_EQUAL(near.exit, 0); // --socket goes before it
  CAF_CHECK_EQUAL(wrong.exit, 6);
  CAF_CHECK(has(wrong.err, "is attic, not cellar"));
}

CAF_TEST(what is wrong is told with a way out) {
  const test_authority elsewhere{"elsewhere"};
  person("eve", elsewhere.issue("eve", "operator"), elsewhere);
  const auto eve = as("eve", {"status"});
  CAF_CHECK_EQUAL(eve.exit, 6);
  CAF_CHECK(has(eve.err, "no TLS with " + host));
  person("mixed", elsewhere.issue("eve", "operator"), elsewhere);
  write_file(dir + "/mixed/ca.crt", elsewhere.certificate() + root.certificate());
  const auto mixed = as("mixed", {"status"});
  CAF_CHECK_EQUAL(mixed.exit, 6);
  CAF_CHECK(has(mixed.err, "does not trust the authority"));
  CAF_CHECK(has(node_log(), "(eve)"));
  person("late", root.issue("late", "operator", {-7200, -3600, {}}), root);
  const auto late = as("late", {"status"});
  CAF_CHECK_EQUAL(late.exit, 6);
  CAF_CHECK(has(late.err, "expired"));
  const auto nobody = as("nobody", {"status"});
  CAF_CHECK_EQUAL(nobody.exit, 6);
  CAF_CHECK(has(nobody.err, "/nobody/operator.crt") && has(nobody.err, "--identity"));
  CAF_CHECK_EQUAL(plain_troupe({"--host", "a@b@c", "status"}).exit, 1);
  const auto closed = plain_troupe({"--host", "127.0.0.1:1", "--identity", dir + "/anna", "status"});
  CAF_CHECK_EQUAL(closed.exit, 3);
  CAF_CHECK(has(closed.err, "nobody answers at 127.0.0.1:1"));
}

CAF_TEST(a reload lets the revoked out and everybody else in) {
  CAF_CHECK_EQUAL(as("otto", {"reload"}).exit, 6);
  write_file(dir + "/attic/revoked.crl", root.crl({otto.serial}));
  CAF_CHECK_EQUAL(as("otto", {"status"}).exit, 0); // not read yet
  CAF_CHECK_EQUAL(as("anna", {"reload"}).exit, 0);
  const auto got = as("otto", {"status"});
  CAF_CHECK_EQUAL(got.exit, 6);
  CAF_CHECK(has(got.err, "revoked"));
  CAF_CHECK_EQUAL(as("anna", {"status"}).exit, 0);
  // A file that is wrong changes nothing and says so.
  write_file(dir + "/attic/node.crt", "rubbish");
  const auto broken = as("anna", {"reload"});
  CAF_CHECK(broken.exit != 0);
  CAF_CHECK(has(broken.err, "node.crt"));
  CAF_CHECK_EQUAL(as("anna", {"status"}).exit, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
