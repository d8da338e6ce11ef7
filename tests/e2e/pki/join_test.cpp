#define CAF_SUITE join_commands

#include "apps/client/enrol.hpp"
#include "apps/daemon/enrolment.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/house.hpp"
#include "cluster/identity/request.hpp"
#include "config/load/parse.hpp"
#include "tests/support/enrol_server.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/set_clock.hpp"
#include "tests/support/suite.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>

#include <sys/stat.h>

using namespace troupe;
using namespace troupe::test;
using json = nlohmann::json;

namespace {

template <class T>
T must(result<T> x) {
  if (!x)
    CAF_FAIL(to_string(x.why()));
  return std::move(*x);
}

bool has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE(text);
  return false;
}

/// A server with an issuer that takes boards in, and new machines beside it.
struct join_fixture {
  temp_folder folder;
  std::string dir = folder / "server";
  std::vector<std::string> journal;
  int revoked = 0;
  std::unique_ptr<daemon::enrolment> book;

  join_fixture() {
    found(dir, "elm");
    book = must(daemon::enrolment::open({.folder = dir,
                                         .addresses = [] { return std::vector<std::string>{"server-1:4711", "[fd00::2]:4711"}; },
                                         .peers = [] { return std::vector<std::string>{"server-1@server-1:4710", "boiler@old:4710"}; },
                                         .journal = [this](auto&, auto&, auto& text) { journal.push_back(text); },
                                         .revoked_changed = [this] { ++revoked; }}));
  }

  /// With a certificate for the server itself.
  static void found(const std::string& where, const std::string& house) {
    const auto done = identity::found_house(where, {house, identity::key_algorithm::p256, "correct horse", false});
    if (!done)
      CAF_FAIL(to_string(done.why()));
    equip(where, "server-1", cluster::role::node);
  }

  static void equip(const std::string& where, const std::string& name, cluster::role allowed, unsigned days = 365) {
    const auto key = must(identity::private_key::make(identity::key_algorithm::p256));
    const auto made = must(must(identity::authority::open(where)).issue(must(identity::make_request(key, name)), {name, allowed, days, true}));
    CAF_REQUIRE(static_cast<bool>(identity::write_text(where + "/node.key", key.pem(), identity::openness::secret)));
    CAF_REQUIRE(static_cast<bool>(identity::write_text(where + "/node.crt", made.chain)));
  }

  static std::shared_ptr<const cluster::tls_context> tls(const std::string& where) {
    return must(cluster::tls_context::load(cluster::credential_files::in(where)));
  }

  std::unique_ptr<enrol_server> serve(const std::string& date = "") {
    return std::make_unique<enrol_server>(tls(dir), [this](const json& x) { return book->enrol(x); }, date);
  }

  std::string token(const json& more = json::object()) {
    json body = {{"name", "boiler"}, {"ttl", "1h"}};
    body.update(more);
    return must(book->mint("anna", body)).at("token");
  }

  std::string board(const std::string& file = "") const { return folder.path() + "/board/" + file; }

