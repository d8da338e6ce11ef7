#include "tests/bench/cluster/echo.hpp"

#include "tests/bench/cluster/farm.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fcntl.h>
#include <stdexcept>

namespace troupe::bench {

namespace {

/// Each message begins with its own size and the size of its answer.
struct head {
  std::uint32_t size = 0, answer = 0;
};

struct side {
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

  /// @returns false when the other side is gone.
  bool read_all(std::size_t size) {
    for (std::size_t have = 0; have < size;) {
      const int got = SSL_read(ssl, buffer.data() + have, static_cast<int>(size - have));
      if (got > 0) {
        have += static_cast<std::size_t>(got);
        continue;
      }
      if (SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ)
        return false;
      pollfd p{fd, POLLIN, 0};
      if (::poll(&p, 1, 60000) <= 0)
        return false;
    }
    return true;
  }

  bool write_all(std::size_t size) { return SSL_write(ssl, buffer.data(), static_cast<int>(size)) > 0; }
};

[[noreturn]] void serve(int listener, const std::string& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  side me;
  me.fd = ::accept(listener, nullptr, nullptr);
  try {
    me.secure(true, folder);
    head x;
    while (me.read_all(sizeof x)) {
      std::memcpy(&x, me.buffer.data(), sizeof x);
      if (!me.read_all(x.size - sizeof x) || !me.write_all(x.answer))
        break;
    }
  } catch (const std::exception&) {
    // The first process says that there is no handshake.
  }
  _exit(0);
}

} // namespace

struct echo::parts {
  side me;
  pid_t other = 0;
};

echo::echo(const std::string& folder) : parts_(std::make_unique<parts>()) {
  std::filesystem::create_directories(folder);
  const test::test_authority authority{"echo"};
  (void)test::write_credentials(folder, authority.issue("echo"), authority.certificate());
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 1) != 0
      || ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("echo: cannot listen");
  parts_->other = ::fork();
  if (parts_->other == 0)
    serve(listener, folder);
  parts_->me.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(parts_->me.fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("echo: cannot connect");
  ::close(listener);
  parts_->me.secure(false, folder);
}

echo::~echo() {
  ::kill(parts_->other, SIGKILL);
  ::waitpid(parts_->other, nullptr, 0);
}

double echo::round_trip_ns(std::size_t out, std::size_t in) {
  const head x{static_cast<std::uint32_t>(out), static_cast<std::uint32_t>(in)};
  std::memcpy(parts_->me.buffer.data(), &x, sizeof x);
  const auto t0 = now_ns();
  if (!parts_->me.write_all(out) || !parts_->me.read_all(in))
    throw std::runtime_error("echo: the second process is gone");
  return static_cast<double>(now_ns() - t0);
}

} // namespace troupe::bench
