#include "tests/unit/control/tls_peer.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::test {

int connect_tcp(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0)
    return fd;
  close(fd);
  return -1;
}

tls_peer::tls_peer(const std::string& address, options how)
  : fd_(connect_tcp(address)), ctx_(SSL_CTX_new(TLS_client_method())) {
  if (how.old)
    SSL_CTX_set_max_proto_version(ctx_, TLS1_2_VERSION);
  if (how.leaf) {
    auto* chain = BIO_new_mem_buf(how.leaf->chain.data(), static_cast<int>(how.leaf->chain.size()));
    auto* key = BIO_new_mem_buf(how.leaf->key.data(), static_cast<int>(how.leaf->key.size()));
    auto* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    auto* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(ctx_, certificate);
    SSL_CTX_use_PrivateKey(ctx_, secret);
    X509_free(certificate);
    EVP_PKEY_free(secret);
    BIO_free(chain);
    BIO_free(key);
  }
  ssl_ = SSL_new(ctx_);
  SSL_set_fd(ssl_, fd_);
  const timeval limit{5, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  shook_hands_ = SSL_connect(ssl_) == 1;
}

tls_peer::~tls_peer() {
  SSL_free(ssl_);
  SSL_CTX_free(ctx_);
  close(fd_);
}

bool tls_peer::send(const std::string& bytes) {
  return shook_hands_
         && SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
}

std::string tls_peer::read_all() {
  std::string result;
  char space[4096];
  for (int n = 0; shook_hands_ && (n = SSL_read(ssl_, space, sizeof(space))) > 0;)
    result.append(space, static_cast<std::size_t>(n));
  return result;
}

} // namespace troupe::test
