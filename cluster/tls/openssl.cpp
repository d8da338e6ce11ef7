#include "cluster/tls/openssl.hpp"

namespace troupe::cluster {

std::string openssl_errors() {
  std::string text;
  while (const auto code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty())
      text += "; ";
    text += reason != nullptr ? std::string{reason} : "error " + std::to_string(code);
  }
  return text.empty() ? "no reason given" : text;
}

owned_ssl_ctx new_tls13_context() {
  owned_ssl_ctx ctx{SSL_CTX_new(TLS_method())};
  if (!ctx)
    return nullptr;
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_3_VERSION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE
                                | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                | SSL_MODE_RELEASE_BUFFERS);
  // On by default: one SSL_read then works through records without data, such as
  // key updates, for as long as the peer sends them.
  SSL_CTX_clear_mode(ctx.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx.get(), 0);
  return ctx;
}

} // namespace troupe::cluster
