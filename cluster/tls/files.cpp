#include "cluster/tls/files.hpp"

#include <openssl/pem.h>

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace troupe::cluster {

namespace {

// A certificate chain or a list with thousands of entries is far below this.
constexpr std::size_t largest_file = 8u << 20;

/// Never ask on a terminal: a daemon has none, and would hang.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

owned_bio in_memory(const std::string& text) {
  return owned_bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// After a loop over PEM blocks: did it end because there is no more?
bool ended_well() {
  const auto code = ERR_peek_last_error();
  const bool well =
    code == 0
    || (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE);
  if (well)
    ERR_clear_error();
  return well;
}

} // namespace

result<std::string> read_credential(const std::string& path, const char* what) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int code = errno;
    return error{
      code == ENOENT ? errc::not_found : errc::io_error,
      fmt::format("{} ({}) cannot be read: {}", path, what, std::strerror(code))};
  }
  std::string text;
  char buffer[16384];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) > 0 && text.size() <= largest_file)
    text.append(buffer, static_cast<std::size_t>(got));
  const int code = errno;
  ::close(fd);
  if (got < 0)
    return error{errc::io_error, fmt::format("{} ({}) cannot be read: {}", path, what,
                                             std::strerror(code))};
  if (text.size() > largest_file)
    return error{errc::untrusted,
                 fmt::format("{} ({}) has more than {} bytes", path, what, largest_file)};
  return text;
}

result<std::vector<owned_x509>> read_certificates(const std::string& path,
                                                  const char* what) {
  auto text = read_credential(path, what);
  if (!text)
    return text.why();
  ERR_clear_error();
  auto bio = in_memory(*text);
  std::vector<owned_x509> all;
  while (owned_x509 one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
    all.push_back(std::move(one));
  if (!ended_well())
    return error{errc::untrusted,
                 fmt::format("{} ({}) is damaged after {} certificate(s): {}", path, what,
                             all.size(), openssl_errors())};
  if (all.empty())
    return error{errc::untrusted,
                 fmt::format("{} ({}) holds no PEM certificate; it has {} bytes", path,
                             what, text->size())};
  return all;
}

result<owned_key> read_key(const std::string& path) {
  auto text = read_credential(path, "private key");
  if (!text)
    return text.why();
  ERR_clear_error();
  auto bio = in_memory(*text);
  bool asked = false;
  owned_key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked)};
  OPENSSL_cleanse(text->data(), text->size());
  if (asked) {
    ERR_clear_error();
    return error{errc::untrusted,
                 fmt::format("{} (private key) is encrypted; a node starts without "
                             "somebody to type a passphrase: store it decrypted, mode 0600",
                             path)};
  }
  if (!key)
    return error{errc::untrusted, fmt::format("{} (private key) holds no PEM key: {}", path,
                                              openssl_errors())};
  return key;
}

result<std::vector<owned_crl>> read_revoked(const std::string& path) {
  std::vector<owned_crl> all;
  if (path.empty())
    return all;
  auto text = read_credential(path, "revocation lists");
  if (!text) {
    if (text.why().code == errc::not_found)
      return all;
    return text.why();
  }
  ERR_clear_error();
  auto bio = in_memory(*text);
  while (owned_crl one{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)})
    all.push_back(std::move(one));
  // Half a list would let revoked peers in, so it is none.
  if (!ended_well())
    return error{errc::untrusted,
                 fmt::format("{} (revocation lists) is damaged after {} list(s): {}", path,
                             all.size(), openssl_errors())};
  if (all.empty())
    return error{errc::untrusted,
                 fmt::format("{} (revocation lists) holds no PEM list; delete the file "
                             "if nobody was revoked",
                             path)};
  return all;
}

result<wall_ms> read_time_floor(const std::string& path) {
  if (path.empty())
    return wall_ms{0};
  auto text = read_credential(path, "newest time known");
  if (!text) {
    if (text.why().code == errc::not_found)
      return wall_ms{0};
    return text.why();
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == ' '))
    text->pop_back();
  if (text->empty()) // a power cut right after its creation
    return wall_ms{0};
  wall_ms floor = 0;
  const auto [end, code] =
    std::from_chars(text->data(), text->data() + text->size(), floor);
  if (code != std::errc{} || end != text->data() + text->size() || floor < 0)
    return error{errc::untrusted,
                 fmt::format("{} holds '{}', not milliseconds since 1970; delete it, the "
                             "node writes it anew",
                             path, text->substr(0, 32))};
  return floor;
}

} // namespace troupe::cluster
