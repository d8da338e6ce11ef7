#define CAF_SUITE psk
#include "tests/support/suite.hpp"

#include "cluster/tls/psk.hpp"
#include "tests/unit/tls/both_ends.hpp"
#include "tests/unit/tls/fixture.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;

namespace {

const std::string key_1 = "000102030405060708090a0b0c0d0e0f";
const std::string key_2 = "f00102030405060708090a0b0c0d0e0f";

struct psk_fixture : pki_fixture {
  std::shared_ptr<const psk_context> load(const std::string& text,
                                          const std::string& self) {
    write_file(folder / "keys", text);
    auto made = psk_context::load(folder / "keys", self);
    if (!made)
      CAF_FAIL(made.why().context);
    return *made;
  }

  bool meet(both_ends& ends, const std::string& server, const std::string& client,
            const std::string& self = "attic") {
    ends.server.reset(load(server, "server-1")->accept(ends.fds[0]));
    ends.client.reset(load(client, self)->connect(ends.fds[1], "server-1"));
    return ends.run();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(psk_tests, psk_fixture)

CAF_TEST(a board and a node with one key know each other) {
  both_ends ends;
  CAF_REQUIRE(
    meet(ends, "attic " + key_1 + " names=attic.,pump\n", "server-1 " + key_1 + "\n"));
  auto any = load("x " + key_2, "y");
  auto board = any->identity_of(ends.server.get()),
       node = any->identity_of(ends.client.get());
  CAF_REQUIRE(board);
  CAF_REQUIRE(node);
  CAF_CHECK_EQUAL(board->name, "attic");
  CAF_CHECK(board->allowed == role::board);
  CAF_CHECK_EQUAL(board->names, (std::vector<std::string>{"attic.", "pump"}));
  CAF_CHECK_EQUAL(node->name, "server-1");
  CAF_CHECK(node->allowed == role::node);
  CAF_CHECK(board->psk && node->psk);
}

CAF_TEST(a wrong key and an unknown name are refused) {
  both_ends wrong, unknown;
  CAF_CHECK(!meet(wrong, "attic " + key_1, "server-1 " + key_2));
  CAF_CHECK(has(wrong.server_says.why, "the pre-shared key is wrong"));
  CAF_CHECK(!meet(unknown, "attic " + key_1, "server-1 " + key_1, "cellar"));
  CAF_CHECK(has(unknown.server_says.why, "not known here"));
  CAF_CHECK_EQUAL(unknown.server_says.claimed, "cellar");
}

CAF_TEST(keys and certificates do not meet) {
  auto node = tls_context::load(give("server-1"));
  CAF_REQUIRE(node);
  auto keys = load("server-1 " + key_1 + "\nattic " + key_2, "attic");
  both_ends one, two;
  one.server.reset((*node)->accept(one.fds[0], tls_context::ask::none));
  one.client.reset(keys->connect(one.fds[1], "server-1"));
  CAF_CHECK(!one.run());
  two.server.reset(keys->accept(two.fds[0]));
  two.client.reset((*node)->connect(two.fds[1]));
  CAF_CHECK(!two.run());
}

CAF_TEST(a line that is wrong is named and the key is not ) {
  const std::pair<std::string, std::string> table[] = {
    {"attic", "keys:1: no key for attic"},
    {"# comment\n\nattic 1234", "keys:3: the key has 4 digits"},
    {"attic " + key_1.substr(1) + "g", "not hexadecimal"},
    {"attic " + key_1 + "\nattic " + key_2, "a second key for attic"},
    {"attic " + key_1 + "\npump " + key_1, "each pair needs its own"},
    {"attic " + key_1 + " prefix=a", "only names="},
  };
  for (const auto& [text, says] : table) {
    auto made = parse_shared_keys(text, "keys");
    CAF_REQUIRE(!made);
    if (!has(made.why().context, says))
      CAF_ERROR("said: " << made.why().context);
    CAF_CHECK(!has(made.why().context, key_1));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
