#include "cluster/tls/psk.hpp"

#include "cluster/tls/files.hpp"
#include "cluster/tls/openssl.hpp"
#include "cluster/tls/verdict.hpp"

#include <fmt/format.h>

#include <sstream>

namespace troupe::cluster {

namespace {

using key_map = std::map<std::string, shared_key>;

/// What a connection knows of its key; belongs to the SSL object, and keeps
/// the keys alive that its context was made from.
struct in_use {
  std::shared_ptr<const key_map> keys;
  std::string self; ///< dialling: the name we show
  std::string peer; ///< dialling: whom; accepting: who came, set by the callback
};

void free_in_use(void*, void* what, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<in_use*>(what);
}

int in_use_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_in_use);
  return index;
}

in_use* in_use_of(SSL* ssl) {
  return static_cast<in_use*>(SSL_get_ex_data(ssl, in_use_index()));
}

// An external key is tied to the hash of this cipher (RFC 8446, 4.2.11).
constexpr unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};

SSL_SESSION* session_for(const std::string& key, SSL* ssl) {
  auto* session = SSL_SESSION_new();
  const auto* cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
  if (session == nullptr || cipher == nullptr
      || SSL_SESSION_set1_master_key(
           session, reinterpret_cast<const unsigned char*>(key.data()), key.size())
           != 1
      || SSL_SESSION_set_cipher(session, cipher) != 1
      || SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) != 1) {
    SSL_SESSION_free(session);
    return nullptr;
  }
  return session;
}

int show_key(SSL* ssl, const EVP_MD* hash, const unsigned char** id, std::size_t* size,
             SSL_SESSION** session) {
  *session = nullptr;
  *id = nullptr;
  *size = 0;
  auto* mine = in_use_of(ssl);
  if (mine == nullptr || (hash != nullptr && EVP_MD_get_type(hash) != NID_sha256))
    return 1;
  const auto found = mine->keys->find(mine->peer);
  if (found == mine->keys->end())
    return 1;
  *session = session_for(found->second.key, ssl);
  *id = reinterpret_cast<const unsigned char*>(mine->self.data());
  *size = mine->self.size();
  return *session != nullptr ? 1 : 0;
}

int find_key(SSL* ssl, const unsigned char* id, std::size_t size, SSL_SESSION** session) {
  *session = nullptr;
  auto* mine = in_use_of(ssl);
  if (mine == nullptr)
    return 0;
  const std::string who{id, id + size};
  if (auto* found = verdict_of(ssl))
    found->claimed = printable(who);
  const auto found = mine->keys->find(who);
  // Unknown: OpenSSL goes on with certificates, of which this context has none.
  if (found == mine->keys->end())
    return 1;
  mine->peer = who;
  *session = session_for(found->second.key, ssl);
  return *session != nullptr ? 1 : 0;
}

class loaded_keys final : public psk_context {
public:
  loaded_keys(owned_ssl_ctx ctx, key_map keys, std::string self)
      : ctx_(std::move(ctx)), keys_(std::make_shared<const key_map>(std::move(keys))),
        self_(std::move(self)) {}

  SSL* accept(int fd) const override {
    auto ssl = make(fd, "");
    if (ssl)
      SSL_set_accept_state(ssl.get());
    return ssl.release();
  }

