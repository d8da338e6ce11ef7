#include "apps/cli/commands.hpp"
#include "apps/cli/identity_files.hpp"
#include "apps/cli/input.hpp"
#include "apps/cli/passphrase.hpp"
#include "apps/cli/pki_view.hpp"

#include "cluster/identity/authority.hpp"
#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/house.hpp"
#include "cluster/identity/names.hpp"
#include "cluster/identity/request.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

// The house's own authority. Works on files; needs no node and no network.

namespace troupe::cli {

namespace {

using namespace identity;

/// What all of them share.
struct pki_options {
  std::string folder = "pki";
  std::string name, role = "node", out, csr, why, algorithm = "p256", house = "troupe";
  std::string passphrase_file, new_passphrase_file;
  unsigned days = issue_order::default_days;
  bool force = false, replace = false, enrols = false, all = false, issuer_only = false, finish = false;
};
using shared = std::shared_ptr<pki_options>;

void fail(session& s, const error& why) {
  s.fail(why.code == errc::not_found ? exit_not_found : exit_refused, why.context);
}

bool failed(session& s, const status& x) {
  if (!x)
    fail(s, x.why());
  return !x;
}

/// Writes what belongs into the folder of who got a certificate.
status write_issued(const authority& from, const std::string& folder, const issued& made, const pki_options& how) {
  const auto authorities = from.authorities();
  if (!authorities)
    return authorities.why();
  const auto revoked = from.revoked();
  if (!revoked)
    return revoked.why();
  const auto files = files_of(made.leaf.allowed(), folder);
  if (auto done = write_text(files.authorities, *authorities); !done)
    return done;
  if (auto done = write_text(files.revoked, *revoked); !done)
    return done;
  if (auto done = write_text(files.certificate, made.chain); !done)
    return done;
  if (!how.enrols)
    return {};
  // Whatever is needed to issue and to revoke; not the root's key.
  for (auto& entry : std::filesystem::directory_iterator{from.folder()}) {
    const auto name = entry.path().filename().string();
    const bool is_key = name.ends_with(".key");
    if (name != "index.json" && !(name.starts_with("issuer") && (is_key || name.ends_with(".crt"))))
      continue;
    const auto text = read_text(entry.path().string());
    if (!text)
      return text.why();
    if (auto done = write_text(folder + "/" + name, *text, is_key || name == "index.json" ? openness::secret : openness::open); !done)
      return done;
  }
  return {};
}

void told(session& s, const std::string& folder, const issued& made, const std::string& what) {
  if (s.as_json)
    return s.print_json({{"name", made.leaf.name()}, {"serial", made.leaf.serial()}, {"folder", folder},
                         {"not_after", made.leaf.until()}});
  s.print(fmt::format("{} {} until {}, serial {}\n  in {}\n", made.leaf.name(), what, utc_text(made.leaf.until()),
                      made.leaf.serial(), folder));
}

void run_init(session& s, const pki_options& how) {
  const auto algorithm = algorithm_from(how.algorithm);
  if (!algorithm)
    return fail(s, algorithm.why());
  if (is_there(how.folder + "/root.key") && !how.force)
    return s.fail(exit_refused, fmt::format("{}/root.key exists: there is an authority already. --force replaces it, and "
                                            "then all that it issued is worthless", how.folder));
  const auto passphrase = ask_passphrase(how.passphrase_file, "Passphrase for the root's key", true);
  if (!passphrase)
    return fail(s, passphrase.why());
  if (failed(s, found_house(how.folder, {how.house, *algorithm, *passphrase, how.force})))
    return;
  const auto made = authority::open(how.folder);
  if (!made)
    return fail(s, made.why());
  const auto root = made->root_fingerprint();
  if (!root)
    return fail(s, root.why());
  if (s.as_json)
    return s.print_json({{"folder", how.folder}, {"root_sha256", *root}});
  s.print(fmt::format("An authority for {} is in {}\n  root SHA-256 {}\n"
                      "root.key is needed only for rotate-ca: keep a copy and the passphrase off this machine.\n"
                      "Next: troupe pki issue server-1 --enrols\n",
                      how.house, how.folder, *root));
}

void run_issue(session& s, const pki_options& how) {
  if (failed(s, check_name(how.name)))
    return;
  const auto from = authority::open(how.folder);
  if (!from)
    return fail(s, from.why());
  const auto out = how.out.empty() ? how.folder + "/issued/" + how.name : how.out;
  const auto files = files_of(cluster::role_from(how.role), out);
  const bool own_key = how.csr.empty();
  // --replace is for a lost board, whose old files may still be here.
  for (auto& x : {files.certificate, files.key})
    if (is_there(x) && !how.force && !how.replace && (own_key || x == files.certificate))
      return s.fail(exit_refused, fmt::format("{} exists: `troupe pki renew {}` renews it, --force overwrites", x, how.name));
  std::string request_pem;
  std::optional<private_key> key;
  if (own_key) {
    const auto kind = algorithm_from(how.algorithm);
    if (!kind)
      return fail(s, kind.why());
    auto made = private_key::make(*kind);
    if (!made)
      return fail(s, made.why());
    key = std::move(*made);
    auto made_request = make_request(*key, how.name);
    if (!made_request)
      return fail(s, made_request.why());
    request_pem = std::move(*made_request);
  } else {
    std::string why;
    auto text = read_input(how.csr, why);
    if (!text)
      return s.fail(exit_refused, why);
    request_pem = std::move(*text);
  }
  if (failed(s, make_folder(out, openness::secret)))
    return;
  const auto made = from->issue(request_pem, {how.name, cluster::role_from(how.role), how.days, how.replace || how.force});
  if (!made)
    return fail(s, made.why());
  if (key && failed(s, write_text(files.key, key->pem(), openness::secret)))
    return;
  if (failed(s, write_issued(*from, out, *made, how)))
    return;
  told(s, out, *made, "is a " + how.role);
}

void run_renew(session& s, const pki_options& how) {
  const auto from = authority::open(how.folder);
  if (!from)
    return fail(s, from.why());
  // NAME as issued here, or the folder of a node.
  const auto folder = how.name.find('/') != std::string::npos ? how.name : how.folder + "/issued/" + how.name;
  const auto files = files_in(folder);
  if (!is_there(files.certificate))
    return s.fail(exit_not_found, fmt::format("there is no {}. A node that joined with a token renews its certificate by itself; for another "
                                            "one now: `troupe token {} --replace` on a server and `troupe join` on the board. For files in "
                                            "another folder: troupe pki renew FOLDER", files.certificate, how.name));
  const auto text = read_text(files.certificate);
  if (!text)
    return fail(s, text.why());
  const auto old = certificate::read(*text, files.certificate);
  if (!old)
    return fail(s, old.why());
  result<std::string> request_pem = std::string{};
  if (how.csr.empty()) {
    const auto key_pem = read_text(files.key);
    if (!key_pem)
      return fail(s, {key_pem.why().code, key_pem.why().context + ". If the key is elsewhere, bring a request with --csr"});
    const auto key = private_key::read(*key_pem, files.key);
    if (!key)
      return fail(s, key.why());
    request_pem = make_request(*key, old->name());
  } else {
    std::string why;
    if (auto given = read_input(how.csr, why))
      request_pem = *given;
    else
      request_pem = error{errc::not_found, why};
  }
  if (!request_pem)
    return fail(s, request_pem.why());
  const auto made = from->renew(*request_pem, *old, how.days);
  if (!made)
    return fail(s, made.why());
  const bool enrols = is_there(folder + "/issuer.key");
  auto with = how;
  with.enrols = enrols;
  if (failed(s, write_issued(*from, folder, *made, with)))
    return;
  told(s, folder, *made, "is renewed");
}

void run_revoke(session& s, const pki_options& how) {
  const auto from = authority::open(how.folder);
  if (!from)
    return fail(s, from.why());
  std::optional<private_key> root_key;
  const auto index = from->list();
  if (!index)
    return fail(s, index.why());
  for (auto& x : *index)
    if ((x.name == how.name || x.serial == how.name) && x.what == "issuer" && !root_key) {
      const auto passphrase = ask_passphrase(how.passphrase_file, "Passphrase of the root's key (it issued " + x.name + ")", false);
      if (!passphrase)
        return fail(s, passphrase.why());
      // The root that issued it may be an earlier one, kept beside.
      for (auto& entry : std::filesystem::directory_iterator{how.folder}) {
        const auto file = entry.path().filename().string();
        if (!file.starts_with("root") || !file.ends_with(".crt"))
          continue;
        const auto text = read_text(entry.path().string());
        const auto root = text ? certificate::read(*text, file) : result<certificate>{text.why()};
        if (!root || root->name() != x.issuer)
          continue;
        const auto path = entry.path().string().substr(0, entry.path().string().size() - 4) + ".key";
        const auto pem = read_text(path);
        if (!pem)
          return fail(s, pem.why());
        auto key = private_key::read(*pem, path, *passphrase);
        if (!key)
          return fail(s, key.why());
        root_key = std::move(*key);
      }
    }
  const auto gone = from->revoke(how.name, how.why, root_key);
  if (!gone)
    return fail(s, gone.why());
  if (s.as_json)
    return s.print_json(index_json(*gone, session::now()));
  for (auto& x : *gone)
    s.print(fmt::format("revoked {} {}, serial {}\n", x.what, x.name, x.serial));
  if (is_there(how.folder + "/node.crt"))
    s.print("Next: `troupe reload` on this server; else it looks within a minute. The others get the list from it\n");
  else
    s.print(fmt::format("Next: put {}/revoked.crl into the PKI folder of one node and call `troupe reload` there; the "
                        "others get it from it\n", how.folder));
}

void run_rotate(session& s, const pki_options& how) {
  if (how.finish) {
    if (failed(s, drop_old_roots(how.folder, how.force)))
      return;
    return s.print(fmt::format("{0}/ca.crt holds the newest root alone. Next: copy it into the PKI folder of each node\n",
                               how.folder));
  }
  const auto old_one = ask_passphrase(how.passphrase_file, "Passphrase of the root's key", false);
  if (!old_one)
    return fail(s, old_one.why());
  auto new_one = *old_one;
  if (!how.issuer_only && (!how.new_passphrase_file.empty() || how.passphrase_file.empty())) {
    const auto asked = ask_passphrase(how.new_passphrase_file, "Passphrase for the new root's key", true);
    if (!asked)
      return fail(s, asked.why());
    new_one = *asked;
  }
  if (failed(s, rotate_house(how.folder, {*old_one, new_one, how.issuer_only})))
    return;
  const auto made = authority::open(how.folder);
  const auto root = made ? made->root_fingerprint() : result<std::string>{made.why()};
  if (!root)
    return fail(s, root.why());
  if (s.as_json)
    return s.print_json({{"folder", how.folder}, {"root_sha256", *root}});
  s.print(how.issuer_only
            ? fmt::format("{} has a new issuer under the same root\nNext: copy issuer.crt, issuer.key and ca.crt to the "
                          "servers that enrol, then `troupe pki revoke` the old one if its key is lost\n", how.folder)
            : fmt::format("{} has a new root, SHA-256 {}\nBoth roots are trusted now. Next: copy ca.crt, issuer.crt and "
                          "issuer.key to the servers that enrol; when all certificates are renewed: "
                          "troupe pki rotate-ca --finish\n", how.folder, *root));
}

void run_show(session& s, const std::string& path) {
  std::string why;
  const auto text = read_input(path, why);
  if (!text)
    return s.fail(exit_refused, why);
  const auto all = describe_pem(*text, path, session::now());
  if (!all)
    return fail(s, all.why());
  s.as_json ? s.print_json(*all) : s.print(show_pem(*all));
}

void add_issuing(CLI::App& pki, session& s, const shared& how) {
  auto* init = pki.add_subcommand("init", "Found an authority: a root, an issuer, an empty revocation list");
  init->add_option("DIR", how->folder, "Its folder");
  init->add_option("--name", how->house, "The house's name, as it stands in the certificates")->capture_default_str();
  init->add_option("--algorithm", how->algorithm, "Kind of the keys")->check(CLI::IsMember({"p256", "ed25519"}))->capture_default_str();
  init->add_option("--passphrase-file", how->passphrase_file, "Instead of asking on the terminal");
  init->add_flag("--force", how->force, "Replace the authority that is there");
  init->footer("Examples:\n  troupe pki init pki --name elm-street");
  init->callback([&s, how] { run_init(s, *how); });

  auto* issue = pki.add_subcommand("issue", "A certificate for a node or a person");
  issue->add_option("NAME", how->name, "One word; a node's name in node.toml")->required();
  issue->add_option("--role", how->role, "What it allows")->check(CLI::IsMember({"node", "operator", "viewer"}))->capture_default_str();
  issue->add_option("--days", how->days, "Its life")->check(CLI::Range(1u, issue_order::max_days))->capture_default_str();
  issue->add_option("--out", how->out, "Folder for the certificate, the key, ca.crt and revoked.crl; else issued/NAME in DIR");
  issue->add_option("--csr", how->csr, "A request made elsewhere, so that the key stays there; - is standard input");
  issue->add_option("--algorithm", how->algorithm, "Kind of the key")->check(CLI::IsMember({"p256", "ed25519"}))->capture_default_str();
  issue->add_flag("--enrols", how->enrols, "A server that may enrol boards: it gets the issuer's key, too");
  issue->add_flag("--replace", how->replace, "Revoke the certificate that the name has: its key is lost");
  issue->add_flag("--force", how->force, "As --replace, and overwrite files");
  issue->footer("Examples:\n  troupe pki issue server-1 --enrols\n  troupe pki issue anna --role operator --out anna\n"
                "  troupe pki issue boiler --csr boiler.csr");
  issue->callback([&s, how] { run_issue(s, *how); });

  auto* renew = pki.add_subcommand("renew", "A new certificate with the same key; nodes do it by themselves");
  renew->add_option("NAME", how->name, "As issued here, or the path of a folder with its certificate")->required();
  renew->add_option("--days", how->days, "Its life")->check(CLI::Range(1u, issue_order::max_days))->capture_default_str();
  renew->add_option("--csr", how->csr, "A request made elsewhere");
  renew->footer("Examples:\n  troupe pki renew server-1\n  troupe pki renew /var/lib/troupe/pki --dir pki");
  renew->callback([&s, how] { run_renew(s, *how); });
}

void add_ending(CLI::App& pki, session& s, const shared& how) {
  auto* revoke = pki.add_subcommand("revoke", "End certificates before their time: a lost board, a person who left");
  revoke->add_option("NAME", how->name, "A name (all its certificates) or one serial")->required();
  revoke->add_option("--why", how->why, "For the list");
  revoke->add_option("--passphrase-file", how->passphrase_file, "Of the root's key; needed only for an issuer");
  revoke->footer("Examples:\n  troupe pki revoke attic --why \"stolen\"\n  troupe pki revoke \"elm-street issuer 1\"");
  revoke->callback([&s, how] { run_revoke(s, *how); });

  auto* list = pki.add_subcommand("list", "What was issued");
  list->add_flag("--all", how->all, "Also what ended or was revoked");
  list->footer("Examples:\n  troupe pki list --all");
  list->callback([&s, how] {
    const auto all = read_index(how->folder);
    if (!all)
      return fail(s, all.why());
    if (!is_there(how->folder + "/index.json"))
      return s.fail(exit_not_found, fmt::format("{} is not the folder of an authority; name it with --dir", how->folder));
    if (s.as_json)
      return s.print_json(index_json(*all, session::now()));
    s.print(show_index(*all, how->all, s.how, session::now()));
  });

  auto* rotate = pki.add_subcommand("rotate-ca", "A new root and issuer; the old root vouches for the new one");
  rotate->add_option("--passphrase-file", how->passphrase_file, "Of the old root's key");
  rotate->add_option("--new-passphrase-file", how->new_passphrase_file, "For the new root's key; else the same");
  rotate->add_flag("--issuer-only", how->issuer_only, "Only a new issuer, under the same root");
  rotate->add_flag("--finish", how->finish, "End the overlap: trust the newest root alone");
  rotate->add_flag("--force", how->force, "With --finish: also if somebody is shut out");
  rotate->footer("Examples:\n  troupe pki rotate-ca\n  troupe pki rotate-ca --finish\ndocs/guides/certificates.md has the steps.");
  rotate->callback([&s, how] { run_rotate(s, *how); });

  auto* show = pki.add_subcommand("show", "What a certificate, list, request or key file says");
  show->add_option("FILE", how->csr, "PEM; - is standard input")->required();
  show->footer("Examples:\n  troupe pki show /var/lib/troupe/pki/node.crt");
  show->callback([&s, how] { run_show(s, how->csr); });
}

} // namespace

void add_pki_commands(CLI::App& app, session& s) {
  auto how = std::make_shared<pki_options>();
  auto* pki = app.add_subcommand("pki", "The house's own certificates; needs no node");
  pki->require_subcommand(1);
  pki->add_option("--dir", how->folder, "Folder of the authority")->envname("TROUPE_PKI")->capture_default_str();
  pki->footer("Examples:\n  troupe pki init pki --name elm-street\n  troupe pki issue server-1 --enrols\n"
              "All files are standard PEM: `openssl x509 -text -in pki/root.crt` reads them.");
  add_issuing(*pki, s, how);
  add_ending(*pki, s, how);
}

} // namespace troupe::cli
