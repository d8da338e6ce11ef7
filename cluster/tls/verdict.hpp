#pragma once

#include "cluster/tls/openssl.hpp"
#include "config/model/time.hpp"

#include <string>

namespace troupe::cluster {

/// What the check of one peer's certificate knew and found. OpenSSL forgets the
/// certificate of a peer that it refused, and an operator wants its name.
struct verdict {
  wall_ms clock = 0;      ///< what this node's clock said
  wall_ms checked_at = 0; ///< that, or the floor if it is later
  std::string claimed;    ///< CN of the peer's certificate
  std::string why;        ///< empty: accepted, or not come so far
};

/// Attaches a verdict to a new connection and sets the time of its check.
/// @returns false: out of memory.
bool attach_verdict(SSL* ssl, wall_ms clock, wall_ms floor);

/// Null when none is attached.
verdict* verdict_of(const SSL* ssl);

/// Makes every connection of this context record its verdict.
void record_verdicts(SSL_CTX* ctx);

/// `X509_verify_cert`, and every list counts: of several lists of one authority,
/// which nodes keep side by side until a server joins them, OpenSSL looks at one.
int verify_with_all_lists(X509_STORE_CTX* chain);

/// In words for an operator: why this chain is refused.
std::string refusal_in_words(X509_STORE_CTX* chain, wall_ms clock, wall_ms checked_at);

/// Checks times and signatures of revocation lists as we want them: a list
/// that we hold counts also after its next-update date (the laptop with the
/// authority may be off for months), and an authority without a list has
/// revoked nobody. A clock that is known to be behind refuses no certificate as
/// not yet valid: a board that was off for a month and starts in 1970 would shut
/// out all who renewed meanwhile. Only an authority of ours can make one, and the
/// last day still counts.
int tolerate(int ok, X509_STORE_CTX* chain);

/// What a stranger sent, for a log line: at most 64 characters, no control ones.
std::string printable(const std::string& text);

/// First CN of a name; "" when it has none.
std::string common_name(const X509_NAME* name);

/// The one entry of this sort that a name has; "" when none or several, or with
/// a control character inside.
std::string only_entry(const X509_NAME* name, int nid);

/// Hex, lower case.
std::string serial_of(const ASN1_INTEGER* serial);

wall_ms time_of(const ASN1_TIME* at);

/// "2026-11-20"
std::string day(wall_ms at);

} // namespace troupe::cluster
