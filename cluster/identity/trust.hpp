#pragma once

#include "cluster/identity/certificate.hpp"
#include "cluster/identity/crl.hpp"

namespace troupe::identity {

/// Whom to believe when a peer offers authorities or revocation lists. Pure:
/// texts in, decision out. Peers offer what stands in their `ca.crt` and
/// `revoked.crl`; a stolen node may offer anything.
struct trust_change {
  std::string pem;                  ///< what to keep from now on
  std::vector<std::string> changed; ///< for the journal: "new root 'house root 2' ..."
  std::vector<std::string> refused; ///< "root 'x': no root that we trust vouches for it"
  /// Of lists: who offers lacks something that we have. It must hear ours: if it is
  /// a server it joins both.
  bool answer = false;

  [[nodiscard]] bool any() const noexcept { return !changed.empty(); }
};

/// A root is taken when a root that we trust signed its key (a crossed
/// certificate, in what is offered or in what we have); a crossed certificate or
/// an issuer when a root that we trust then signed it. Nothing that has ended,
/// begins later or is revoked is taken, and nothing is ever dropped but what has
/// ended: removing a root is done by hand.
/// @param ours_pem, lists_pem  our `ca.crt` and `revoked.crl`
/// @returns an error only if ours cannot be read; what is offered may be refused
[[nodiscard]] result<trust_change> consider_authorities(const std::string& ours_pem,
                                                        const std::string& offered_pem,
                                                        const std::string& lists_pem, wall_ms now);

/// A list is taken when an authority that we trust, and that is not revoked by
/// its root (nor by what is offered), signed it and it holds an entry that none of
/// our lists of that authority holds, or the same entries under a larger number.
/// What it makes needless goes; what it does not stays beside it: whoever cannot
/// sign cannot join two lists, and no entry that was signed is ever lost. A
/// server with that authority's key makes one of them, which then replaces both
/// everywhere. Nodes that have heard the same lists, in whatever order, keep
/// the same text, within `max_lists_of_one`.
/// @param authorities_pem  our `ca.crt`, after `consider_authorities`
[[nodiscard]] result<trust_change> consider_revoked(const std::string& ours_pem,
                                                    const std::string& offered_pem,
                                                    const std::string& authorities_pem);

/// More than this, and what is offered is not looked at.
inline constexpr std::size_t max_offered_bytes = 512 * 1024;
/// Lists of one authority side by side. At the bound, and where `revoked.crl` would
/// be larger than peers look at, a further one is refused and told: its owner
/// keeps it, and a server that enrols joins them.
inline constexpr std::size_t max_lists_of_one = 8;
/// `ca.crt` never grows beyond this.
inline constexpr std::size_t max_authorities = 32;

} // namespace troupe::identity