  SSL* connect(int fd, const std::string& peer) const override {
    auto ssl = make(fd, peer);
    if (!ssl)
      return nullptr;
    // A server's certificate is no substitute for the key: nothing is trusted
    // here, so any certificate fails.
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, nullptr);
    SSL_set_connect_state(ssl.get());
    return ssl.release();
  }

  bool knows(const std::string& peer) const override { return keys_->count(peer) > 0; }

  result<peer_identity> identity_of(SSL* ssl) const override {
    const auto* mine = in_use_of(ssl);
    // "Reused" is how OpenSSL says that the key was really used.
    if (mine == nullptr || mine->peer.empty() || SSL_session_reused(ssl) != 1)
      return error{errc::untrusted, "no pre-shared key was used"};
    const auto found = mine->keys->find(mine->peer);
    if (found == mine->keys->end())
      return error{errc::untrusted, fmt::format("no pre-shared key for {}", mine->peer)};
    peer_identity who;
    who.name = mine->peer;
    who.psk = true;
    who.allowed = SSL_is_server(ssl) == 1 ? role::board : role::node;
    if (who.allowed == role::board)
      who.names = found->second.names;
    who.cipher = fmt::format("{} {}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
    return who;
  }

  bool same_key(const psk_context& older, const std::string& peer) const override {
    const auto* other = dynamic_cast<const loaded_keys*>(&older);
    const auto mine = keys_->find(peer);
    if (other == nullptr || mine == keys_->end())
      return false;
    const auto theirs = other->keys_->find(peer);
    return theirs != other->keys_->end() && theirs->second.key == mine->second.key;
  }

private:
  owned_ssl make(int fd, const std::string& peer) const {
    owned_ssl ssl{SSL_new(ctx_.get())};
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1 || !attach_verdict(ssl.get(), 0, 0))
      return nullptr;
    auto* mine = new in_use{keys_, self_, peer};
    if (SSL_set_ex_data(ssl.get(), in_use_index(), mine) == 1)
      return ssl;
    delete mine;
    return nullptr;
  }

  owned_ssl_ctx ctx_;
  std::shared_ptr<const key_map> keys_;
  std::string self_;
};

status read_hex(const std::string& hex, std::string& out) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9')
      return c - '0';
    if (c >= 'a' && c <= 'f')
      return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0)
      return error{errc::untrusted, "the key is not hexadecimal"};
    out += static_cast<char>(high * 16 + low);
  }
  if (hex.size() % 2 != 0 || out.size() < 16 || out.size() > 64)
    return error{errc::untrusted,
                 fmt::format("the key has {} digits; 32 to 128, an even number, are wanted",
                             hex.size())};
  return {};
}

/// One line into `keys`; what is wrong with it, without its place or its key.
status add_line(const std::string& line, key_map& keys) {
  std::istringstream words{line};
  std::string name, hex, names, more;
  if (!(words >> name) || name.front() == '#')
    return {};
  if (!(words >> hex))
    return error{errc::untrusted, fmt::format("no key for {}", name)};
  shared_key entry;
  if (auto done = read_hex(hex, entry.key); !done)
    return done;
  if (words >> names) {
    if (names.rfind("names=", 0) != 0 || (words >> more))
      return error{errc::untrusted, "after the key only names=PREFIX,PREFIX,... may stand"};
    std::istringstream list{names.substr(6)};
    for (std::string prefix; std::getline(list, prefix, ',');)
      if (!prefix.empty())
        entry.names.push_back(prefix);
  }
  for (const auto& [other, theirs] : keys)
    if (theirs.key == entry.key)
      return error{
        errc::untrusted,
        fmt::format("{} has the key of {}; each pair needs its own", name, other)};
  if (!keys.emplace(name, std::move(entry)).second)
    return error{errc::untrusted, fmt::format("a second key for {}", name)};
  return {};
}

} // namespace

result<key_map> parse_shared_keys(const std::string& text, const std::string& path) {
  key_map keys;
  std::istringstream lines{text};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (auto done = add_line(line, keys); !done)
      return error{done.why().code,
                   fmt::format("{}:{}: {}", path, number, done.why().context)};
  }
  return keys;
}

result<std::shared_ptr<const psk_context>> psk_context::load(const std::string& path,
                                                             const std::string& self) {
  auto text = read_credential(path, "pre-shared keys");
  if (!text)
    return text.why();
  auto keys = parse_shared_keys(*text, path);
  OPENSSL_cleanse(text->data(), text->size());
  if (!keys)
    return keys.why();
  auto ctx = new_tls13_context();
  if (!ctx)
    return error{errc::io_error, "out of memory for a TLS context"};
  SSL_CTX_set_ciphersuites(ctx.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_psk_use_session_callback(ctx.get(), show_key);
  SSL_CTX_set_psk_find_session_callback(ctx.get(), find_key);
  return std::shared_ptr<const psk_context>{
    std::make_shared<loaded_keys>(std::move(ctx), std::move(*keys), self)};
}

} // namespace troupe::cluster
