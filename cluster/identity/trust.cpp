#include "cluster/identity/trust.hpp"

#include "cluster/identity/calendar.hpp"

#include <openssl/x509.h>

#include <algorithm>
#include <tuple>

namespace troupe::identity {

namespace {

/// A stranger's words in our journal: short, and nothing that moves a cursor.
std::string shown(const std::string& text) {
  std::string result;
  for (unsigned char c : text.substr(0, 60))
    result += c < ' ' || c == 127 ? '?' : static_cast<char>(c);
  return result;
}

class believer {
public:
  believer(std::vector<certificate> ours, std::vector<revocation_list> lists, wall_ms now)
    : kept_(std::move(ours)), lists_(std::move(lists)), now_(now) {}

  [[nodiscard]] bool has(const certificate& x) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](auto& y) { return y.fingerprint() == x.fingerprint(); });
  }

  /// Why not; empty: taken.
  std::string take(const certificate& x, const std::vector<certificate>& offered) {
    if (!x.is_authority())
      return "is no authority";
    if (!x.is_valid_at(now_))
      return fmt::format("is valid from {} to {}, and it is {}", utc_text(x.from()), utc_text(x.until()), utc_text(now_));
    if (is_revoked(x, lists_))
      return "is revoked";
    if (x.is_root()) {
      if (!is_vouched_for(x, offered) && !is_vouched_for(x, kept_))
        return "no root that we trust vouches for it";
    } else if (!is_signed_by_our_root(x)) {
      return "no root that we trust signed it";
    }
    if (kept_.size() >= max_authorities)
      return fmt::format("ca.crt holds {} authorities already; remove what is old", max_authorities);
    kept_.push_back(x);
    return {};
  }

  [[nodiscard]] const std::vector<certificate>& kept() const { return kept_; }

private:
  [[nodiscard]] bool is_signed_by_our_root(const certificate& x) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](auto& root) {
      return root.is_root() && root.is_valid_at(now_) && x.is_signed_by(root);
    });
  }

  [[nodiscard]] bool is_vouched_for(const certificate& root, const std::vector<certificate>& by) const {
    return std::any_of(by.begin(), by.end(), [&](auto& x) {
      return x.fingerprint() != root.fingerprint() && x.is_same_authority(root) && x.is_authority()
             && x.is_valid_at(now_) && !is_revoked(x, lists_) && is_signed_by_our_root(x);
    });
  }

  std::vector<certificate> kept_;
  std::vector<revocation_list> lists_;
  wall_ms now_;
};

/// Signed by a root of ours or by an issuer that such a root signed and did not
/// revoke.
const certificate* signer_of(const revocation_list& list, const std::vector<certificate>& authorities,
                             const std::vector<revocation_list>& ours) {
  for (auto& x : authorities)
    if (list.is_signed_by(x)
        && (x.is_root()
            || (std::any_of(authorities.begin(), authorities.end(),
                            [&](auto& root) { return root.is_root() && x.is_signed_by(root); })
                && !is_revoked(x, ours))))
      return &x;
  return nullptr;
}

/// As good as signed by the same: it is asked of lists that we hold or took.
bool same_authority(const revocation_list& a, const revocation_list& b) {
  return X509_NAME_cmp(X509_CRL_get_issuer(a.get()), X509_CRL_get_issuer(b.get())) == 0;
}

bool is_of_a_root(const revocation_list& list, const std::vector<certificate>& authorities) {
  return std::any_of(authorities.begin(), authorities.end(), [&](auto& x) { return x.is_root() && list.is_signed_by(x); });
}

} // namespace

