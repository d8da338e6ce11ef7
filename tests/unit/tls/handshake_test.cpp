#define CAF_SUITE handshake
#include "tests/support/suite.hpp"

#include "tests/unit/tls/both_ends.hpp"
#include "tests/unit/tls/fixture.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;

namespace {

struct handshake_fixture : pki_fixture {
  using context = std::shared_ptr<const tls_context>;

  context load(const credential_files& files,
               const clock_source& clocks = system_clocks()) {
    auto made = tls_context::load(files, clocks);
    if (!made)
      CAF_FAIL(made.why().context);
    return *made;
  }

  bool meet(both_ends& ends, const context& server, const context& client,
            tls_context::ask whom = tls_context::ask::required) {
    ends.server.reset(server->accept(ends.fds[0], whom));
    ends.client.reset(client->connect(ends.fds[1]));
    return ends.run();
  }

  /// A client that is wrong in its own way, past its own check at load: a bare
  /// OpenSSL context.
  bool meet_raw(both_ends& ends, const context& server, const test_leaf* leaf,
                int version = TLS1_3_VERSION) {
    owned_ssl_ctx raw{SSL_CTX_new(TLS_method())};
    SSL_CTX_set_max_proto_version(raw.get(), version);
    if (leaf != nullptr) {
      write_file(folder / "raw.crt", leaf->chain);
      write_file(folder / "raw.key", leaf->key);
      SSL_CTX_use_certificate_chain_file(raw.get(), (folder / "raw.crt").c_str());
      SSL_CTX_use_PrivateKey_file(raw.get(), (folder / "raw.key").c_str(),
                                  SSL_FILETYPE_PEM);
    }
    ends.server.reset(server->accept(ends.fds[0], tls_context::ask::required));
    ends.client.reset(SSL_new(raw.get()));
    SSL_set_fd(ends.client.get(), ends.fds[1]);
    SSL_set_connect_state(ends.client.get());
    return ends.run();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(handshake_tests, handshake_fixture)

CAF_TEST(two nodes below one root know each other) {
  auto a = load(give("a")), b = load(give("b", root.below("second issuing").issue("b")));
  both_ends ends;
  CAF_REQUIRE(meet(ends, a, b));
  auto client = identity_of(ends.server.get()), server = identity_of(ends.client.get());
  CAF_REQUIRE(client);
  CAF_REQUIRE(server);
  CAF_CHECK_EQUAL(client->name, "b");
  CAF_CHECK_EQUAL(server->name, "a");
  CAF_CHECK(has(client->cipher, "TLSv1.3"));
  CAF_CHECK_EQUAL(SSL_session_reused(ends.client.get()), 0);
}

CAF_TEST(strangers are refused in words) {
  auto a = load(give("a"), system_clocks());
  struct {
    test_leaf leaf;
    std::string says;
  } table[] = {
    {foreign.issue("evil"), "'foreign root', which this node does not trust"},
    {issuing.issue("evil", "node", {-7200, -3600, {}}), "certificate of evil expired on"},
    {issuing.issue("evil", "node", {3600, 7200, {}}),
     "certificate of evil is not valid before"},
  };
  for (const auto& row : table) {
    both_ends ends;
    CAF_CHECK(!meet_raw(ends, a, &row.leaf));
    CAF_CHECK_EQUAL(ends.server_says.claimed, "evil");
    if (!has(ends.server_says.why, row.says))
      CAF_ERROR("said: " << ends.server_says.why);
    CAF_CHECK(!ends.client_says.why.empty());
  }
}

CAF_TEST(no certificate and TLS 1.2 and plain text are refused) {
  auto a = load(give("a"));
  auto leaf = issuing.issue("b");
  {
    both_ends ends;
    CAF_CHECK(!meet_raw(ends, a, nullptr));
    CAF_CHECK(has(ends.server_says.why, "the other side showed no certificate"));
  }
  {
    both_ends ends;
    CAF_CHECK(!meet_raw(ends, a, &leaf, TLS1_2_VERSION));
    CAF_CHECK(has(ends.server_says.why, "the other side does not offer TLS 1.3"));
  }
  both_ends ends;
  ends.server.reset(a->accept(ends.fds[0], tls_context::ask::required));
  const std::string text = "hello, is this BASP? ........";
  CAF_CHECK_EQUAL(::write(ends.fds[1], text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
  const int ret = SSL_do_handshake(ends.server.get());
  CAF_CHECK_EQUAL(explain(ends.server.get(), ret).why, "the other side does not speak TLS; is the port right?");
}

CAF_TEST(revoked by any list of the chain is refused) {
  auto leaf = issuing.issue("b");
  auto b = load(give("b", leaf));
  auto refused = [&](const std::string& name, const std::string& lists) {
    auto other = root.below("another issuing");
    auto a = load(give(name, other.issue("a"), lists));
    both_ends ends;
    const bool met = meet(ends, a, b);
    if (!met)
      CAF_CHECK(has(ends.server_says.why, "was revoked"));
    return !met;
  };
  CAF_CHECK(!refused("a1", issuing.crl({})));
  CAF_CHECK(!refused("a2", root.crl({})));
  CAF_CHECK(refused("a3", issuing.crl({leaf.serial})));
  CAF_CHECK(refused("a4", issuing.crl({}) + root.crl({issuing.serial()})));
}

CAF_TEST(a list counts also after its date and no other thing does) {
  auto leaf = issuing.issue("b"), free = issuing.issue("c");
  auto b = load(give("b", leaf)), c = load(give("c", free));
  // The lists of test_pki are valid for one day.
  set_clock later{system_clocks().wall() + 5 * day_ms};
  auto a =
    load(give("a", issuing.issue("a"), root.crl({}) + issuing.crl({leaf.serial})), later);
  both_ends bad, good;
  CAF_CHECK(!meet(bad, a, b));
  CAF_CHECK(meet(good, a, c));
}

CAF_TEST(a peer is checked against the floor when the clock is behind it) {
  auto files = give("a");
  write_file(files.time_floor, std::to_string(system_clocks().wall()));
  set_clock early{1000};
  auto a = load(files, early), b = load(give("b"));
  both_ends ends;
  CAF_CHECK(meet(ends, a, b));
  auto renewed = issuing.issue("new", "node", {30 * 86'400, 60 * 86'400, {}});
  both_ends month_later;
  CAF_CHECK(meet_raw(month_later, a, &renewed)); // the board was off meanwhile
  auto in_time = load(give("c"));
  both_ends sure;
  CAF_CHECK(!meet_raw(sure, in_time, &renewed)); // who knows the time is strict
  CAF_CHECK(has(sure.server_says.why, "is not valid before"));
  auto expired = issuing.issue("old", "node", {-7200, -3600, {}});
  both_ends later;
  CAF_CHECK(!meet_raw(later, a, &expired));
  CAF_CHECK(
    has(later.server_says.why, "clock says 1970-01-01, but it cannot be before 20"));
  CAF_CHECK(has(later.server_says.why, "delete clock.floor"));
  both_ends known;
  CAF_CHECK(!meet_raw(known, in_time, &expired));
  CAF_CHECK(!has(known.server_says.why, "clock.floor")); // nothing says so here
}

CAF_TEST(a server asks for a certificate or not) {
  auto a = load(give("a"));
  for (auto [whom, known] : {std::pair{tls_context::ask::required, true},
                             std::pair{tls_context::ask::optional, true},
                             std::pair{tls_context::ask::none, false}}) {
    both_ends ends;
    CAF_REQUIRE(meet(ends, a, a, whom));
    CAF_CHECK_EQUAL(bool{identity_of(ends.server.get())}, known);
  }
  owned_ssl_ctx raw{SSL_CTX_new(TLS_method())};
  both_ends ends;
  ends.server.reset(a->accept(ends.fds[0], tls_context::ask::optional));
  ends.client.reset(SSL_new(raw.get()));
  SSL_set_fd(ends.client.get(), ends.fds[1]);
  SSL_set_connect_state(ends.client.get());
  CAF_CHECK(ends.run());
  CAF_CHECK(!identity_of(ends.server.get()));
}

CAF_TEST(of two lists of one authority both count) {
  const auto attic = issuing.issue("attic"), garden = issuing.issue("garden"), boiler = issuing.issue("boiler");
  const auto one = issuing.crl({attic.serial}), other = issuing.crl({garden.serial});
  const auto of_root = root.crl({}), stranger = foreign.crl({boiler.serial});
  for (const auto& lists : {one + other + of_root, other + one + of_root, stranger + other + of_root + one}) {
    const auto server = load(give("server", issuing.issue("server"), lists));
    const struct {
      const test_leaf& who;
      bool in;
    } table[] = {{attic, false}, {garden, false}, {boiler, true}};
    for (const auto& x : table) {
      both_ends ends;
      CAF_CHECK_EQUAL(meet_raw(ends, server, &x.who), x.in);
      CAF_CHECK_EQUAL(has(ends.server_says.why, "was revoked"), !x.in);
      // The other way round, too: a node dials, and a person's client does.
      both_ends back;
      CAF_CHECK_EQUAL(meet(back, load(give("peer", x.who)), server), x.in);
    }
    CAF_CHECK(!tls_context::load(give("own", garden, lists)));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
