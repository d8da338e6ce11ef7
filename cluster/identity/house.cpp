#include "cluster/identity/house.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/folder.hpp"

#include <set>

namespace troupe::identity {

namespace {

using kind = certificate_order::kind;

constexpr wall_ms root_life = 20 * 365 * one_day;
constexpr wall_ms issuer_life = 10 * 365 * one_day;
// Before this the clock was never set, and all certificates would be of 1970.
constexpr wall_ms earliest = 1'735'689'600'000; // 2025-01-01

status check(const house_order& order, wall_ms now) {
  const bool printable = std::all_of(order.house.begin(), order.house.end(),
                                     [](unsigned char c) { return c >= ' ' && c != 127; });
  if (order.house.empty() || order.house.size() > 40 || !printable)
    return error{errc::invalid_argument, "a house's name has 1 to 40 bytes without control characters"};
  if (order.passphrase.size() < least_passphrase)
    return error{errc::invalid_argument, fmt::format("the root's passphrase needs at least {} bytes: it guards the "
                                                     "whole house", least_passphrase)};
  if (now < earliest)
    return error{errc::invalid_argument, fmt::format("this machine's clock says {}: set it first, certificates carry "
                                                     "the time", utc_text(now))};
  return {};
}

result<signer> make_root(const std::string& house, int generation, key_algorithm algorithm, wall_ms now) {
  auto key = private_key::make(algorithm);
  if (!key)
    return key.why();
  auto cert = make_certificate({.what = kind::root,
                                .name = fmt::format("{} root {}", house, generation),
                                .house = house,
                                .from = now - one_hour,
                                .until = now + root_life},
                               key->get(), nullptr, *key);
  if (!cert)
    return cert.why();
  return signer{std::move(*cert), std::move(*key)};
}

result<signer> make_issuer(const signer& root, int generation, wall_ms now) {
  auto key = private_key::make(root.key.kind());
  if (!key)
    return key.why();
  auto cert = make_certificate({.what = kind::issuer,
                                .name = fmt::format("{} issuer {}", root.cert.house(), generation),
                                .house = root.cert.house(),
                                .from = std::max(now - one_hour, root.cert.from()),
                                .until = std::min(now + issuer_life, root.cert.until())},
                               key->get(), &root.cert, root.key);
  if (!cert)
    return cert.why();
  return signer{std::move(*cert), std::move(*key)};
}

status write_signer(const std::string& folder, const std::string& name, const signer& x,
                    const std::string& key_pem) {
  // The key first: a certificate without its key would look complete.
  if (auto done = write_text(folder + "/" + name + ".key", key_pem, openness::secret); !done)
    return done;
  return write_text(folder + "/" + name + ".crt", x.cert.pem());
}

status write_root(const std::string& folder, const signer& root, const std::string& passphrase) {
  const auto locked = root.key.pem(passphrase);
  if (!locked)
    return locked.why();
  return write_signer(folder, "root", root, *locked);
}

index_entry entry_of(const signer& x, const std::string& what, const signer& by) {
  return {x.cert.serial(), x.cert.name(), what, by.cert.name(), x.cert.from(), x.cert.until(), 0, ""};
}

/// "house root 3" -> 3
int generation_of(const certificate& x) {
  const auto name = x.name();
  const auto at = name.rfind(' ');
  int result = 0;
  for (std::size_t i = at == std::string::npos ? name.size() : at + 1; i < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9' || result > 10'000)
      return 1;
    result = result * 10 + (name[i] - '0');
  }
  return std::max(result, 1);
}

/// A copy, so that a crash between leaves the one in use where it was.
status keep(const std::string& folder, const std::string& name, int generation) {
  for (const char* end : {".key", ".crt"}) {
    const auto text = read_text(folder + "/" + name + end);
    if (!text)
      return text.why();
    const bool is_key = end == std::string_view{".key"};
    if (auto done = write_text(fmt::format("{}/{}-{}{}", folder, name, generation, end), *text,
                               is_key ? openness::secret : openness::open);
        !done)
      return done;
  }
  return {};
}

} // namespace

status found_house(const std::string& folder, const house_order& order, const clock_source& clocks) {
  const auto now = clocks.wall();
  if (auto fine = check(order, now); !fine)
    return fine;
  if (auto done = make_folder(folder, openness::secret); !done)
    return done;
  const auto lock = folder_lock::hold(folder);
  if (!lock)
    return lock.why();
  for (const char* name : {"root.crt", "root.key", "issuer.crt", "issuer.key", "ca.crt", "index.json"})
    if (is_there(folder + "/" + name) && !order.force)
      return error{errc::conflict,
                   fmt::format("{}/{} exists: there is an authority already. --force replaces it, and then all that "
                               "it issued is worthless", folder, name)};
  const auto root = make_root(order.house, 1, order.algorithm, now);
  if (!root)
    return root.why();
  const auto issuer = make_issuer(*root, 1, now);
  if (!issuer)
    return issuer.why();
  std::vector<revocation_list> lists;
  for (auto* by : {&*root, &*issuer})
    if (auto done = add_revoked(lists, *by, {}, now); !done)
      return done;
  if (auto done = write_root(folder, *root, order.passphrase); !done)
    return done;
  if (auto done = write_signer(folder, "issuer", *issuer, issuer->key.pem()); !done)
    return done;
  if (auto done = write_text(folder + "/ca.crt", pem_of({root->cert, issuer->cert})); !done)
    return done;
  if (auto done = write_lists(folder, lists); !done)
    return done;
  return write_index(folder, {entry_of(*root, "root", *root), entry_of(*issuer, "issuer", *root)}, now);
}

