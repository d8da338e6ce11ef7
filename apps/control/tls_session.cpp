#include "apps/control/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>

namespace troupe::control {

std::unique_ptr<tls_session>
tls_session::accept(std::shared_ptr<const cluster::tls_context> context, int fd) {
  auto* ssl = context->accept(fd, cluster::tls_context::ask::optional);
  if (!ssl)
    return nullptr;
  return std::unique_ptr<tls_session>{new tls_session(std::move(context), ssl)};
}

tls_session::tls_session(std::shared_ptr<const cluster::tls_context> context, SSL* ssl)
  : context_(std::move(context)), ssl_(ssl) {
  // The output of a connection moves and grows between two tries to write it.
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // 34 KiB less for each connection that only waits, as streams do.
  SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
}

tls_session::~tls_session() {
  SSL_free(ssl_);
}

tls_session::step tls_session::outcome(int returned) {
  returned_ = returned;
  wants_write_ = false;
  if (returned > 0)
    return step::done;
  switch (SSL_get_error(ssl_, returned)) {
  case SSL_ERROR_WANT_READ: return step::again;
  case SSL_ERROR_WANT_WRITE: wants_write_ = true; return step::again;
  case SSL_ERROR_ZERO_RETURN: return step::ended;
  default: broken_ = true; return step::failed;
  }
}

tls_session::step tls_session::handshake() {
  ERR_clear_error();
  return outcome(SSL_accept(ssl_));
}

tls_session::step tls_session::read(char* to, std::size_t size, std::size_t& got) {
  ERR_clear_error();
  const int n = SSL_read(ssl_, to, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  got = n > 0 ? static_cast<std::size_t>(n) : 0;
  return outcome(n);
}

tls_session::step tls_session::write(const char* from, std::size_t size, std::size_t& put) {
  ERR_clear_error();
  const int n = SSL_write(ssl_, from, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  put = n > 0 ? static_cast<std::size_t>(n) : 0;
  const auto result = outcome(n);
  // TLS 1.3 never needs to read before it writes; one that asks for it is not
  // waited for.
  return result == step::again && !wants_write_ ? step::failed : result;
}

void tls_session::goodbye() {
  if (broken_ || SSL_in_init(ssl_))
    return;
  ERR_clear_error();
  if (SSL_shutdown(ssl_) < 0)
    broken_ = true;
}

bool tls_session::has_certificate() const {
  return SSL_get0_peer_certificate(ssl_) != nullptr;
}

result<cluster::peer_identity> tls_session::who() const {
  return cluster::identity_of(ssl_);
}

cluster::handshake_failure tls_session::why() const {
  return cluster::explain(ssl_, returned_);
}

} // namespace troupe::control