  outcome join(const enrol_server& at, const std::string& with, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {TROUPE_BIN "/troupe", "join", "127.0.0.1:" + at.port(), "--token", with,
                                      "--config", board("node.toml"), "--dir", board("pki"), "--data-dir", board("data")};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, folder.path());
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(join_tests, join_fixture)

CAF_TEST(a token and one command make a board a member) {
  auto server = serve();
  const auto house = std::string{"[bus.sim]\ndriver = \"sim\"\n"};
  const auto got = join(*server, token({{"house", house}}));
  CAF_CHECK_EQUAL(got.err, "");
  CAF_REQUIRE_EQUAL(got.exit, 0);
  CAF_CHECK(has(got.out, "trouped --config " + board("node.toml") + " --house " + board("house.toml")));
  // The node can start with it, and its own TLS takes it.
  const auto own = tls(board("pki"));
  CAF_CHECK_EQUAL(own->self().name, "boiler");
  CAF_CHECK(own->self().allowed == cluster::role::node);
  const auto text = file_text(board("node.toml"));
  CAF_CHECK(has(text, "name = \"boiler\""));
  // Itself is no peer.
  CAF_CHECK(has(text, "peers = [\"server-1@server-1:4710\"]"));
  const auto node = parse_node(text, "node.toml");
  for (auto& x : node.problems)
    CAF_ERROR(x.to_string());
  CAF_CHECK_EQUAL(node.node.pki_dir, board("pki"));
  CAF_CHECK_EQUAL(node.node.listen.size(), 1u);
  CAF_CHECK_EQUAL(node.node.peers.size(), 1u);
  CAF_CHECK_EQUAL(file_text(board("house.toml")), house);
  struct stat key{};
  CAF_CHECK_EQUAL(::stat(board("pki/node.key").c_str(), &key), 0);
  CAF_CHECK_EQUAL(key.st_mode & 0777, 0600u);
  CAF_CHECK(!std::filesystem::exists(board("pki/join.key")));
  CAF_CHECK(!file_text(board("pki/clock.floor")).empty());
  CAF_CHECK(has(journal.back(), "node boiler joined with token"));
  // And openssl agrees.
  CAF_CHECK_EQUAL(run_program({"openssl", "verify", "-CAfile", board("pki/ca.crt"), "-untrusted", board("pki/node.crt"),
                               "-crl_check_all", "-CRLfile", board("pki/revoked.crl"), board("pki/node.crt")}, folder.path()).exit, 0);
}

CAF_TEST(people join too and get no node) {
  auto server = serve();
  const auto got = join(*server, token({{"name", "anna"}, {"role", "operator"}}));
  CAF_REQUIRE_EQUAL(got.exit, 0);
  CAF_CHECK(std::filesystem::exists(board("pki/operator.crt")));
  CAF_CHECK(!std::filesystem::exists(board("node.toml")));
}

CAF_TEST(a token is not good twice) {
  auto server = serve();
  const auto x = token();
  CAF_REQUIRE_EQUAL(join(*server, x).exit, 0);
  const auto here = join(*server, x);
  CAF_CHECK_EQUAL(here.exit, 1);
  CAF_CHECK(has(here.err, "member already"));
  // A thief's machine.
  std::filesystem::rename(board(), folder / "first");
  const auto thief = join(*server, x);
  CAF_CHECK_EQUAL(thief.exit, 1);
  CAF_CHECK(has(thief.err, "used already, with another key"));
  CAF_CHECK(!std::filesystem::exists(board("node.toml")));
  CAF_CHECK(!std::filesystem::exists(board("pki/node.crt")));
}

CAF_TEST(an answer that was lost is asked for again with the same token) {
  auto server = serve();
  const auto x = token();
  server->lose_answer = true;
  const auto lost = join(*server, x);
  CAF_CHECK_EQUAL(lost.exit, 3);
  CAF_CHECK(has(lost.err, "Join again with the same token"));
  CAF_CHECK(std::filesystem::exists(board("pki/join.key")));
  server->lose_answer = false;
  CAF_CHECK_EQUAL(join(*server, x).exit, 0);
  CAF_CHECK_EQUAL(tls(board("pki"))->self().name, "boiler");
  CAF_CHECK_EQUAL(revoked, 1); // the certificate that was lost on the way
}

CAF_TEST(nothing is sent to a server that is not below the tokens root) {
  const auto x = token();
  const auto other = folder / "other";
  found(other, "elm");
  enrol_server stranger{tls(other), [](const json&) -> result<json> { return json::object(); }};
  const auto got = join(stranger, x);
  CAF_CHECK_EQUAL(got.exit, 1);
  CAF_CHECK(has(got.err, "does not end in the root that the token names"));
  CAF_CHECK_EQUAL(stranger.asked.load(), 0);
  // A viewer of the same house has a certificate below that root, too.
  equip(dir, "mallory", cluster::role::viewer);
  enrol_server viewer{tls(dir), [](const json&) -> result<json> { return json::object(); }};
  const auto from_viewer = join(viewer, x);
  CAF_CHECK_EQUAL(from_viewer.exit, 1);
  CAF_CHECK(has(from_viewer.err, "is not one of a server"));
  CAF_CHECK_EQUAL(viewer.asked.load(), 0);
}

CAF_TEST(a server of the house that cheats is found out) {
  const auto x = token();
  const auto key = must(identity::private_key::make(identity::key_algorithm::p256));
  const auto good = must(book->enrol({{"token", x}, {"request", must(identity::make_request(key, "boiler"))}}));
  enrol_server server{tls(dir), [&](const json&) -> result<json> { return good; }};
  const auto got = join(server, x);
  CAF_CHECK_EQUAL(got.exit, 1);
  CAF_CHECK(has(got.err, "for another key"));
  CAF_CHECK(!std::filesystem::exists(board("pki/node.crt")));
  CAF_CHECK(!std::filesystem::exists(board("pki/ca.crt")));
}

CAF_TEST(whom nobody enrols) {
  auto server = serve();
  struct {
    std::string what, token, says;
    int exit;
  } table[] = {
    {"mistyped", token().replace(30, 1, "!"), "this is no token", 2},
    {"unknown at this server",
     identity::to_text(must(identity::make_token("boiler", cluster::role::node, must(must(identity::authority::open(dir)).root_fingerprint()),
                                                 system_clocks().wall(), std::chrono::hours{1}))),
     "no such token", 1},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    const auto got = join(*server, x.token);
    CAF_CHECK_EQUAL(got.exit, x.exit);
    CAF_CHECK(has(got.err, x.says));
  }
  const auto nobody = run_program({TROUPE_BIN "/troupe", "join", "127.0.0.1:1", "--token", token(), "--dir", board("x")}, folder.path());
  CAF_CHECK_EQUAL(nobody.exit, 3);
  CAF_CHECK(has(nobody.err, "no server answers at 127.0.0.1:1"));
}

CAF_TEST(a request for another name does not use the token up) {
  const auto x = token();
  const auto key = must(identity::private_key::make(identity::key_algorithm::p256));
  const auto got = book->enrol({{"token", x}, {"request", must(identity::make_request(key, "attic"))}});
  CAF_REQUIRE(!got);
  CAF_CHECK(has(got.why().context, "for 'attic' and the token for 'boiler'"));
  CAF_CHECK(static_cast<bool>(book->enrol({{"token", x}, {"request", must(identity::make_request(key, "boiler"))}})));
  for (json rubbish : {json::object(), json{{"token", 1}, {"request", json::array()}}, json{{"token", x}}})
    CAF_CHECK(!book->enrol(rubbish));
}

CAF_TEST(a flood of wrong tokens is one line in the journal) {
  const auto key = must(identity::private_key::make(identity::key_algorithm::p256));
  const auto request = must(identity::make_request(key, "boiler"));
  const auto root = must(must(identity::authority::open(dir)).root_fingerprint());
  for (int i = 0; i < 200; ++i)
    CAF_CHECK(!book->enrol({{"token", identity::to_text(must(identity::make_token("boiler", cluster::role::node, root, autumn_2026,
                                                                                 std::chrono::hours{1})))},
                            {"request", request}}));
  CAF_CHECK_EQUAL(journal.size(), 1u);
}

CAF_TEST(a board that is replaced ends the certificate of the broken one) {
  auto server = serve();
  CAF_REQUIRE_EQUAL(join(*server, token()).exit, 0);
  const auto again = book->mint("anna", {{"name", "boiler"}});
  CAF_REQUIRE(!again);
  CAF_CHECK(has(again.why().context, "--replace"));
  std::filesystem::rename(board(), folder / "broken");
  CAF_REQUIRE_EQUAL(join(*server, token({{"replace", true}})).exit, 0);
  CAF_CHECK_EQUAL(revoked, 1);
  const auto fresh = tls(board("pki"));
  const auto broken = must(identity::certificate::read(file_text(folder / "broken/pki/node.crt"), "broken"));
  const auto issuer = must(identity::certificate::read(file_text(dir + "/issuer.crt"), "issuer"));
  CAF_CHECK(fresh->is_revoked(issuer.serial(), broken.serial()));
}

CAF_TEST(a node renews its own certificate and no other) {
  auto server = serve();
  CAF_REQUIRE_EQUAL(join(*server, token()).exit, 0);
  const auto who = tls(board("pki"))->self();
  const auto key = must(identity::private_key::read(file_text(board("pki/node.key")), "node.key"));
  const auto got = must(book->renew(who, must(identity::make_request(key, "boiler"))));
  const auto fresh = must(identity::certificate::read(got.at("certificate"), "answer"));
  CAF_CHECK_EQUAL(fresh.name(), "boiler");
  CAF_CHECK_NOT_EQUAL(fresh.serial(), who.serial);
  const auto other = book->renew(who, must(identity::make_request(key, "server-1")));
  CAF_REQUIRE(!other);
  CAF_CHECK(has(other.why().context, "not for 'boiler'"));
}

CAF_TEST(a board in 1970 joins and one in 2099 says why not) {
  auto server = serve("Fri, 20 Nov 2026 19:04:23 GMT");
  const auto text = token();
  const auto shown = must(identity::token_from(text));
  const auto key = must(identity::private_key::make(identity::key_algorithm::p256));
  const json body = {{"token", text}, {"request", must(identity::make_request(key, "boiler"))}};
  client::enrol_server at{"127.0.0.1", server->port(), shown.root, shown.minted};
  set_clock future{in_2099};
  const auto refused = client::enrol(at, body, future);
  CAF_REQUIRE(!refused);
  CAF_CHECK_EQUAL(refused.why().code, "clock");
  CAF_CHECK(has(refused.why().text, "clock says 2099-01-01"));
  CAF_CHECK(has(refused.why().text, "The server's clock says Fri, 20 Nov 2026 19:04:23 GMT"));
  CAF_CHECK(has(refused.why().text, "timedatectl"));
  CAF_CHECK_EQUAL(server->asked.load(), 0); // the token is still good
  set_clock past{5'000};
  const auto got = client::enrol(at, body, past);
  if (!got)
    CAF_FAIL(got.why().text);
  CAF_CHECK_EQUAL(got->at("name"), "boiler");
}

CAF_TEST_FIXTURE_SCOPE_END()
