// Renewal, rotation and revocation on real nodes that are at work.

#undef CAF_SUITE
#define CAF_SUITE trust

#include "cluster/identity/authority.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/house.hpp"
#include "cluster/identity/key.hpp"
#include "cluster/identity/request.hpp"
#include "tests/e2e/cluster/three_nodes.hpp"
#include "tests/support/set_clock.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

using namespace troupe::test;
using namespace std::chrono_literals;
namespace identity = troupe::identity;

namespace {

/// Sets an output of one node from another as fast as it goes, and counts what
/// was refused.
class load {
public:
  load(test_node& by, std::string output) : thread_{[this, &by, output = std::move(output)] {
      while (!ends_) {
        const auto value = ++done_ % 2 == 0 ? "off" : "on";
        const auto said = by.troupe({"set", output, value});
        if (said.exit != 0) {
          ++failed_;
          why_ = said.err;
        } else if (by.reading(output) != value) {
          // The answer says that it is done; a reading follows at once.
          if (!within(1s, [&] { return by.reading(output) == value; })) {
            ++failed_;
            why_ = output + " is not " + value;
          }
        }
      }
    }} {}
  ~load() { end(); }
  void end() {
    ends_ = true;
    if (thread_.joinable())
      thread_.join();
  }
  [[nodiscard]] int done() const { return done_; }
  [[nodiscard]] int failed() const { return failed_; }
  [[nodiscard]] const std::string& why() const { return why_; } ///< after `end`

private:
  std::atomic<bool> ends_{false};
  std::atomic<int> done_{0}, failed_{0};
  std::string why_;
  std::thread thread_;
};

constexpr long long day = 86'400'000;

troupe::wall_ms today() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Founds a house at that time; `certify` makes its certificates.
void found(const std::string& folder, const set_clock& then) {
  const auto founded = identity::found_house(folder, {"test", identity::key_algorithm::p256, "long-secret-words", true}, then);
  if (!founded)
    CAF_FAIL(founded.why().context);
}

/// A year's certificate for a node, made then. @returns its serial
std::string certify(test_cluster& all, test_node& x, const set_clock& then, bool enrols = false) {
  const auto by = identity::authority::open(all.pki_dir(), then);
  CAF_REQUIRE(static_cast<bool>(by));
  const auto key = identity::private_key::make(identity::key_algorithm::p256);
  const auto request = identity::make_request(*key, x.name());
  const auto made = by->issue(*request, {x.name(), troupe::cluster::role::node});
  if (!made)
    CAF_FAIL(made.why().context);
  std::filesystem::create_directory(x.pki());
  std::vector<std::string> files{"ca.crt", "revoked.crl"};
  if (enrols)
    files.insert(files.end(), {"issuer.crt", "issuer.key", "index.json"});
  for (const auto& file : files)
    std::filesystem::copy_file(all.pki_dir() + "/" + file, x.pki() + "/" + file);
  CAF_REQUIRE(static_cast<bool>(identity::write_text(x.pki() + "/node.key", key->pem(), identity::openness::secret)));
  CAF_REQUIRE(static_cast<bool>(identity::write_text(x.pki() + "/node.crt", made->chain)));
  return made->leaf.serial();
}

std::string serial_now(const test_node& x) {
  const auto now = identity::certificate::read(*identity::read_text(x.pki() + "/node.crt"), "now");
  return now ? now->serial() : std::string{};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(trust_tests, three_nodes)

CAF_TEST(a node that is revoked at one node is dropped by all at once) {
  begin();
  const auto before = links_lost(attic);
  all.pki({"revoke", "cellar", "--why", "stolen"});
  std::filesystem::copy_file(all.pki_dir() + "/revoked.crl", attic.pki() + "/revoked.crl",
                             std::filesystem::copy_options::overwrite_existing);
  CAF_CHECK_EQUAL(attic.troupe({"reload"}).exit, 0);
  const auto gone = [&](test_node& by) { return member(by, "cellar").value("direct", true) == false && by.sees("cellar") != "alive"; };
  CAF_CHECK(within(3s, [&] { return gone(attic); }));
  CAF_CHECK(within(3s, [&] { return gone(boiler); }));
  CAF_CHECK_EQUAL(attic.sees("boiler"), "alive");
  CAF_CHECK_EQUAL(links_lost(attic), before + 1);
  CAF_MESSAGE("and is not let in again");
  cellar.kill();
  cellar.launch();
  CAF_CHECK(!within(4s, [&] { return attic.sees("cellar") == "alive" || boiler.sees("cellar") == "alive"; }));
  CAF_CHECK(has(attic.log() + boiler.log(), "revoked"));
  CAF_CHECK_EQUAL(attic.ask({"get", "cellar/lamp"}).value("quality", ""), "bad");
}

CAF_TEST(the CA is rotated under load and no link drops and no command is lost) {
  begin();
  load commands{boiler, "cellar/lamp"};
  within(1s, [] { return false; });
  std::map<std::string, std::size_t> before;
  for (auto& x : all.nodes())
    before[x->name()] = links_lost(*x);
  all.pki({"rotate-ca", "--passphrase-file", all.passphrase_file()});
  // As the guide says: the server that enrols gets the new authority.
  for (const auto* file : {"ca.crt", "revoked.crl", "issuer.crt", "issuer.key"})
    std::filesystem::copy_file(all.pki_dir() + "/" + file, attic.pki() + "/" + file,
                               std::filesystem::copy_options::overwrite_existing);
  CAF_CHECK_EQUAL(attic.troupe({"reload"}).exit, 0);
  const auto roots = [](test_node& by) {
    std::ifstream file{by.pki() + "/ca.crt"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::size_t n = 0;
    for (auto at = text.find("BEGIN CERT"); at != text.npos; at = text.find("BEGIN CERT", at + 1))
      ++n;
    return n;
  };
  CAF_MESSAGE("every node follows to the new root");
  for (auto* x : {&boiler, &cellar})
    CAF_CHECK(within(5s, [&] { return roots(*x) >= 2; }));
  CAF_MESSAGE("a certificate under the new root is let in by nodes that only knew the old one");
  const auto anna = person("anna", "operator");
  CAF_CHECK_EQUAL(cellar.troupe_at(cellar.control_address(), anna, {"status"}).exit, 0);
  within(1s, [] { return false; });
  commands.end();
  CAF_MESSAGE(commands.done() << " commands, " << commands.failed() << " lost " << commands.why());
  CAF_CHECK(commands.done() > 20);
  CAF_CHECK_EQUAL(commands.failed(), 0);
  for (auto& x : all.nodes())
    CAF_CHECK_EQUAL(links_lost(*x), before[x->name()]);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a certificate past two thirds of its life is renewed under load and no link drops) {
  // A house that was founded 280 days ago, when cellar got its certificate.
  set_clock past{today() - 280 * day};
  test_cluster all{{}, networking::loopback, loop_house, "log-level = \"debug\"\n"};
  found(all.pki_dir(), past);
  auto& attic = all.admit("attic");
  auto& boiler = all.admit("boiler");
  auto& cellar = all.add("cellar");
  cellar.house = boiler.house;
  const auto old = certify(all, cellar, past);
  all.start();
  REQUIRE_AGREE(all);
  load commands{attic, "cellar/lamp"};
  std::map<std::string, std::size_t> before;
  for (auto& x : all.nodes())
    before[x->name()] = three_nodes::links_lost(*x);
  // It looks at its start, when no peer is linked yet, and every minute.
  CAF_CHECK(within(90s, [&] { return serial_now(cellar) != old; }));
  within(1s, [] { return false; });
  commands.end();
  CAF_MESSAGE(commands.done() << " commands, " << commands.failed() << " lost " << commands.why());
  CAF_CHECK_EQUAL(commands.failed(), 0);
  for (auto& x : all.nodes())
    CAF_CHECK_EQUAL(three_nodes::links_lost(*x), before[x->name()]);
  CAF_CHECK_EQUAL(cellar.ask({"reload"}).value("serial", ""), serial_now(cellar));
  CAF_CHECK(has(cellar.ask({"log", "-n", "200"}).dump(), "certificate renewed"));
}

CAF_TEST(a lone server whose certificate has ended says what to do and renews it where it can know the time) {
  set_clock past{today() - 370 * day}; // so it ended five days ago
  test_cluster all{{}, networking::loopback};
  found(all.pki_dir(), past);
  auto& attic = all.add("attic");
  const auto old = certify(all, attic, past, true);
  CAF_MESSAGE("it was off for a year: nothing says that its clock is right");
  attic.start();
  const auto tells = [&](const std::string& part) { return within(10s, [&] { return attic.log().find(part) != std::string::npos; }); };
  CAF_CHECK(tells("could not be renewed: this machine's clock says"));
  CAF_CHECK(has(attic.log(), "(clock.floor): after more than 30 days it believes only another node's clock"));
  CAF_CHECK(has(attic.log(), "set the clock if it is wrong; if it is right, `troupe pki issue attic --enrols --replace`"));
  CAF_CHECK(has(attic.ask({"status"})["alarms"].dump(), "gives itself a new one as soon as it can be sure"));
  CAF_CHECK_EQUAL(serial_now(attic), old);
  CAF_CHECK_EQUAL(attic.stop(), 0);
  CAF_MESSAGE("it ran until a week ago");
  CAF_REQUIRE(static_cast<bool>(identity::write_text(attic.pki() + "/clock.floor", std::to_string(today() - 7 * day))));
  attic.start();
  CAF_CHECK(tells("certificate renewed"));
  CAF_CHECK(serial_now(attic) != old);
  CAF_CHECK(attic.ask({"status"})["alarms"].empty());
  CAF_MESSAGE("and others link with it");
  all.admit("boiler").start();
  REQUIRE_AGREE(all);
}

CAF_TEST(a server whose certificate ends while it is linked renews it by the clocks of its peers) {
#ifdef __SANITIZE_ADDRESS__
  return CAF_MESSAGE("the address sanitizer must be the first library itself");
#endif
  test_cluster all{{"attic", "boiler"}, networking::loopback};
  for (auto& x : all.nodes())
    x->shift_clock(0s);
  all.start();
  REQUIRE_AGREE(all);
  const auto old = serial_now(all["attic"]);
  for (auto& x : all.nodes())
    x->shift_clock(400 * 24h);
  CAF_CHECK(within(75s, [&] { return serial_now(all["attic"]) != old; }));
  // Boiler holds no issuer, and its own certificate has ended too.
  CAF_CHECK(within(75s, [&] { return all["boiler"].log().find("its certificate ended on") != std::string::npos; }));
  REQUIRE_AGREE(all);
}

CAF_TEST(a node whose first server answers with a useless certificate gets it from the next) {
  set_clock past{today() - 280 * day};
  test_cluster all{{}, networking::loopback};
  found(all.pki_dir(), past);
  auto& attic = all.add("attic");
  auto& boiler = all.add("boiler");
  auto& cellar = all.add("cellar");
  certify(all, attic, set_clock{today()}, true);
  certify(all, boiler, set_clock{today()}, true);
  const auto old = certify(all, cellar, past);
  // Attic's issuer is of another house, which nobody but attic trusts.
  const auto stranger = all / "stranger";
  found(stranger, past);
  for (const auto* file : {"issuer.crt", "issuer.key", "index.json"})
    std::filesystem::copy_file(stranger + "/" + file, attic.pki() + "/" + file, std::filesystem::copy_options::overwrite_existing);
  const auto both = *identity::read_text(all.pki_dir() + "/ca.crt") + *identity::read_text(stranger + "/ca.crt");
  CAF_REQUIRE(static_cast<bool>(identity::write_text(attic.pki() + "/ca.crt", both)));
  attic.start();
  boiler.start();
  REQUIRE_AGREE(all);
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(15s, [&] { return serial_now(cellar) != old; }));
  CAF_CHECK(has(attic.log(), "certificate " + old + " renewed: ")); // it did answer, and first
  CAF_CHECK(has(cellar.log(), "the answer of attic is not used: "));
  CAF_CHECK(has(boiler.log(), "certificate " + old + " renewed: " + serial_now(cellar)));
  CAF_CHECK_EQUAL(cellar.stop(), 0);
  cellar.start();
  REQUIRE_AGREE(all);
}
