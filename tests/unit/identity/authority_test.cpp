#define CAF_SUITE identity_authority

#include "tests/unit/identity/test_house.hpp"

#include <sys/stat.h>

using namespace troupe;
using namespace troupe::test;

namespace {

struct authority_fixture : house_fixture {};

unsigned mode_of(const std::string& path) {
  struct stat x{};
  return ::stat(path.c_str(), &x) == 0 ? x.st_mode & 0777 : 0;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(authority_tests, authority_fixture)

CAF_TEST(an issued certificate says name and role and ends at the root) {
  const auto made = issue("boiler");
  CAF_CHECK_EQUAL(made.leaf.name(), "boiler");
  CAF_CHECK(made.leaf.allowed() == role::node);
  CAF_CHECK(!made.leaf.is_authority());
  const auto chain = must(certificate::read_all(made.chain, "chain"));
  CAF_REQUIRE_EQUAL(chain.size(), 3u);
  CAF_CHECK(chain[0].is_signed_by(chain[1]));
  CAF_CHECK(chain[1].is_signed_by(chain[2]));
  CAF_CHECK(chain[2].is_root());
  CAF_CHECK_EQUAL(chain[2].fingerprint(), must(open().root_fingerprint()));
  // A little before now, so that a board whose clock lags believes it.
  CAF_CHECK_EQUAL(made.leaf.from(), autumn_2026 - one_hour);
  CAF_CHECK_EQUAL(made.leaf.until(), autumn_2026 + 365 * one_day);
}

CAF_TEST(keys are for their owner alone and the roots key is encrypted) {
  CAF_CHECK_EQUAL(mode_of(dir), 0700u);
  CAF_CHECK_EQUAL(mode_of(dir + "/root.key"), 0600u);
  CAF_CHECK_EQUAL(mode_of(dir + "/issuer.key"), 0600u);
  CAF_CHECK_EQUAL(mode_of(dir + "/index.json"), 0600u);
  CAF_CHECK_EQUAL(mode_of(dir + "/ca.crt"), 0644u);
  CAF_CHECK(file("root.key").find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
  CAF_CHECK(refused(private_key::read(file("root.key"), "root.key", "wrong horse"), errc::untrusted, "passphrase"));
  CAF_CHECK(static_cast<bool>(private_key::read(file("root.key"), "root.key", "correct horse")));
}

CAF_TEST(a house is not founded twice) {
  const auto before = file("root.crt");
  CAF_CHECK(refused(found_house(dir, {"elm", key_algorithm::p256, "correct horse", false}, clock), errc::conflict, "--force"));
  CAF_CHECK_EQUAL(file("root.crt"), before);
  must(found_house(dir, {"elm", key_algorithm::p256, "correct horse", true}, clock));
  CAF_CHECK_NOT_EQUAL(file("root.crt"), before);
}

CAF_TEST(what makes no house) {
  set_clock past{1'000};
  CAF_CHECK(refused(found_house(folder / "x", {"elm", key_algorithm::p256, "correct horse", false}, past), errc::invalid_argument, "1970"));
  CAF_CHECK(refused(found_house(folder / "x", {"elm", key_algorithm::p256, "short", false}, clock), errc::invalid_argument, "8 bytes"));
  CAF_CHECK(refused(found_house(folder / "x", {"", key_algorithm::p256, "correct horse", false}, clock), errc::invalid_argument, "name"));
  CAF_CHECK(!is_there(folder / "x"));
}

CAF_TEST(requests that get no certificate) {
  struct {
    std::string what, request;
    issue_order order;
    errc code;
    std::string says;
  } table[] = {
    {"another name in the request", request_for("attic"), {"boiler"}, errc::untrusted, "'attic', not for 'boiler'"},
    {"no request", "rubbish", {"boiler"}, errc::untrusted, "no certificate request"},
    {"huge", std::string(20'000, 'x'), {"boiler"}, errc::over_limit, "20000"},
    {"a path as a name", request_for("boiler"), {"boiler/pump"}, errc::invalid_argument, "one word"},
    {"the role of a pre-shared key", request_for("boiler"), {"boiler", role::board}, errc::invalid_argument, "role"},
    {"no role", request_for("boiler"), {"boiler", role::none}, errc::invalid_argument, "role"},
    {"no life", request_for("boiler"), {"boiler", role::node, 0}, errc::invalid_argument, "0 days"},
    {"eternal", request_for("boiler"), {"boiler", role::node, 9999}, errc::invalid_argument, "9999 days"},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(refused(open().issue(x.request, x.order), x.code, x.says));
  }
  CAF_CHECK_EQUAL(must(open().list()).size(), 2u); // root and issuer
}

CAF_TEST(a request that its own key has not signed proves nothing) {
  // One letter of the base64 near the end, which is the signature.
  auto pem = request_for("boiler");
  const auto at = pem.rfind("\n-----END") - 12;
  pem[at] = pem[at] == 'A' ? 'B' : 'A';
  const auto got = open().issue(pem, {"boiler"});
  CAF_REQUIRE(!got);
  CAF_MESSAGE(got.why().context);
  CAF_CHECK(got.why().code == errc::untrusted);
}

CAF_TEST(a name has one valid certificate unless it is replaced) {
  const auto first = issue("boiler");
  CAF_CHECK(refused(open().issue(request_for("boiler"), {"boiler"}), errc::conflict, first.leaf.serial()));
  const auto second = must(open().issue(request_for("boiler"), {"boiler", role::node, 365, true}));
  const auto lists = must(revocation_list::read_all(file("revoked.crl"), "lists"));
  CAF_CHECK(is_revoked(first.leaf, lists));
  CAF_CHECK(!is_revoked(second.leaf, lists));
}

CAF_TEST(a renewed certificate keeps name and role and leaves the old one valid) {
  private_key key = must(private_key::make(key_algorithm::p256));
  const auto asked = request_for("anna", &key);
  const auto first = must(open().issue(asked, {"anna", role::viewer}));
  clock.pass(std::chrono::hours{24 * 300});
  const auto second = must(open().renew(asked, first.leaf));
  CAF_CHECK(second.leaf.allowed() == role::viewer);
  CAF_CHECK_NOT_EQUAL(second.leaf.serial(), first.leaf.serial());
  CAF_CHECK(second.leaf.until() > first.leaf.until());
  CAF_CHECK(!is_revoked(first.leaf, must(revocation_list::read_all(file("revoked.crl"), "lists"))));
}

CAF_TEST(what is not renewed) {
  const auto boiler = issue("boiler");
  const auto asked = request_for("boiler");
  house_fixture other{"oak"};
  const auto foreign = other.issue("boiler");
  CAF_CHECK(refused(open().renew(asked, foreign.leaf), errc::untrusted, "not issued under a root"));
  CAF_CHECK(refused(open().renew(request_for("attic"), boiler.leaf), errc::untrusted, "'attic', not for 'boiler'"));
  must(open().revoke("boiler", "lost"));
  CAF_CHECK(refused(open().renew(asked, boiler.leaf), errc::untrusted, "revoked"));
  // The serial as another program writes it.
  auto upper = boiler.leaf.serial();
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
  CAF_CHECK(refused(open().renew(asked, "boiler", role::node, upper), errc::untrusted, "revoked"));
  const auto attic = issue("attic");
  clock.pass(std::chrono::hours{24 * 366});
  CAF_CHECK(refused(open().renew(request_for("attic"), attic.leaf), errc::untrusted, "ended"));
}

CAF_TEST(the list of revocations grows and its number too) {
  const auto a = issue("a"), b = issue("b");
  auto number = [&](const std::string& of) {
    for (auto& x : must(revocation_list::read_all(file("revoked.crl"), "lists")))
      if (x.authority() == of)
        return x.number();
    return std::int64_t{-1};
  };
  CAF_CHECK_EQUAL(number("elm issuer 1"), 1);
  must(open().revoke("a", "lost"));
  CAF_CHECK_EQUAL(number("elm issuer 1"), 2);
  must(open().revoke(b.leaf.serial(), ""));
  CAF_CHECK_EQUAL(number("elm issuer 1"), 3);
  CAF_CHECK_EQUAL(number("elm root 1"), 1);
  const auto lists = must(revocation_list::read_all(file("revoked.crl"), "lists"));
  CAF_CHECK(is_revoked(a.leaf, lists));
  CAF_CHECK(is_revoked(b.leaf, lists));
  CAF_CHECK(refused(open().revoke("a", ""), errc::not_found, "no valid certificate of 'a'"));
}

CAF_TEST(an issuer is revoked by its root alone) {
  CAF_CHECK(refused(open().revoke("elm issuer 1", "stolen"), errc::not_found, "root's passphrase"));
  const auto root = must(private_key::read(file("root.key"), "root.key", "correct horse"));
  const auto gone = must(open().revoke("elm issuer 1", "stolen", root));
  CAF_REQUIRE_EQUAL(gone.size(), 1u);
  const auto issuer = must(certificate::read(file("issuer.crt"), "issuer.crt"));
  CAF_CHECK(is_revoked(issuer, must(revocation_list::read_all(file("revoked.crl"), "lists"))));
}

CAF_TEST(a revoked issuer issues and renews nothing) {
  const auto boiler = issue("boiler");
  const auto root = must(private_key::read(file("root.key"), "root.key", "correct horse"));
  must(open().revoke("elm issuer 1", "stolen", root));
  CAF_CHECK(refused(open().issue(request_for("attic"), {"attic", role::node}), errc::untrusted, "elm issuer 1 is revoked"));
  CAF_CHECK(refused(open().renew(request_for("boiler"), "boiler", role::node, boiler.leaf.serial()), errc::untrusted, "elm issuer 1 is revoked"));
  rotate();
  issue("attic");
}

CAF_TEST(a renewed certificate may begin where the old one ended) {
  const auto old = issue("server").leaf;
  struct {
    const char* what;
    wall_ms now, begins, from;
  } table[] = {
    {"at its end", old.until() + 20 * one_day, old.until(), old.until()},
    {"not said", old.until() + 21 * one_day, 0, old.until() + 21 * one_day - one_hour},
    {"later", old.until() + 22 * one_day, old.until() + 30 * one_day, old.until() + 22 * one_day - one_hour},
    {"before the issuer", old.until() + 40 * one_day, 1, must(certificate::read(file("issuer.crt"), "issuer")).from()},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    clock.set(x.now);
    const auto fresh = must(open().renew(request_for("server"), "server", role::node, old.serial(), 365, x.begins)).leaf;
    CAF_CHECK_EQUAL(fresh.from(), x.from);
    CAF_CHECK_EQUAL(fresh.until(), x.now + 365 * one_day);
  }
}

CAF_TEST(a peer that asks for renewals without end gets one) {
  const auto first = issue("boiler");
  unsigned granted = 0;
  for (int i = 0; i < 20; ++i) {
    const auto got = open().renew(request_for("boiler"), "boiler", role::node, first.leaf.serial());
    granted += static_cast<bool>(got);
    if (!got)
      CAF_CHECK(refused(got, errc::over_limit, "ask again in an hour"));
    clock.pass(std::chrono::minutes{1});
  }
  CAF_CHECK_EQUAL(granted, 1u);
  // With what it got, too.
  const auto second = must(open().list()).back().serial;
  CAF_CHECK(refused(open().renew(request_for("boiler"), "boiler", role::node, second), errc::over_limit, "ask again"));
  issue("attic"); // others are not held up, nor is who sits at the folder
  must(open().renew(request_for("boiler"), first.leaf));
  clock.pass(std::chrono::minutes{61});
  must(open().renew(request_for("boiler"), "boiler", role::node, second));
}

CAF_TEST(a large index does not stop a revocation) {
  const auto boiler = issue("boiler");
  auto index = file("index.json");
  const auto line = index.substr(index.rfind('\n', index.size() - 2) + 1);
  while (index.size() < (2 << 20))
    index += line;
  must(write_text(dir + "/index.json", index, openness::secret));
  must(open().revoke("boiler", "lost"));
  CAF_CHECK(is_revoked(boiler.leaf, must(revocation_list::read_all(file("revoked.crl"), "lists"))));
}

CAF_TEST(a certificate that another server issued is revoked by its serial) {
  const auto copy = folder / "copy";
  std::filesystem::copy(dir, copy, std::filesystem::copy_options::recursive);
  const auto there = must(authority::open(copy, clock));
  const auto made = must(there.issue(request_for("boiler"), {"boiler"}));
  CAF_CHECK(refused(open().revoke("boiler", ""), errc::not_found, "by its serial"));
  must(open().revoke(made.leaf.serial(), "lost"));
  CAF_CHECK(is_revoked(made.leaf, must(revocation_list::read_all(file("revoked.crl"), "lists"))));
  CAF_CHECK(refused(open().revoke(made.leaf.serial(), "lost"), errc::not_found, "no valid"));
}

CAF_TEST(a root does not revoke itself) {
  const auto root = must(private_key::read(file("root.key"), "root.key", "correct horse"));
  CAF_CHECK(refused(open().revoke("elm root 1", "", root), errc::not_found, "no valid"));
}

CAF_TEST(two servers that revoked at once end with both revocations) {
  const auto a = issue("a"), b = issue("b");
  const auto copy = folder / "copy";
  std::filesystem::copy(dir, copy, std::filesystem::copy_options::recursive);
  const auto there = must(authority::open(copy, clock));
  must(open().revoke("a", "here"));
  must(there.revoke("b", "there"));
  const auto ours = file("revoked.crl"), theirs = must(read_text(copy + "/revoked.crl"));
  CAF_CHECK(must(open().merge_revoked(theirs)));
  const auto merged = must(revocation_list::read_all(file("revoked.crl"), "lists"));
  CAF_CHECK(is_revoked(a.leaf, merged));
  CAF_CHECK(is_revoked(b.leaf, merged));
  CAF_CHECK_EQUAL(must(open().list()).back().why, "revoked at another server");
  // The other takes the union as it is, and then both are at rest.
  CAF_CHECK(must(there.merge_revoked(file("revoked.crl"))));
  CAF_CHECK(!must(open().merge_revoked(must(read_text(copy + "/revoked.crl")))));
  CAF_CHECK(!must(there.merge_revoked(ours)));
  CAF_CHECK_EQUAL(must(read_text(copy + "/revoked.crl")), file("revoked.crl"));
}

CAF_TEST(lists of strangers are not merged) {
  house_fixture other{"elm"}; // the same names, other keys
  other.issue("a");
  must(other.open().revoke("a", ""));
  const auto before = file("revoked.crl");
  CAF_CHECK(!must(open().merge_revoked(other.file("revoked.crl"))));
  CAF_CHECK_EQUAL(file("revoked.crl"), before);
}

CAF_TEST(an authority with a wrong clock issues nothing and says which) {
  clock.set(1'000);
  CAF_CHECK(refused(open().issue(request_for("boiler"), {"boiler"}), errc::untrusted, "1970-01-01 00:00:01"));
  clock.set(in_2099);
  CAF_CHECK(refused(open().issue(request_for("boiler"), {"boiler"}), errc::untrusted, "clock says 2099"));
}

CAF_TEST(a folder with the key of another issuer is not opened) {
  house_fixture other{"oak"};
  must(write_text(dir + "/issuer.key", other.file("issuer.key"), openness::secret));
  CAF_CHECK(refused(authority::open(dir, clock), errc::untrusted, "is not the key of"));
  CAF_CHECK(refused(authority::open(folder / "nowhere", clock), errc::not_found, "pki init"));
}

CAF_TEST(rotation keeps the old root trusted and lets old nodes follow) {
  const auto before = issue("boiler");
  const auto old_ca = file("ca.crt");
  const auto old_root = must(open().root_fingerprint());
  rotate();
  const auto after = issue("attic");
  CAF_CHECK_NOT_EQUAL(must(open().root_fingerprint()), old_root);
  const auto trusted = must(certificate::read_all(file("ca.crt"), "ca.crt"));
  std::vector<certificate> roots, old_roots;
  for (auto& x : trusted)
    if (x.is_root())
      (x.fingerprint() == old_root ? old_roots : roots).push_back(x);
  CAF_CHECK_EQUAL(roots.size(), 1u);
  CAF_CHECK_EQUAL(old_roots.size(), 1u);
  // Who trusts only the old root believes a new certificate by its chain.
  const auto chain = must(certificate::read_all(after.chain, "chain"));
  CAF_CHECK(!find_chain(after.leaf, chain, old_roots).empty());
  CAF_CHECK(!find_chain(after.leaf, chain, roots).empty());
  CAF_CHECK(!find_chain(before.leaf, trusted, old_roots).empty());
  CAF_CHECK(find_chain(before.leaf, trusted, roots).empty());
  // The old issuer's certificates can still be revoked.
  must(open().revoke("boiler", "lost"));
  CAF_CHECK(is_revoked(before.leaf, must(revocation_list::read_all(file("revoked.crl"), "lists"))));
}

CAF_TEST(the overlap ends when nobody is shut out) {
  const auto before = issue("boiler");
  CAF_CHECK(refused(drop_old_roots(dir, false, clock), errc::not_found, "no old root"));
  rotate();
  CAF_CHECK(refused(drop_old_roots(dir, false, clock), errc::conflict, "boiler"));
  must(open().renew(request_for("boiler"), before.leaf));
  must(drop_old_roots(dir, false, clock));
  const auto left = must(certificate::read_all(file("ca.crt"), "ca.crt"));
  CAF_CHECK_EQUAL(left.size(), 2u);
  CAF_CHECK_EQUAL(issue("attic").leaf.name(), "attic");
}

CAF_TEST(rotation needs the passphrase and changes nothing without it) {
  const auto before = file("ca.crt");
  CAF_CHECK(refused(rotate_house(dir, {"wrong horse", "new horse 2"}, clock), errc::untrusted, "passphrase"));
  CAF_CHECK_EQUAL(file("ca.crt"), before);
}

CAF_TEST(a root of Ed25519 works like any other) {
  house_fixture other{"oak", key_algorithm::ed25519};
  const auto made = other.issue("boiler");
  CAF_CHECK_EQUAL(must(certificate::read_all(made.chain, "chain")).size(), 3u);
  must(other.open().revoke("boiler", ""));
}

CAF_TEST_FIXTURE_SCOPE_END()
