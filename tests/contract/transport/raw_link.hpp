#pragma once

#include "cluster/tls/openssl.hpp"
#include "cluster/transport/socket.hpp"
#include "tests/support/test_pki.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace troupe::test {

/// An attacker: a socket, perhaps with bare OpenSSL on it, that says exactly
/// what a test wants. Nothing here checks who answers.
class raw_link {
public:
  /// @param takes  bytes that the kernel keeps for it while it does not read; 0: as many as it wants
  explicit raw_link(std::uint16_t port, const char* from = "127.0.0.1", int takes = 0) {
    using namespace cluster;
    auto to = resolve({"127.0.0.1", std::to_string(port)}, std::chrono::milliseconds{0}, [] { return false; });
    auto own = resolve({from, "0"}, std::chrono::milliseconds{0}, [] { return false; });
    fd_ = owned_fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (takes > 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &takes, sizeof takes);
    ::bind(fd_.get(), own->front().get(), own->front().size);
    connected_ = ::connect(fd_.get(), to->front().get(), to->front().size) == 0;
    const timeval limit{8, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  /// A TLS handshake with this certificate (null: none). True: our side is
  /// done; what the server thinks of us shows the first read.
  bool greet(const test_leaf* leaf, int version = TLS1_3_VERSION) {
    ctx_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX_set_max_proto_version(ctx_.get(), version);
    if (leaf != nullptr) {
      const auto base = "/tmp/troupe-raw-" + std::to_string(::getpid());
      write_file(base + ".crt", leaf->chain);
      write_file(base + ".key", leaf->key);
      SSL_CTX_use_certificate_chain_file(ctx_.get(), (base + ".crt").c_str());
      SSL_CTX_use_PrivateKey_file(ctx_.get(), (base + ".key").c_str(), SSL_FILETYPE_PEM);
      ::unlink((base + ".crt").c_str());
      ::unlink((base + ".key").c_str());
    }
    ssl_.reset(SSL_new(ctx_.get()));
    SSL_set_fd(ssl_.get(), fd_.get());
    return SSL_connect(ssl_.get()) == 1;
  }

  bool say(const std::string& bytes) {
    if (ssl_)
      return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
  }

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Sends what `from` holds.
  void pass(BIO* from) {
    char bytes[4096];
    for (int n = 0; (n = BIO_read(from, bytes, sizeof bytes)) > 0;)
      (void)!::send(fd_.get(), bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  }
  /// So many records of TLS itself without a byte of data.
  bool change_keys(int times) {
    BIO* made = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl_.get(), made);
    for (int i = 0; i < times; ++i)
      if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl_.get()) != 1)
        return false;
    pass(made);
    return true;
  }

  /// Exactly so many bytes; fewer: the other side closed, or eight seconds passed.
  std::string hear(std::size_t size) {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const auto n = SSL_read(ssl_.get(), out.data() + got, static_cast<int>(size - got));
      if (n <= 0)
        break;
      got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return out;
  }

  /// True: the other side closed within eight seconds, whatever it said before.
  bool closed() {
    char bytes[4096];
    for (;;) {
      const auto got = ssl_ ? SSL_read(ssl_.get(), bytes, sizeof bytes)
                            : static_cast<int>(::recv(fd_.get(), bytes, sizeof bytes, 0));
      if (got > 0) {
        heard_.append(bytes, static_cast<std::size_t>(got));
        continue;
      }
      if (ssl_)
        return SSL_get_error(ssl_.get(), got) != SSL_ERROR_WANT_READ;
      return got == 0 || errno == ECONNRESET || !connected_; // turned away before `connect` returned
    }
  }
  /// As `closed` for one without TLS, and does not wait.
  bool ended_by_now() {
    char byte = 0;
    const auto got = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }
  /// What came before the end.
  [[nodiscard]] const std::string& heard() const { return heard_; }
  [[nodiscard]] bool connected() const { return connected_; }

private:
  cluster::owned_fd fd_;
  cluster::owned_ssl_ctx ctx_;
  cluster::owned_ssl ssl_;
  std::string heard_;
  bool connected_ = false;
};

} // namespace troupe::test
