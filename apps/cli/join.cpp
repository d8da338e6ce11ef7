#include "apps/cli/join.hpp"

#include "apps/cli/identity_files.hpp"
#include "cluster/identity/certificate.hpp"
#include "cluster/identity/crl.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/key.hpp"
#include "cluster/identity/request.hpp"
#include "cluster/identity/time_floor.hpp"

#include <fmt/format.h>

#include <filesystem>

#include <unistd.h>

namespace troupe::cli {

namespace {

using namespace identity;

bool is_node(const token& x) {
  return x.allowed == cluster::role::node;
}

/// As it is: PEM has line ends, which `text_at` would replace.
std::string text_of(const nlohmann::json& x, const char* key) {
  const auto found = x.find(key);
  return found != x.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string key_of_try(const join_order& how) {
  return how.folder + "/join.key";
}

std::string house_file(const join_order& how) {
  return (std::filesystem::path{how.config}.parent_path() / "house.toml").string();
}

error not_promised(const std::string& what) {
  return {errc::untrusted, fmt::format("the server's answer {}: nothing was stored. Ask who runs that server", what)};
}

/// The certificate with its chain, as the token promised it.
result<certificate> check_answer(const token& shown, const private_key& key, const nlohmann::json& answer) {
  const auto chain = certificate::read_all(text_of(answer, "certificate"), "the server's certificate");
  const auto authorities = certificate::read_all(text_of(answer, "authorities"), "the server's authorities");
  if (!chain || chain->empty() || !authorities)
    return not_promised("holds no certificate");
  const auto& leaf = chain->front();
  if (leaf.name() != shown.name || leaf.allowed() != shown.allowed)
    return not_promised(fmt::format("is a certificate for {} {}, not for {} {}", cluster::to_string(leaf.allowed()),
                                    leaf.name(), cluster::to_string(shown.allowed), shown.name));
  if (leaf.public_digest() != key.public_digest())
    return not_promised("is a certificate for another key");
  std::vector<certificate> root;
  for (auto& x : *authorities)
    if (x.fingerprint() == shown.root)
      root.push_back(x);
  if (find_chain(leaf, *chain, root).empty())
    return not_promised("does not end in the root that the token names");
  if (!revocation_list::read_all(text_of(answer, "revoked"), "the server's revocation lists"))
    return not_promised("holds broken revocation lists");
  return leaf;
}

std::vector<std::string> peers_in(const nlohmann::json& answer, const std::string& own_name) {
  std::vector<std::string> result;
  const auto found = answer.find("peers");
  if (found == answer.end() || !found->is_array())
    return result;
  for (auto& x : *found)
    if (x.is_string() && !x.get<std::string>().starts_with(own_name + "@"))
      result.push_back(x.get<std::string>());
  return result;
}

std::string quoted_list(const std::vector<std::string>& all) {
  std::string result;
  for (auto& x : all)
    result += (result.empty() ? "" : ", ") + nlohmann::json(x).dump();
  return "[" + result + "]";
}

} // namespace

status check_place(const token& shown, const join_order& how) {
  if (how.force)
    return {};
  const auto files = files_of(shown.allowed, how.folder);
  std::vector<std::string> wanted = {files.certificate, files.key};
  if (is_node(shown))
    wanted.push_back(how.config);
  for (auto& x : wanted)
    if (is_there(x))
      return error{errc::conflict, fmt::format("{} exists: this machine seems to be a member already. --force replaces "
                                               "what is there", x)};
  return {};
}

result<std::string> prepare_request(const token& shown, const join_order& how) {
  if (auto done = make_folder(how.folder, openness::secret); !done)
    return done.why();
  const auto path = key_of_try(how);
  const auto earlier = read_text_if_there(path);
  if (!earlier)
    return earlier.why();
  if (!earlier->empty()) {
    const auto key = private_key::read(*earlier, path);
    return key ? make_request(*key, shown.name) : result<std::string>{key.why()};
  }
  const auto key = private_key::make(key_algorithm::p256);
  if (!key)
    return key.why();
  // Before it is used: if the answer is lost, only this key may ask again.
  if (auto done = write_text(path, key->pem(), openness::secret); !done)
    return done.why();
  return make_request(*key, shown.name);
}

result<joined> store_membership(const token& shown, const join_order& how, const nlohmann::json& answer) {
  const auto pem = read_text(key_of_try(how));
  if (!pem)
    return pem.why();
  const auto key = private_key::read(*pem, key_of_try(how));
  if (!key)
    return key.why();
  const auto leaf = check_answer(shown, *key, answer);
  if (!leaf)
    return leaf.why();
  const auto files = files_of(shown.allowed, how.folder);
  joined result{files.certificate, leaf->until(), is_node(shown) ? how.config : "", ""};
  if (auto done = write_text(files.authorities, text_of(answer, "authorities")); !done)
    return done.why();
  if (const auto lists = text_of(answer, "revoked"); !lists.empty())
    if (auto done = write_text(files.revoked, lists); !done)
      return done.why();
  if (auto done = write_text(files.time_floor, floor_text(std::max(shown.minted, leaf->from()))); !done)
    return done.why();
  if (auto done = write_text(files.key, *pem, openness::secret); !done)
    return done.why();
  if (auto done = write_text(files.certificate, text_of(answer, "certificate")); !done)
    return done.why();
  if (is_node(shown)) {
    const auto above = std::filesystem::path{how.config}.parent_path().string();
    if (auto done = make_folder(above.empty() ? "." : above); !done)
      return done.why();
    if (const auto house = text_of(answer, "house"); !house.empty()) {
      result.house = house_file(how);
      const auto write = how.force ? write_text : write_new_text;
      if (auto done = write(result.house, house, openness::open); !done)
        return done.why();
    }
    if (auto done = write_text(how.config, node_toml(shown.name, how, peers_in(answer, shown.name))); !done)
      return done.why();
  }
  ::unlink(key_of_try(how).c_str());
  return result;
}

std::string node_toml(const std::string& name, const join_order& how, const std::vector<std::string>& peers) {
  std::string result = fmt::format("# Written by `troupe join`. `troupe config explain node` tells what else may stand here.\n"
                                   "name = {}\nlisten = {}\npeers = {}\n",
                                   nlohmann::json(name).dump(), quoted_list({how.listen}), quoted_list(peers));
  if (!how.data_dir.empty())
    result += fmt::format("data-dir = {}\n", nlohmann::json(how.data_dir).dump());
  return result + fmt::format("pki-dir = {}\n", nlohmann::json(how.folder).dump());
}

} // namespace troupe::cli