result<trust_change> consider_authorities(const std::string& ours_pem, const std::string& offered_pem,
                                          const std::string& lists_pem, wall_ms now) {
  auto ours = certificate::read_all(ours_pem, "our ca.crt");
  if (!ours)
    return ours.why();
  auto lists = revocation_list::read_all(lists_pem, "our revoked.crl");
  if (!lists)
    return lists.why();
  trust_change result{ours_pem, {}, {}, false};
  if (offered_pem.size() > max_offered_bytes) {
    result.refused.push_back(fmt::format("{} bytes of authorities; more than {} are not looked at",
                                         offered_pem.size(), max_offered_bytes));
    return result;
  }
  const auto offered = certificate::read_all(offered_pem, "the offered authorities");
  if (!offered) {
    result.refused.push_back(offered.why().context);
    return result;
  }
  // What has ended goes, or a house that rotates for decades outgrows its file;
  // but never the last one, or a board with a wrong clock would trust nobody.
  auto kept = *ours;
  std::erase_if(kept, [&](auto& x) { return x.until() < now; });
  if (std::none_of(kept.begin(), kept.end(), [](auto& x) { return x.is_root(); }))
    kept = *ours;
  const bool dropped = kept.size() != ours->size();
  believer who{std::move(kept), std::move(*lists), now};
  std::map<std::string, std::string> refused;
  // Each round may open the door for the next root of a row; rows are short.
  for (bool again = true; again;) {
    again = false;
    refused.clear();
    for (auto& x : *offered) {
      if (who.has(x))
        continue;
      const auto what = fmt::format("{} '{}' (SHA-256 {})", x.is_root() ? "root" : "authority", shown(x.name()),
                                    x.fingerprint().substr(0, 16));
      const auto why = who.take(x, *offered);
      if (!why.empty()) {
        refused[x.fingerprint()] = what + ": " + why;
        continue;
      }
      result.changed.push_back("new " + what);
      again = true;
    }
  }
  for (auto& [print, text] : refused)
    result.refused.push_back(text);
  if (dropped)
    result.changed.push_back("dropped what has ended");
  if (result.any())
    result.pem = pem_of(who.kept());
  return result;
}

result<trust_change> consider_revoked(const std::string& ours_pem, const std::string& offered_pem,
                                      const std::string& authorities_pem) {
  auto ours = revocation_list::read_all(ours_pem, "our revoked.crl");
  if (!ours)
    return ours.why();
  const auto authorities = certificate::read_all(authorities_pem, "our ca.crt");
  if (!authorities)
    return authorities.why();
  trust_change result{ours_pem, {}, {}, false};
  if (offered_pem.size() > max_offered_bytes) {
    result.refused.push_back(fmt::format("{} bytes of revocation lists; more than {} are not looked at",
                                         offered_pem.size(), max_offered_bytes));
    return result;
  }
  auto offered = revocation_list::read_all(offered_pem, "the offered lists");
  if (!offered) {
    result.refused.push_back(offered.why().context);
    return result;
  }
  // The roots' first: they say whose list counts no more.
  std::stable_partition(offered->begin(), offered->end(), [&](auto& x) { return is_of_a_root(x, *authorities); });
  for (auto& x : *offered) {
    const auto what = fmt::format("revocation list {} of '{}'", x.number(), shown(x.authority()));
    const auto* signer = signer_of(x, *authorities, *ours);
    if (!signer) {
      result.refused.push_back(what + ": no authority that we trust and that is not revoked signed it; a new authority comes with `troupe pki rotate-ca`");
      continue;
    }
    const auto of_signer = [&](const revocation_list& y) { return y.is_signed_by(*signer); };
    if (const auto enough = std::find_if(ours->begin(), ours->end(), [&](auto& y) { return of_signer(y) && covers(y, x); }); enough != ours->end()) {
      if (enough->pem() != x.pem())
        result.refused.push_back(fmt::format("{}: all of it stands in number {}, which we have; the other node takes that over when it is linked",
                                             what, enough->number()));
      continue;
    }
    auto next = *ours;
    std::erase_if(next, [&](auto& y) { return of_signer(y) && covers(x, y); });
    const auto beside = static_cast<std::size_t>(std::count_if(next.begin(), next.end(), of_signer));
    next.push_back(x);
    if (beside >= max_lists_of_one || next.size() > revocation_list::max_in_a_file || pem_of(next).size() > max_offered_bytes) {
      result.refused.push_back(fmt::format("{}: {} lists of this authority that differ are kept already, and no more or larger ones may be: "
                                           "a server that enrols makes one of them when it is linked", what, beside));
      continue;
    }
    result.changed.push_back(fmt::format("{} with {} serials{}", what, x.serials().size(),
                                         beside == 0 ? "" : fmt::format(", kept beside {} more of its authority until a server that enrols joins them", beside)));
    *ours = std::move(next);
  }
  result.answer = std::any_of(ours->begin(), ours->end(), [&](auto& y) {
    return std::none_of(offered->begin(), offered->end(), [&](auto& x) { return same_authority(x, y) && covers(x, y); });
  });
  if (result.any()) {
    std::sort(ours->begin(), ours->end(), [](auto& a, auto& b) {
      return std::make_tuple(a.authority(), -a.number(), a.pem()) < std::make_tuple(b.authority(), -b.number(), b.pem());
    });
    result.pem = pem_of(*ours);
  }
  return result;
}

} // namespace troupe::identity
