#include "cluster/tls/context.hpp"
#include "cluster/tls/verdict.hpp"

#include <openssl/sslerr.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace troupe::cluster {

namespace {

/// Words for what OpenSSL numbers; empty: say its own.
std::string in_words(int reason, wall_ms clock) {
  switch (reason) {
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return "the other side showed no certificate; a node gets one with `troupe join`";
  case SSL_R_HTTP_REQUEST: return "the other side speaks plain HTTP, not TLS; use https, or the port that is meant";
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_BAD_RECORD_TYPE:
  case SSL_R_UNEXPECTED_MESSAGE: return "the other side does not speak TLS; is the port right?";
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_VERSION_TOO_LOW:
  case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "the other side does not offer TLS 1.3; update it";
  case SSL_R_NO_SHARED_CIPHER: return "no cipher in common; update the other side";
  // A listener for keys has no certificate to fall back on.
  case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    return "the name of its pre-shared key is not known here; write it into psk-file and reload";
  case SSL_R_BINDER_DOES_NOT_VERIFY: return "the pre-shared key is wrong; write the same at both ends";
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    return "the other side does not trust the authority of our certificate";
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    return "the other side says that our certificate was revoked; with a new token this machine can join again";
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    return fmt::format(
      "the other side says that our certificate expired or is not valid yet; its clock or "
      "ours may be wrong, ours says {}",
      day(clock));
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    return "the other side refuses our certificate; its journal says why";
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    return "the other side wants a certificate and we showed none";
  case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
  case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:
    return "the other side could not check our proof: another pre-shared key, or a damaged "
           "certificate";
  case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    return "the other side refused the handshake; its journal says why";
  case SSL_R_UNEXPECTED_EOF_WHILE_READING:
    return "the other side closed the connection without a word";
  default: return "";
  }
}

} // namespace

handshake_failure explain(SSL* ssl, int ret) {
  const int system = errno;
  const int kind = SSL_get_error(ssl, ret);
  const auto* found = verdict_of(ssl);
  handshake_failure out;
  if (found != nullptr) {
    out.claimed = found->claimed;
    out.why = found->why;
  }
  const auto code = ERR_peek_error();
  if (out.why.empty() && code != 0) {
    out.why = in_words(ERR_GET_REASON(code), found != nullptr ? found->clock : 0);
    if (out.why.empty())
      out.why = "TLS: " + openssl_errors();
  }
  if (out.why.empty() && kind == SSL_ERROR_SYSCALL && system != 0)
    out.why = std::strerror(system);
  if (out.why.empty())
    out.why = "the other side closed the connection";
  ERR_clear_error();
  return out;
}

} // namespace troupe::cluster
