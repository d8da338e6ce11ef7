#define CAF_SUITE keys
#include "tests/support/suite.hpp"

#include "cluster/tls/psk.hpp"
#include "tests/contract/transport/live_link.hpp"
#include "tests/contract/transport/raw_link.hpp"

#include <fcntl.h>

using namespace troupe::test;
using troupe::errc;

namespace {

const std::string key_1(64, 'a'), key_2(64, 'b'), key_3(64, 'c');

struct keys_fixture : link_fixture {
  credential_files with_keys(credential_files files, const std::string& name, const std::string& lines) {
    files.psk = folder / (name + ".keys");
    write_file(files.psk, lines);
    return files;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(keys_tests, keys_fixture)

CAF_TEST(a board with a key links as a board) {
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + " names=attic.\n")};
  live_end board{"attic", with_keys({}, "attic", "a " + key_1 + "\n")};
  const auto port = a.listen("127.0.0.1:0", true);
  auto there = board.dial("a", port);
  CAF_REQUIRE_EQUAL(why(there), "linked");
  CAF_CHECK_EQUAL(board.ask(*there, caf::get_atom::value), "attic board");
  const auto at_a = a.told.ups().front();
  CAF_CHECK(at_a.psk);
  CAF_CHECK_EQUAL(at_a.names, std::vector<std::string>{"attic."});
  CAF_CHECK(board.told.ups().front().allowed == role::node);
}

CAF_TEST(a wrong key and an unknown name are refused) {
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + "\n")};
  const auto port = a.listen("127.0.0.1:0", true);
  live_end liar{"attic", with_keys({}, "liar", "a " + key_2 + "\n")};
  CAF_CHECK(!liar.dial("a", port));
  CAF_CHECK(a.told.wait_refusal("the pre-shared key is wrong"));
  CAF_CHECK_EQUAL(a.told.refusals().back().claimed, "attic");
  live_end cellar{"cellar", with_keys({}, "cellar", "a " + key_1 + "\n")};
  CAF_CHECK(!cellar.dial("a", port));
  CAF_CHECK(a.told.wait_refusal("not known here"));
  CAF_CHECK(has(why(cellar.dial("b", port)), "there is no pre-shared key for b"));
  CAF_CHECK(a.told.ups().empty());
}

CAF_TEST(keys and certificates have listeners of their own) {
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + "\n")};
  live_end board{"attic", with_keys({}, "attic", "a " + key_1 + "\n")}, b{"b", give("b")};
  CAF_CHECK(!board.dial("a", a.listen()));
  CAF_CHECK(!b.dial("a", a.listen("127.0.0.1:0", true)));
  CAF_CHECK(a.told.ups().empty());
  auto none = board.net().listen("127.0.0.1:0", board.gateway);
  CAF_REQUIRE(!none);
  CAF_CHECK(has(none.why().context, "has no certificate"));
}

CAF_TEST(a key that was taken away ends its link and no other) {
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + "\ncellar " + key_2 + "\n")};
  const auto port = a.listen("127.0.0.1:0", true);
  live_end attic{"attic", with_keys({}, "attic", "a " + key_1 + "\n")};
  live_end cellar{"cellar", with_keys({}, "cellar", "a " + key_2 + "\n")};
  auto one = attic.dial("a", port), two = cellar.dial("a", port);
  CAF_REQUIRE(one);
  CAF_REQUIRE(two);
  CAF_REQUIRE(a.told.wait_ups(2));
  write_file(folder / "a.keys", "attic " + key_3 + "\ncellar " + key_2 + "\n");
  CAF_REQUIRE(a.net().reload());
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().name, "attic");
  CAF_CHECK_EQUAL(cellar.ask(*two, std::string{"x"}), "x");
}

CAF_TEST(a key that was taken away during a handshake opens nothing) {
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + "\ncellar " + key_2 + "\n")};
  const auto port = a.listen("127.0.0.1:0", true);
  write_file(folder / "attic.keys", "a " + key_1 + "\n");
  auto keys = psk_context::load(folder / "attic.keys", "attic");
  CAF_REQUIRE(keys);
  raw_link held{port};
  CAF_REQUIRE(held.connected());
  owned_ssl client{(*keys)->connect(held.fd(), "a")};
  // Everything but our last flight: it stays in a buffer.
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set0_wbio(client.get(), out);
  ::fcntl(held.fd(), F_SETFL, O_NONBLOCK);
  CAF_REQUIRE(SSL_connect(client.get()) != 1);
  held.pass(out);
  CAF_REQUIRE(eventually([&] { return SSL_connect(client.get()) == 1; }));
  write_file(folder / "a.keys", "cellar " + key_2 + "\n");
  CAF_REQUIRE(a.net().reload());
  held.pass(out);
  CAF_CHECK(a.told.wait_refusal("was changed or removed"));
}

CAF_TEST(a broken file of keys does not keep the revoked in) {
  auto leaf = issuing.issue("b");
  live_end a{"a", with_keys(give("a"), "a", "attic " + key_1 + "\n")}, b{"b", give("b", leaf)};
  CAF_REQUIRE(b.dial("a", a.listen()));
  CAF_REQUIRE(a.told.wait_ups(1));
  write_file(folder / "a.keys", "attic too-short\n");
  write_file(folder / "a/revoked.crl", issuing.crl({leaf.serial}));
  auto done = a.net().reload();
  CAF_CHECK(!done);
  CAF_CHECK(has(done.why().context, "a.keys"));
  CAF_CHECK(a.told.wait_downs(1));
}

CAF_TEST_FIXTURE_SCOPE_END()
