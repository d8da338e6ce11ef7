#undef CAF_SUITE
#define CAF_SUITE pki_commands

#include "cluster/tls/context.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temp_folder.hpp"

#include <caf/test/dsl.hpp>

#include <filesystem>

using namespace troupe;
using namespace troupe::test;
using json = nlohmann::json;

namespace {

/// An authority as a person makes it, and Debian's openssl to look at it.
struct pki_fixture {
  temp_folder folder;
  std::string dir = folder / "pki";
  std::string pass = folder / "pass";

  pki_fixture() {
    std::ofstream{pass} << "correct horse\n";
    good({"init", dir, "--name", "elm", "--passphrase-file", pass});
  }

  outcome pki(std::vector<std::string> words) {
    std::vector<std::string> all = {TROUPE_BIN "/troupe", "pki"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--dir", dir});
    if (words.front() == "init")
      all.resize(all.size() - 2);
    return run_program(all, folder.path());
  }

  outcome good(std::vector<std::string> words) {
    auto x = pki(std::move(words));
    CAF_CHECK_EQUAL(x.err, "");
    CAF_REQUIRE_EQUAL(x.exit, 0);
    return x;
  }

  outcome openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    return run_program(words, folder.path());
  }

  bool verifies(const std::string& certificate, const std::string& purpose, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"verify", "-CAfile", dir + "/ca.crt", "-untrusted", certificate, "-purpose", purpose};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(certificate);
    const auto x = openssl(words);
    CAF_MESSAGE(x.out << x.err);
    return x.exit == 0;
  }

  std::string of(const std::string& name, const std::string& file = "node.crt") {
    return dir + "/issued/" + name + "/" + file;
  }

