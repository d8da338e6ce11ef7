// Whole nodes that know no address of each other: found by discovery, let in by
// an operator, linked, lost and found again.

#undef CAF_SUITE
#define CAF_SUITE approval

#include "cluster/identity/certificate.hpp"
#include "cluster/identity/files.hpp"
#include "tests/e2e/discovery/village.hpp"
#include "tests/support/run_program.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace troupe::test;
using nlohmann::json;

namespace {

/// A trouped on one of the machines.
class house_node {
public:
  house_node(machine& on, std::string name, std::string folder, int port, bool discovery)
    : on_(on), name_(std::move(name)), folder_(std::move(folder)), port_(port), discovery_(discovery) {}

  void start() {
    std::ofstream{folder_ + "/node.toml"} << "name = \"" << name_ << "\"\ndata-dir = \"" << folder_ << "/data\"\npki-dir = \"" << folder_
                                          << "/pki\"\nsocket = \"" << folder_ << "/s\"\nlisten = [\":" << port_ << "\"]\n"
                                          << "log-level = \"debug\"\n" << (discovery_ ? "discovery = true\n" : "");
    process_ = on_.start({TROUPE_BIN "/trouped", "--config", folder_ + "/node.toml"}, folder_ + "/log");
    CAF_REQUIRE(within(20, [&] { return troupe({"status"}).exit == 0; }));
  }
  void kill() { process_.reset(); }
  outcome troupe(std::vector<std::string> args) const {
    args.insert(args.begin(), {TROUPE_BIN "/troupe", "--socket", folder_ + "/s"});
    return run_program(args, folder_);
  }
  /// One row of `troupe members`; empty if it is not there.
  json member(const std::string& name) const {
    const auto said = troupe({"--json", "members"});
    const auto x = json::parse(said.out, nullptr, false);
    if (x.is_object())
      for (auto& row : x.value("members", json::array()))
        if (row.value("name", "") == name)
          return row;
    return json::object();
  }
  bool linked_with(const std::string& name, int seconds = 20) const {
    return within(seconds, [&] {
      const auto row = member(name);
      return row.value("standing", "") == "alive" && row.value("direct", false);
    });
  }
  bool shows(const std::string& name, const std::string& standing, int seconds = 20) const {
    return within(seconds, [&] { return member(name).value("standing", "") == standing; });
  }
  std::string log() const { return file_text(folder_ + "/log"); }

private:
  machine& on_;
  std::string name_, folder_;
  int port_;
  bool discovery_;
  std::unique_ptr<process> process_;
};

struct neighbourhood {
  temp_folder folder;
  machine up{"up"};
  machine down{"down"};
  std::string house;
  std::unique_ptr<house_node> attic, boiler, stranger;

  neighbourhood() {
    CAF_REQUIRE(join(up, down, true));
    for (auto* x : {&up, &down}) {
      x->start_bus();
      x->start_avahi();
    }
    std::ofstream{folder / "pass"} << "long-secret-words\n";
    for (const auto* pki : {"ours", "theirs"})
      troupe({"pki", "init", folder / pki, "--name", pki, "--passphrase-file", folder / "pass"});
    issue("attic", "ours");
    issue("boiler", "ours");
    issue("stranger", "theirs");
    attic = std::make_unique<house_node>(up, "attic", folder / "attic", 4710, true);
    boiler = std::make_unique<house_node>(down, "boiler", folder / "boiler", 4710, true);
    stranger = std::make_unique<house_node>(down, "stranger", folder / "stranger", 4720, false);
    const auto root = troupe::identity::certificate::read(*troupe::identity::read_text(folder / "ours" + "/ca.crt"), "ours");
    CAF_REQUIRE(root);
    house = root->fingerprint().substr(0, 16);
  }

  void troupe(std::vector<std::string> args) {
    args.insert(args.begin(), TROUPE_BIN "/troupe");
    const auto said = run_program(args, folder.path());
    if (said.exit != 0)
      CAF_FAIL(said.err);
  }
  void issue(const std::string& name, const std::string& by) {
    std::filesystem::create_directory(folder / name);
    troupe({"pki", "--dir", folder / by, "issue", name, "--out", folder / name + "/pki"});
  }
};

bool has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE(text);
  return false;
}

/// Addresses of another network, and none that the old one had.
bool move(machine& x, const std::string& address) {
  return x.run({"ip", "addr", "flush", "dev", "v0"}) && x.run({"ip", "addr", "add", address + "/16", "dev", "v0"});
}

} // namespace