status rotate_house(const std::string& folder, const rotate_order& order, const clock_source& clocks) {
  const auto now = clocks.wall();
  const auto lock = folder_lock::hold(folder);
  if (!lock)
    return lock.why();
  auto all = read_folder(folder);
  if (!all)
    return all.why();
  const auto old_root = read_signer(folder, "root", order.old_passphrase);
  if (!old_root)
    return old_root.why();
  const auto old_issuer = read_signer(folder, "issuer");
  if (!old_issuer)
    return old_issuer.why();
  if (now < old_root->cert.from() || now > old_root->cert.until())
    return error{errc::untrusted,
                 fmt::format("{} is valid from {} to {} and this machine's clock says {}: it cannot vouch for a new "
                             "root. Set the clock, or found a new house", old_root->cert.name(),
                             utc_text(old_root->cert.from()), utc_text(old_root->cert.until()), utc_text(now))};
  const int issuer_generation = generation_of(old_issuer->cert), root_generation = generation_of(old_root->cert);

  auto root = *old_root;
  if (!order.issuer_only) {
    if (order.new_passphrase.size() < least_passphrase)
      return error{errc::invalid_argument, fmt::format("the new root's passphrase needs at least {} bytes", least_passphrase)};
    auto made = make_root(old_root->cert.house(), root_generation + 1, old_root->key.kind(), now);
    if (!made)
      return made.why();
    root = std::move(*made);
    const auto cross = make_certificate({.what = kind::cross,
                                         .name = root.cert.name(),
                                         .house = root.cert.house(),
                                         .from = root.cert.from(),
                                         .until = std::min(root.cert.until(), old_root->cert.until())},
                                        root.key.get(), &old_root->cert, old_root->key);
    if (!cross)
      return cross.why();
    all->authorities.push_back(root.cert);
    all->authorities.push_back(*cross);
    all->index.push_back(entry_of({*cross, root.key}, "root", *old_root));
    all->index.push_back(entry_of(root, "root", root));
    if (auto done = add_revoked(all->lists, root, {}, now); !done)
      return done;
  }
  const auto issuer = make_issuer(root, issuer_generation + 1, now);
  if (!issuer)
    return issuer.why();
  all->authorities.push_back(issuer->cert);
  all->index.push_back(entry_of(*issuer, "issuer", root));
  if (auto done = add_revoked(all->lists, *issuer, {}, now); !done)
    return done;

  // First what others must know, last what is used: a crash between leaves a
  // house that still issues under the old root.
  if (auto done = keep(folder, "issuer", issuer_generation); !done)
    return done;
  if (auto done = write_text(folder + "/ca.crt", pem_of(all->authorities)); !done)
    return done;
  if (auto done = write_lists(folder, all->lists); !done)
    return done;
  if (auto done = write_index(folder, all->index, now); !done)
    return done;
  if (!order.issuer_only) {
    if (auto done = keep(folder, "root", root_generation); !done)
      return done;
    if (auto done = write_root(folder, root, order.new_passphrase); !done)
      return done;
  }
  return write_signer(folder, "issuer", *issuer, issuer->key.pem());
}

status drop_old_roots(const std::string& folder, bool force, const clock_source& clocks) {
  const auto lock = folder_lock::hold(folder);
  if (!lock)
    return lock.why();
  auto all = read_folder(folder);
  if (!all)
    return all.why();
  const auto text = read_text(folder + "/root.crt");
  if (!text)
    return text.why();
  const auto root = certificate::read(*text, folder + "/root.crt");
  if (!root)
    return root.why();
  std::vector<certificate> kept = {*root};
  std::set<std::string> issuers = {};
  for (auto& x : all->authorities)
    if (!x.is_root() && !x.is_same_authority(*root) && x.is_signed_by(*root)) {
      kept.push_back(x);
      issuers.insert(x.name());
    }
  if (kept.size() == all->authorities.size())
    return error{errc::not_found, fmt::format("{}/ca.crt holds no old root", folder)};
  const auto now = clocks.wall();
  // By name, the newest certificate counts: an older one may still be valid.
  std::map<std::string, std::string> under;
  for (auto& x : all->index)
    if (x.what != "root" && x.what != "issuer" && x.is_valid_at(now))
      under[x.name] = x.issuer;
  std::string shut_out;
  for (auto& [name, issuer] : under)
    if (!issuers.contains(issuer))
      shut_out += (shut_out.empty() ? "" : ", ") + name;
  if (!shut_out.empty() && !force)
    return error{errc::conflict, fmt::format("these still have a certificate under an old root and would be shut out: "
                                             "{}. Renew them first, or say --force. This is what was issued in {}; servers that "
                                             "enrol know theirs (`troupe pki list --dir` there)", shut_out, folder)};
  return write_text(folder + "/ca.crt", pem_of(kept));
}

} // namespace troupe::identity
