#define CAF_SUITE trust_keeper

#include "apps/daemon/trust_keeper.hpp"

#include "cluster/identity/renewal.hpp"
#include "tests/unit/identity/test_house.hpp"

#include <filesystem>
#include <future>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A node of a house founded in autumn 2026, whose clock is moved by hand, and
/// the server that renews its certificate with a clock of its own.
struct trust_keeper_fixture : house_fixture {
  set_clock board{autumn_2026};
  std::string pki = folder / "board";
  int renewals = 0;
  int answers = 0;
  std::function<nlohmann::json(const std::string& request)> says; ///< to a renewal; empty: the server's answer
  std::vector<std::string> told;

  trust_keeper_fixture() {
    must(make_folder(pki, openness::secret));
    private_key key = must(private_key::make(key_algorithm::p256));
    const auto request = request_for("board", &key);
    const auto made = must(open().issue(request, {"board", role::node}));
    must(write_text(pki + "/node.key", key.pem(), openness::secret));
    must(write_text(pki + "/node.crt", made.chain));
    must(write_text(pki + "/ca.crt", file("ca.crt")));
  }

  std::unique_ptr<daemon::trust_keeper> start() { return must(daemon::trust_keeper::open(options_for(pki))); }

  /// The same on the server: its PKI folder is the authority's.
  std::unique_ptr<daemon::trust_keeper> start_server() {
    private_key key = must(private_key::make(key_algorithm::p256));
    const auto request = request_for("server", &key);
    must(write_text(dir + "/node.crt", must(open().issue(request, {"server", role::node})).chain));
    must(write_text(dir + "/node.key", key.pem(), openness::secret));
    auto how = options_for(dir);
    how.merge = [server = open()](const std::string& lists) { return server.merge_revoked(lists); };
    return must(daemon::trust_keeper::open(std::move(how)));
  }

  daemon::trust_keeper::options options_for(const std::string& where) {
    daemon::trust_keeper::options how;
    how.files = cluster::credential_files::in(where);
    how.clocks = &board;
    how.tell = [this](storage::severity level, const std::string& text) {
      told.push_back(std::to_string(static_cast<int>(level)) + " " + text);
    };
    how.renew = [this](const std::string& request, const daemon::trust_keeper::fits&) -> result<nlohmann::json> {
      ++renewals;
      if (says)
        return says(request);
      const auto now = must(certificate::read(must(read_text(pki + "/node.crt")), "now"));
      auto made = open().renew(request, "board", role::node, now.serial());
      if (!made)
        return made.why();
      return nlohmann::json{{"certificate", made->chain}};
    };
    how.answer = [this] { ++answers; };
    return how;
  }

  /// Server and desk go on from one list: the server revokes `attic` and more up to
  /// list 5, the desk `garden` as its second. @returns both
  std::pair<std::string, std::string> apart() {
    for (const auto* name : {"attic", "garden", "a", "b", "c"})
      issue(name);
    const auto desk = folder / "desk";
    std::filesystem::copy(dir, desk);
    for (const auto* name : {"attic", "a", "b", "c"})
      must(open().revoke(name, ""));
    must(must(authority::open(desk, clock)).revoke("garden", ""));
    return {file("revoked.crl"), must(read_text(desk + "/revoked.crl"))};
  }

  std::string serial_of(const std::string& name) {
    for (const auto& x : must(open().list()))
      if (x.name == name)
        return x.serial;
    return "";
  }

  bool knows_revoked(daemon::trust_keeper& x, const std::string& name) {
    return x.context()->is_revoked(must(certificate::read(file("issuer.crt"), "issuer")).serial(), serial_of(name));
  }

  bool is_revoked(const std::string& where, const std::string& name) {
    for (const auto& x : must(revocation_list::read_all(must(read_text(where + "/revoked.crl")), "lists")))
      if (x.serials().contains(serial_of(name)))
        return true;
    return false;
  }