CAF_TEST(a node that discovery finds waits for an approval and is found again where it moves) {
  if (skipped())
    return;
  neighbourhood all;
  auto& attic = *all.attic;
  auto& boiler = *all.boiler;
  attic.start();
  boiler.start();
  CAF_MESSAGE("each sees the other wait and is told what to do");
  CAF_CHECK(attic.shows("boiler", "waiting"));
  CAF_CHECK(boiler.shows("attic", "waiting"));
  CAF_CHECK(has(attic.troupe({"members"}).out, "boiler is on the network and waits: `troupe approve boiler` lets it in"));
  CAF_CHECK(has(attic.troupe({"log"}).out, "seen by discovery; `troupe approve boiler` lets it in"));
  within(3, [] { return false; }); // three times as long as a dial would take to begin
  for (auto* x : {&attic, &boiler})
    CAF_CHECK(x->log().find("-> alive") == std::string::npos);
  CAF_CHECK_EQUAL(attic.troupe({"approve", "nobody"}).exit, 4);
  CAF_MESSAGE("one word on one node links both");
  const auto approved = attic.troupe({"approve", "boiler"});
  CAF_CHECK_EQUAL(approved.exit, 0);
  CAF_CHECK(has(approved.out, "boiler  approved; "));
  CAF_CHECK(attic.linked_with("boiler"));
  CAF_CHECK(boiler.linked_with("attic"));
  CAF_CHECK(attic.member("boiler").value("certificate_until", 0.0) > 0); // by a certificate, so by TLS
  CAF_CHECK_EQUAL(attic.troupe({"approve", "boiler"}).exit, 1);
  CAF_CHECK_EQUAL(attic.troupe({"--node", "boiler", "status"}).exit, 0);

  CAF_MESSAGE("it vanishes, and both come to other addresses");
  boiler.kill();
  CAF_CHECK(attic.shows("boiler", "down"));
  CAF_REQUIRE(move(all.up, "10.77.5.1"));
  CAF_REQUIRE(move(all.down, "10.77.5.2"));
  within(2, [] { return false; });
  CAF_CHECK(attic.shows("boiler", "down", 1));
  boiler.start();
  CAF_CHECK(attic.linked_with("boiler", 40));
  CAF_CHECK(boiler.linked_with("attic"));
  CAF_CHECK(within(10, [&] { return attic.member("boiler")["addresses"].dump().find("10.77.5.2:4710") != std::string::npos; }));
  // Nobody tries the old ones any more.
  const auto left = [&] { return attic.member("boiler")["addresses"].dump().find("10.77.0.2") == std::string::npos; };
  if (!within(10, left))
    CAF_ERROR(attic.member("boiler").dump());

  CAF_MESSAGE("an approval outlives a restart, also to a third address");
  boiler.kill();
  attic.kill();
  CAF_REQUIRE(move(all.down, "10.77.6.2"));
  attic.start();
  boiler.start();
  CAF_CHECK(attic.linked_with("boiler", 40));
  if (attic.log().find("waiting", attic.log().rfind("is ready")) != std::string::npos)
    CAF_ERROR("was to be approved again");
}

CAF_TEST(a stranger under the sign of the house is never dialled and its certificate counts when it is) {
  if (skipped())
    return;
  neighbourhood all;
  auto& attic = *all.attic;
  attic.start();
  all.stranger->start();
  auto sign = all.down.discover("stranger", 4720, all.house);
  CAF_CHECK(attic.shows("stranger", "waiting"));
  within(3, [] { return false; });
  CAF_CHECK(all.stranger->log().find("refused") == std::string::npos); // of a dial it would tell
  CAF_CHECK(attic.shows("stranger", "waiting", 0));
  CAF_MESSAGE("approved by mistake");
  CAF_CHECK_EQUAL(attic.troupe({"approve", "stranger"}).exit, 0);
  const auto told = within(10, [&] { return attic.member("stranger").contains("not_reached"); });
  CAF_CHECK(told);
  CAF_CHECK(has(attic.troupe({"members"}).out, "comes from the authority 'theirs root 1', which this node does not trust"));
  CAF_CHECK(within(10, [&] { return all.stranger->log().find("refused") != std::string::npos; }));
  CAF_CHECK(attic.log().find("-> alive") == std::string::npos);
  CAF_MESSAGE("and taken back");
  CAF_CHECK_EQUAL(attic.troupe({"remove-node", "stranger", "--yes"}).exit, 0);
  CAF_CHECK(attic.shows("stranger", "removed"));
  CAF_CHECK(!attic.member("stranger").contains("not_reached"));
}

CAF_TEST(who waits and goes has no address any more) {
  if (skipped())
    return;
  neighbourhood all;
  all.attic->start();
  auto sign = all.down.discover("guest", 4720, all.house);
  CAF_CHECK(all.attic->shows("guest", "waiting"));
  CAF_CHECK(within(10, [&] { return !all.attic->member("guest")["addresses"].empty(); }));
  CAF_CHECK(sign->end(5));
  CAF_CHECK(within(10, [&] { return all.attic->member("guest")["addresses"].empty(); }));
  CAF_CHECK(has(all.attic->troupe({"approve", "guest"}).out, "dialled as soon as an address of it is known"));
}
