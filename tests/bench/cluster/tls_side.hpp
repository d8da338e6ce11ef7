#pragma once

#include "tests/bench/cluster/farm.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <stdexcept>
#include <string>

namespace troupe::bench {

/// Each message begins with its own size and the size of its answer.
struct head {
  std::uint32_t size = 0, answer = 0;
};

/// One end of a bare TLS connection. Its socket does not block.
struct tls_side {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  int fd = -1;
  std::array<char, 1 << 16> buffer{};

  void secure(bool server, const std::string& folder) {
    context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    const auto files = cluster::credential_files::in(folder);
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1
        || SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1
        || SSL_CTX_load_verify_locations(context, files.authorities.c_str(), nullptr) != 1)
      throw std::runtime_error("echo: its certificates cannot be read");
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if ((server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
      throw std::runtime_error("echo: no handshake");
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  enum class got { all, some, end };
  /// Without waiting. @param have how much of `size` is there, updated
  got read_some(std::size_t size, std::size_t& have) {
    while (have < size) {
      ERR_clear_error(); // of another connection that ended
      const int n = SSL_read(ssl, buffer.data() + have, static_cast<int>(size - have));
      if (n <= 0)
        return SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ ? got::some : got::end;
      have += static_cast<std::size_t>(n);
    }
    return got::all;
  }

  /// Sleeps in poll until all is there, `have` of it already. @returns false when
  /// the other side is gone.
  bool read_all(std::size_t size, std::size_t have = 0) {
    for (;;) {
      const auto x = read_some(size, have);
      pollfd p{fd, POLLIN, 0};
      if (x != got::some || ::poll(&p, 1, 60000) <= 0)
        return x == got::all;
    }
  }

  bool write_all(std::size_t size) { return SSL_write(ssl, buffer.data(), static_cast<int>(size)) > 0; }
};

} // namespace troupe::bench
