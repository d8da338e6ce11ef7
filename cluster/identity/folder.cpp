#include "cluster/identity/folder.hpp"

#include "cluster/identity/files.hpp"

namespace troupe::identity {

std::vector<certificate> folder_content::roots() const {
  std::vector<certificate> result;
  for (auto& x : authorities)
    if (x.is_root())
      result.push_back(x);
  return result;
}

result<folder_content> read_folder(const std::string& folder) {
  const auto ca = folder + "/ca.crt", crl = folder + "/revoked.crl";
  const auto authorities_pem = read_text(ca);
  if (!authorities_pem)
    return authorities_pem.why();
  const auto lists_pem = read_text_if_there(crl);
  if (!lists_pem)
    return lists_pem.why();
  auto authorities = certificate::read_all(*authorities_pem, ca);
  if (!authorities)
    return authorities.why();
  auto lists = revocation_list::read_all(*lists_pem, crl);
  if (!lists)
    return lists.why();
  auto index = read_index(folder);
  if (!index)
    return index.why();
  return folder_content{std::move(*authorities), std::move(*lists), std::move(*index)};
}

result<signer> read_signer(const std::string& folder, const std::string& name,
                           const std::string& passphrase) {
  const auto crt = folder + "/" + name + ".crt", key = folder + "/" + name + ".key";
  const auto crt_pem = read_text(crt);
  if (!crt_pem)
    return crt_pem.why();
  const auto key_pem = read_text(key);
  if (!key_pem)
    return key_pem.why();
  auto cert = certificate::read(*crt_pem, crt);
  if (!cert)
    return cert.why();
  auto secret = private_key::read(*key_pem, key, passphrase);
  if (!secret)
    return secret.why();
  if (cert->public_digest() != secret->public_digest())
    return error{errc::untrusted, fmt::format("{} is not the key of {}: take both from the same backup", key, crt)};
  return signer{std::move(*cert), std::move(*secret)};
}

result<std::vector<signer>> read_issuers(const std::string& folder) {
  auto first = read_signer(folder, "issuer");
  if (!first)
    return first.why();
  std::vector<signer> result = {std::move(*first)};
  for (int generation = 100; generation > 0; --generation) {
    const auto name = fmt::format("issuer-{}", generation);
    if (!is_there(folder + "/" + name + ".key"))
      continue;
    auto older = read_signer(folder, name);
    if (!older)
      return older.why();
    result.push_back(std::move(*older));
  }
  return result;
}

status add_revoked(std::vector<revocation_list>& all, const signer& by, const revoked_serials& serials,
                   wall_ms now) {
  auto merged = serials;
  std::int64_t number = 0;
  for (auto& list : all)
    if (list.is_signed_by(by.cert)) {
      merged.merge(list.serials());
      number = std::max(number, list.number());
    }
  auto made = make_list(by.cert, by.key, number + 1, merged, now);
  if (!made)
    return made.why();
  std::erase_if(all, [&](const revocation_list& x) { return x.is_signed_by(by.cert); });
  all.push_back(std::move(*made));
  return {};
}

status write_lists(const std::string& folder, const std::vector<revocation_list>& all) {
  return write_text(folder + "/revoked.crl", pem_of(all));
}

result<std::string> chain_text(const certificate& leaf, const folder_content& all) {
  auto chain = find_chain(leaf, all.authorities, all.roots());
  if (chain.empty())
    return error{errc::untrusted, fmt::format("the certificate of {} ends at no root in ca.crt: ca.crt is not the "
                                              "one that belongs to this issuer", leaf.name())};
  const auto root = chain.back();
  chain.pop_back();
  for (auto& x : all.authorities)
    if (!x.is_root() && x.is_same_authority(root))
      chain.push_back(x);
  chain.push_back(root);
  return pem_of(chain);
}

} // namespace troupe::identity