  /// Both clocks go on, and the keeper looks.
  void pass_days(daemon::trust_keeper& x, int days, std::chrono::minutes every = std::chrono::minutes{10}) {
    for (auto left = std::chrono::minutes{days * 1440}; left.count() > 0; left -= every) {
      board.pass(every);
      clock.pass(every);
      x.look_after();
    }
  }

  unsigned times(const std::string& part) const {
    unsigned n = 0;
    for (const auto& x : told)
      n += x.find(part) != std::string::npos;
    return n;
  }
};

constexpr wall_ms day = 86'400'000;

} // namespace

CAF_TEST_FIXTURE_SCOPE(trust_keeper_tests, trust_keeper_fixture)

CAF_TEST(a node in 1970 starts and is told once and again when its clock is set) {
  board.set(5'000);
  auto x = start();
  pass_days(*x, 3);
  CAF_CHECK_EQUAL(times("it cannot be before 2026-11-"), 1u);
  CAF_CHECK(x->clock_trouble().find("clock says 1970-01-0") != std::string::npos);
  board.set(clock.wall());
  x->look_after();
  CAF_CHECK_EQUAL(times("clock is set"), 1u);
  CAF_CHECK_EQUAL(x->clock_trouble(), "");
  CAF_CHECK_EQUAL(renewals, 0);
  CAF_CHECK_EQUAL(told.size(), 2u);
}

CAF_TEST(a node in 2099 starts renews nothing and is well when its clock is set) {
  board.set(in_2099);
  auto x = start();
  pass_days(*x, 3);
  CAF_CHECK_EQUAL(renewals, 0);
  CAF_CHECK_EQUAL(times("its certificate ended on 2027-11-"), 1u);
  CAF_CHECK_EQUAL(told.size(), 1u);
  board.set(clock.wall());
  x->look_after();
  CAF_CHECK_EQUAL(x->clock_trouble(), "");
  x->close();
  CAF_CHECK(must(read_text(pki + "/clock.floor")) <= floor_text(clock.wall()));
}

CAF_TEST(a clock months ahead renews once a day and not every minute) {
  board.set(autumn_2026 + 320 * day);
  auto x = start();
  pass_days(*x, 4);
  CAF_MESSAGE(renewals << " renewals");
  CAF_CHECK(renewals >= 3);
  CAF_CHECK(renewals <= 5);
  CAF_CHECK(times("far ahead of the server") >= 1);
}

CAF_TEST(a board that stays in 1970 renews when its time is up) {
  board.set(5'000);
  auto x = start();
  pass_days(*x, 350, std::chrono::minutes{360});
  CAF_CHECK_EQUAL(renewals, 1);
  CAF_CHECK_EQUAL(times("certificate renewed"), 1u);
}

CAF_TEST(a certificate of a server that runs ahead is not taken) {
  auto x = start();
  pass_days(*x, 1);
  clock.set(autumn_2026 + 900 * day);
  board.set(autumn_2026 + 330 * day);
  x->look_after();
  CAF_CHECK_EQUAL(renewals, 1);
  CAF_CHECK_EQUAL(times("could not be renewed: the new certificate begins only on 2029-"), 1u);
  CAF_CHECK_EQUAL(times("certificate renewed"), 0u);
}

CAF_TEST(a server whose certificate has ended gives itself a new one when its clock is believed) {
  const auto made = [&] {
    auto how = options_for(dir);
    private_key key = must(private_key::make(key_algorithm::p256));
    must(write_text(dir + "/node.crt", must(open().issue(request_for("server", &key), {"server", role::node})).chain));
    must(write_text(dir + "/node.key", key.pem(), openness::secret));
    return how;
  };
  auto how = made();
  bool signs = false, believed = false;
  how.signs = [&] { return signs; };
  const auto old = must(certificate::read(file("node.crt"), "old"));
  daemon::trust_keeper* keeper = nullptr;
  how.renew = [&](const std::string& request, const daemon::trust_keeper::fits&) -> result<nlohmann::json> {
    ++renewals;
    if (!believed)
      return error{errc::untrusted, "the clock of boiler says otherwise"};
    auto fresh = open().renew(request, "server", role::node, old.serial(), 365, keeper->floor());
    if (!fresh)
      return fresh.why();
    return nlohmann::json{{"certificate", fresh->chain}};
  };
  auto x = must(daemon::trust_keeper::open(std::move(how)));
  keeper = x.get();
  x->look_after();
  for (auto* clock : {&board, &this->clock})
    clock->set(old.until() + 2 * day);
  CAF_MESSAGE("a node without an issuer does not ask: nobody would hear it");
  x->look_after();
  CAF_CHECK_EQUAL(renewals, 0);
  CAF_MESSAGE("a clock that is not believed renews nothing and says what is wrong and what to do");
  signs = true;
  x->look_after();
  CAF_CHECK_EQUAL(renewals, 1);
  CAF_CHECK_EQUAL(times("ended on 2027-11-"), 2u); // as the clock's trouble, and as a failed renewal
  CAF_CHECK_EQUAL(times("and could not be renewed: the clock of boiler says otherwise"), 1u);
  CAF_CHECK_EQUAL(times("`troupe pki issue server --enrols --replace`"), 1u);
  CAF_CHECK(certificate::read(file("node.crt"), "same")->serial() == old.serial());
  pass_days(*x, 3, std::chrono::minutes{60});
  CAF_CHECK_EQUAL(renewals, 1 + 3 * 24);
  CAF_CHECK_EQUAL(times("and could not be renewed: the clock of boiler says otherwise"), 4u); // once a day
  CAF_MESSAGE("one that is believed does");
  believed = true;
  renewals = 0;
  pass_days(*x, 1, std::chrono::minutes{60});
  CAF_CHECK_EQUAL(renewals, 1);
  CAF_CHECK_EQUAL(times("certificate renewed"), 1u);
  CAF_CHECK_EQUAL(times("clock is set"), 0u);
  const auto fresh = must(certificate::read(file("node.crt"), "fresh"));
  CAF_CHECK(fresh.until() > board.wall() + 360 * day);
  // Whatever this clock is wrong by: peers with a right one accept it now.
  CAF_CHECK(fresh.from() <= old.until());
  CAF_CHECK_EQUAL(x->clock_trouble(), "");
}

CAF_TEST(a server joins what it revoked with a longer list of a peer) {
  const auto [five, two] = apart();
  auto x = start_server();
  must(write_text(dir + "/revoked.crl", two)); // copied from the desk
  x->offered("peer", {file("ca.crt"), five});
  CAF_CHECK(is_revoked(dir, "attic"));
  CAF_CHECK(is_revoked(dir, "garden"));
  CAF_CHECK(knows_revoked(*x, "attic"));
  CAF_CHECK(knows_revoked(*x, "garden"));
  // And its peers take what came of it.
  must(write_text(pki + "/revoked.crl", five));
  auto peer = start();
  peer->offered("server", x->offer());
  CAF_CHECK(is_revoked(pki, "attic"));
  CAF_CHECK(is_revoked(pki, "garden"));
}

CAF_TEST(a server that cannot join leaves its list as it is) {
  const auto [five, two] = apart();
  auto x = start_server();
  must(write_text(dir + "/revoked.crl", two));
  must(write_text(dir + "/index.json", "rubbish\n"));
  x->offered("peer", {file("ca.crt"), five});
  CAF_CHECK_EQUAL(file("revoked.crl"), two);
  CAF_CHECK_EQUAL(times("index.json:1 cannot be read"), 1u);
}

CAF_TEST(who offers an older list is answered once) {
  issue("attic");
  issue("garden");
  must(open().revoke("attic", ""));
  const auto older = file("revoked.crl");
  must(open().revoke("garden", ""));
  const auto ours = file("revoked.crl");
  must(write_text(pki + "/revoked.crl", ours));
  auto x = start();
  x->offered("server", {file("ca.crt"), older});
  x->offered("server", {file("ca.crt"), older});
  CAF_CHECK_EQUAL(answers, 1);
  CAF_CHECK_EQUAL(must(read_text(pki + "/revoked.crl")), ours);
  x->offered("server", {file("ca.crt"), ours});  // it has learned
  x->offered("server", {file("ca.crt"), older}); // and was restored from a backup
  CAF_CHECK_EQUAL(answers, 2);
}

CAF_TEST(nodes without the key keep lists that differ side by side and a server makes one of them) {
  // The desk's list was copied to one node, the server's was taken by another.
  const auto [five, two] = apart();
  const auto other = folder / "cellar";
  std::filesystem::copy(pki, other);
  must(write_text(pki + "/revoked.crl", two));
  must(write_text(other + "/revoked.crl", five));
  auto x = start();
  auto y = must(daemon::trust_keeper::open(options_for(other)));
  x->offered("cellar", y->offer());
  y->offered("board", x->offer());
  for (const auto& where : {pki, other})
    for (const auto* name : {"attic", "garden"})
      CAF_CHECK(is_revoked(where, name));
  CAF_CHECK(knows_revoked(*x, "attic"));
  CAF_CHECK(knows_revoked(*x, "garden"));
  CAF_CHECK_EQUAL(must(read_text(pki + "/revoked.crl")), must(read_text(other + "/revoked.crl")));
  CAF_MESSAGE("now they agree, and say no more");
  answers = 0;
  told.clear();
  x->offered("cellar", y->offer());
  CAF_CHECK_EQUAL(answers, 0);
  CAF_CHECK(told.empty());
  CAF_MESSAGE("the server comes with its own");
  must(write_text(dir + "/revoked.crl", five));
  auto server = start_server();
  server->offered("board", x->offer());
  x->offered("server", server->offer());
  CAF_CHECK(is_revoked(pki, "attic"));
  CAF_CHECK(is_revoked(pki, "garden"));
  CAF_CHECK_EQUAL(must(revocation_list::read_all(must(read_text(pki + "/revoked.crl")), "lists")).size(), 2u); // root's and issuer's
  CAF_CHECK_EQUAL(x->offer().revoked.size(), server->offer().revoked.size());
}

CAF_TEST(a list that is copied over a longer one lets nobody in again) {
  const auto [five, two] = apart();
  for (const bool is_server : {false, true}) {
    const auto where = is_server ? dir : pki;
    must(write_text(where + "/revoked.crl", five));
    auto x = is_server ? start_server() : start();
    must(write_text(where + "/revoked.crl", two)); // `cp pki/revoked.crl`, and no peer is there
    must(x->reload());
    for (const auto* name : {"attic", "garden"}) {
      CAF_CHECK(is_revoked(where, name));
      CAF_CHECK(knows_revoked(*x, name));
    }
  }
  CAF_MESSAGE("and what cannot be read stays what it is");
  auto x = start();
  const std::string rubbish = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
  must(write_text(pki + "/revoked.crl", rubbish));
  CAF_CHECK(!x->reload());
  CAF_CHECK_EQUAL(must(read_text(pki + "/revoked.crl")), rubbish);
  CAF_CHECK(knows_revoked(*x, "attic"));
}

CAF_TEST(a renewal that this node could not load stays beside) {
  const auto good = must(read_text(pki + "/node.crt"));
  const auto serial = must(certificate::read(good, "good")).serial();
  house_fixture stranger{"elm"};
  for (auto* x : {&board, &clock, &stranger.clock})
    x->pass(std::chrono::hours{24 * 320});
  const auto renewed = [&](const std::string& request, role as) {
    clock.pass(std::chrono::hours{2});
    board.pass(std::chrono::hours{2});
    return nlohmann::json{{"certificate", must(open().renew(request, "board", as, serial)).chain}};
  };
  struct {
    std::string what;
    std::function<nlohmann::json(const std::string&)> says;
    std::string told;
  } table[] = {
    {"of another key", [&](auto&) { return renewed(request_for("board"), role::node); }, "does not belong to the certificate"},
    {"of another role", [&](auto& x) { return renewed(x, role::operator_); }, "not a longer certificate of this node"},
    {"of another name", [&](auto&) { return nlohmann::json{{"certificate", issue("attic").chain}}; }, "not a longer certificate of this node"},
    {"no longer", [&](auto&) { return nlohmann::json{{"certificate", good}}; }, "not a longer certificate of this node"},
    {"of another house", [&](auto& x) { return nlohmann::json{{"certificate", must(stranger.open().issue(x, {"board"})).chain}}; }, "does not trust"},
    {"not yet valid", [&](auto& x) {
      clock.pass(std::chrono::hours{72});
      auto out = renewed(x, role::node);
      clock.set(board.wall());
      return out;
    }, "begins only on"},
    {"rubbish", [&](auto&) { return nlohmann::json{{"certificate", "rubbish"}}; }, "the renewed certificate"},
    {"a number", [&](auto&) { return nlohmann::json{{"certificate", 7}}; }, "holds no certificate"},
    {"no object", [&](auto&) { return nlohmann::json("hello"); }, "holds no certificate"},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    told.clear();
    says = x.says;
    start()->look_after();
    CAF_CHECK(must(read_text(pki + "/node.crt")) == good);
    CAF_CHECK(!is_there(pki + "/node.crt.new"));
    CAF_CHECK_EQUAL(times("could not be renewed"), 1u);
    CAF_CHECK_EQUAL(times(x.told), 1u);
  }
  says = nullptr;
  renewed(request_for("board"), role::node);
  clock.pass(std::chrono::hours{2});
  start()->look_after();
  CAF_CHECK(must(read_text(pki + "/node.crt")) != good);
}

CAF_TEST(a command that writes a list is waited for and not undone) {
  issue("attic");
  issue("garden");
  auto x = start();
  must(open().revoke("attic", ""));
  const auto older = file("revoked.crl");
  must(open().revoke("garden", ""));
  auto lock = std::make_unique<folder_lock>(must(folder_lock::hold(pki)));
  auto done = std::async(std::launch::async, [&] { x->offered("server", {file("ca.crt"), older}); });
  CAF_CHECK(done.wait_for(std::chrono::milliseconds{300}) == std::future_status::timeout);
  must(write_text(pki + "/revoked.crl", file("revoked.crl")));
  lock.reset();
  done.get();
  CAF_CHECK(must(read_text(pki + "/revoked.crl")) == file("revoked.crl"));
}

CAF_TEST(a list that cannot be read is not replaced by an older one) {
  auto x = start();
  const auto large = std::string(2 << 20, 'x');
  must(write_text(pki + "/revoked.crl", large));
  x->offered("server", {file("ca.crt"), file("revoked.crl")});
  CAF_CHECK(must(read_text(pki + "/revoked.crl", large.size())) == large);
  CAF_CHECK_EQUAL(times("offered by server: "), 1u);
}

CAF_TEST(a node whose certificate has expired still learns who is revoked) {
  issue("attic");
  board.set(in_2099);
  auto x = start();
  must(open().revoke("attic", ""));
  must(write_text(pki + "/revoked.crl", file("revoked.crl")));
  CAF_CHECK(!knows_revoked(*x, "attic"));
  x->look_after();
  CAF_CHECK(knows_revoked(*x, "attic"));
}

CAF_TEST(a list that is written while the files are loaded is noticed) {
  // Asked for the time after the lists are read.
  struct : clock_source {
    wall_ms wall() const override {
      if (auto now = std::exchange(once, nullptr))
        now();
      return of->wall();
    }
    mono_ns mono() const override { return of->mono(); }
    const clock_source* of = nullptr;
    mutable std::function<void()> once;
  } between;
  issue("attic");
  must(open().revoke("attic", ""));
  between.of = &board;
  between.once = [this] { must(write_text(pki + "/revoked.crl", file("revoked.crl"))); };
  auto how = options_for(pki);
  how.clocks = &between;
  auto x = must(daemon::trust_keeper::open(std::move(how)));
  CAF_REQUIRE(!knows_revoked(*x, "attic"));
  x->look_after();
  CAF_CHECK(knows_revoked(*x, "attic"));
}

CAF_TEST_FIXTURE_SCOPE_END()
