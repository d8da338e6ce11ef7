#define CAF_SUITE trust_keeper

#include "apps/daemon/trust_keeper.hpp"

#include "cluster/identity/renewal.hpp"
#include "tests/unit/identity/test_house.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// A node of a house founded in autumn 2026, whose clock is moved by hand, and
/// the server that renews its certificate with a clock of its own.
struct fixture : house_fixture {
  set_clock board{autumn_2026};
  std::string pki = folder / "board";
  int renewals = 0;
  std::vector<std::string> told;

  fixture() {
    must(make_folder(pki, openness::secret));
    private_key key = must(private_key::make(key_algorithm::p256));
    const auto request = request_for("board", &key);
    const auto made = must(open().issue(request, {"board", role::node}));
    must(write_text(pki + "/node.key", key.pem(), openness::secret));
    must(write_text(pki + "/node.crt", made.chain));
    must(write_text(pki + "/ca.crt", file("ca.crt")));
  }

  std::unique_ptr<daemon::trust_keeper> start() {
    daemon::trust_keeper::options how;
    how.files = cluster::credential_files::in(pki);
    how.clocks = &board;
    how.tell = [this](storage::severity level, const std::string& text) {
      told.push_back(std::to_string(static_cast<int>(level)) + " " + text);
    };
    how.renew = [this](const std::string& request) -> result<nlohmann::json> {
      ++renewals;
      const auto now = must(certificate::read(must(read_text(pki + "/node.crt")), "now"));
      auto made = open().renew(request, "board", role::node, now.serial());
      if (!made)
        return made.why();
      return nlohmann::json{{"certificate", made->chain}};
    };
    return must(daemon::trust_keeper::open(std::move(how)));
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

CAF_TEST_FIXTURE_SCOPE(trust_keeper_tests, fixture)

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

CAF_TEST_FIXTURE_SCOPE_END()