  static bool has(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos)
      return true;
    CAF_MESSAGE(text);
    return false;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(pki_tests, pki_fixture)

CAF_TEST(openssl verifies what was issued for its purpose only) {
  good({"issue", "boiler"});
  good({"issue", "anna", "--role", "operator"});
  CAF_CHECK(verifies(of("boiler"), "sslserver"));
  CAF_CHECK(verifies(of("boiler"), "sslclient"));
  CAF_CHECK(verifies(of("anna", "operator.crt"), "sslclient"));
  CAF_CHECK(!verifies(of("anna", "operator.crt"), "sslserver"));
  const auto text = openssl({"x509", "-in", of("boiler"), "-noout", "-text"}).out;
  CAF_CHECK(has(text, "Subject: OU = node, CN = boiler"));
  CAF_CHECK(has(text, "DNS:boiler"));
  CAF_CHECK(has(text, "CA:FALSE"));
  CAF_CHECK(has(text, "TLS Web Server Authentication, TLS Web Client Authentication"));
  CAF_CHECK(has(openssl({"x509", "-in", dir + "/issuer.crt", "-noout", "-text"}).out, "CA:TRUE, pathlen:0"));
  // The key belongs to it and is readable for its owner alone.
  const auto from_key = openssl({"pkey", "-in", of("boiler", "node.key"), "-pubout"}).out;
  CAF_CHECK_EQUAL(from_key, openssl({"x509", "-in", of("boiler"), "-noout", "-pubkey"}).out);
  CAF_CHECK((std::filesystem::status(of("boiler", "node.key")).permissions() & std::filesystem::perms::all)
            == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

CAF_TEST(openssl reads the list of revocations and refuses who is on it) {
  good({"issue", "boiler"});
  good({"issue", "attic"});
  const std::vector<std::string> check = {"-crl_check_all", "-CRLfile", dir + "/revoked.crl"};
  CAF_CHECK(verifies(of("boiler"), "sslclient", check));
  good({"revoke", "boiler", "--why", "stolen"});
  CAF_CHECK(!verifies(of("boiler"), "sslclient", check));
  CAF_CHECK(verifies(of("attic"), "sslclient", check));
  // The list of the issuer is the second or the first in the file.
  const auto serial = openssl({"x509", "-in", of("boiler"), "-noout", "-serial"}).out.substr(7, 32);
  std::string lists = file_text(dir + "/revoked.crl"), all;
  for (std::size_t at = 0; (at = lists.find("-----BEGIN", at)) != std::string::npos; ++at) {
    std::ofstream{folder / "one.crl"} << lists.substr(at);
    const auto x = openssl({"crl", "-in", folder / "one.crl", "-noout", "-text", "-CAfile", dir + "/ca.crt"});
    CAF_CHECK(has(x.err, "verify OK"));
    all += x.out;
  }
  CAF_CHECK(has(all, serial));
  CAF_CHECK(has(all, "X509v3 CRL Number"));
}

CAF_TEST(the roots key opens with its passphrase alone) {
  CAF_CHECK_EQUAL(openssl({"pkey", "-in", dir + "/root.key", "-passin", "pass:correct horse", "-noout"}).exit, 0);
  CAF_CHECK_NOT_EQUAL(openssl({"pkey", "-in", dir + "/root.key", "-passin", "pass:wrong", "-noout"}).exit, 0);
  CAF_CHECK_EQUAL(openssl({"pkey", "-in", dir + "/issuer.key", "-noout"}).exit, 0);
}

CAF_TEST(a request made by openssl is signed and its key stays away) {
  CAF_REQUIRE_EQUAL(openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                             folder / "k", "-out", folder / "r", "-subj", "/CN=boiler"}).exit, 0);
  good({"issue", "boiler", "--csr", folder / "r"});
  CAF_CHECK(verifies(of("boiler"), "sslserver"));
  CAF_CHECK(!std::filesystem::exists(of("boiler", "node.key")));
  const auto wrong = pki({"issue", "attic", "--csr", folder / "r"});
  CAF_CHECK_EQUAL(wrong.exit, 1);
  CAF_CHECK(has(wrong.err, "the request is for 'boiler', not for 'attic'"));
}

CAF_TEST(after a rotation openssl verifies old and new under either root) {
  good({"issue", "boiler"});
  std::filesystem::copy(dir + "/root.crt", folder / "first-root.crt");
  good({"rotate-ca", "--passphrase-file", pass});
  good({"issue", "attic"});
  CAF_CHECK(verifies(of("boiler"), "sslserver"));
  CAF_CHECK(verifies(of("attic"), "sslserver"));
  // A node that slept: it knows the first root alone.
  CAF_CHECK_EQUAL(openssl({"verify", "-CAfile", folder / "first-root.crt", "-untrusted", of("attic"), of("attic")}).exit, 0);
  const auto early = pki({"rotate-ca", "--finish"});
  CAF_CHECK_EQUAL(early.exit, 1);
  CAF_CHECK(has(early.err, "boiler"));
  good({"renew", "boiler"});
  good({"rotate-ca", "--finish"});
  CAF_CHECK(verifies(of("boiler"), "sslserver"));
  CAF_CHECK(verifies(of("attic"), "sslserver"));
}

CAF_TEST(Ed25519 all the way) {
  const auto other = folder / "ed";
  good({"init", other, "--algorithm", "ed25519", "--passphrase-file", pass});
  dir = other;
  good({"issue", "boiler", "--algorithm", "ed25519"});
  CAF_CHECK(verifies(of("boiler"), "sslserver"));
  CAF_CHECK(has(openssl({"x509", "-in", of("boiler"), "-noout", "-text"}).out, "Signature Algorithm: ED25519"));
}

CAF_TEST(nodes load what was issued) {
  good({"issue", "server-1", "--enrols"});
  const auto loaded = cluster::tls_context::load(cluster::credential_files::in(dir + "/issued/server-1"));
  if (!loaded)
    CAF_FAIL(loaded.why().context);
  CAF_CHECK_EQUAL((*loaded)->self().name, "server-1");
  CAF_CHECK((*loaded)->self().allowed == cluster::role::node);
  // With the issuer it can issue by itself, and without the root's key.
  CAF_CHECK(!std::filesystem::exists(of("server-1", "root.key")));
  dir = dir + "/issued/server-1";
  good({"issue", "boiler"});
  good({"revoke", "server-1"});
  const auto refused = cluster::tls_context::load(cluster::credential_files::in(dir));
  CAF_REQUIRE(!refused);
  CAF_CHECK(has(refused.why().context, "revoked"));
}

CAF_TEST(the list of what was issued) {
  good({"issue", "boiler"});
  good({"issue", "attic", "--days", "30"});
  good({"revoke", "boiler"});
  auto all = json::parse(run_program({TROUPE_BIN "/troupe", "--json", "pki", "list", "--dir", dir}, folder.path()).out);
  CAF_REQUIRE_EQUAL(all.size(), 4u);
  CAF_CHECK_EQUAL(all[2]["name"], "boiler");
  CAF_CHECK_EQUAL(all[2]["status"], "revoked");
  CAF_CHECK_EQUAL(all[3]["status"], "valid");
  const auto table = good({"list"}).out;
  CAF_CHECK(has(table, "attic"));
  CAF_CHECK(has(table, "1 ended or revoked"));
  CAF_CHECK(has(good({"list", "--all"}).out, "boiler"));
}

CAF_TEST(show tells what is in a file) {
  good({"issue", "boiler"});
  CAF_CHECK(has(good({"show", of("boiler")}).out, "certificate  boiler\n  role        node"));
  CAF_CHECK(has(good({"show", dir + "/revoked.crl"}).out, "revocation list  elm issuer 1"));
  CAF_CHECK(has(good({"show", dir + "/root.key"}).out, "encrypted   yes"));
  CAF_CHECK_EQUAL(pki({"show", pass}).exit, 1);
}

CAF_TEST(nothing is overwritten and each mistake is told) {
  good({"issue", "boiler"});
  struct {
    std::vector<std::string> words;
    int exit;
    std::string says;
  } table[] = {
    {{"init", dir, "--passphrase-file", pass}, 1, "--force"},
    {{"init", folder / "new"}, 1, "--passphrase-file"},
    {{"issue", "boiler"}, 1, "troupe pki renew boiler"},
    {{"issue", "Boiler"}, 1, "one word of a-z"},
    {{"issue", "../evil"}, 1, "one word of a-z"},
    {{"issue", "x", "--role", "king"}, 2, ""},
    {{"issue", "x", "--csr", folder / "nothing"}, 1, "nothing"},
    {{"revoke", "nobody"}, 4, "troupe pki list"},
    {{"renew", "nobody"}, 4, "nobody"},
    {{"rotate-ca", "--finish"}, 4, "no old root"},
  };
  const auto before = file_text(dir + "/index.json");
  for (auto& x : table) {
    const auto got = pki(x.words);
    CAF_MESSAGE(got.err);
    CAF_CHECK_EQUAL(got.exit, x.exit);
    CAF_CHECK(has(got.err, x.says));
  }
  CAF_CHECK_EQUAL(file_text(dir + "/index.json"), before);
  CAF_CHECK(!std::filesystem::exists(folder / "new"));
}

CAF_TEST_FIXTURE_SCOPE_END()
