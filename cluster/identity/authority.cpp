#include "cluster/identity/authority.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/folder.hpp"
#include "cluster/identity/names.hpp"
#include "cluster/identity/request.hpp"

namespace troupe::identity {

namespace {

using cluster::role;

/// A board's clock may be a little behind the server's.
constexpr wall_ms back_dated = one_hour;

status check_time(const certificate& issuer, wall_ms now) {
  if (now < issuer.from())
    return error{errc::untrusted,
                 fmt::format("this machine's clock says {}, but its issuing certificate begins on {}: set the "
                             "clock, then try again", utc_text(now), utc_text(issuer.from()))};
  if (now > issuer.until())
    return error{errc::untrusted,
                 fmt::format("the issuing certificate {} ended on {} (this machine's clock says {}): make a new one "
                             "with `troupe pki rotate-ca`, or set the clock", issuer.name(),
                             utc_text(issuer.until()), utc_text(now))};
  return {};
}

status check_order(const issue_order& order, const request& asked) {
  if (auto fine = check_name(order.name); !fine)
    return fine;
  if (order.allowed != role::node && order.allowed != role::operator_ && order.allowed != role::viewer)
    return error{errc::invalid_argument, "a certificate has the role node, operator or viewer"};
  if (order.days < 1 || order.days > issue_order::max_days)
    return error{errc::invalid_argument, fmt::format("{} days: a certificate lives 1 to {} days", order.days,
                                                     issue_order::max_days)};
  if (asked.name() != order.name)
    return error{errc::untrusted, fmt::format("the request is for '{}', not for '{}'", asked.name(), order.name)};
  return {};
}

result<certificate> sign(const request& asked, const issue_order& order, const signer& by, wall_ms now) {
  return make_certificate({.what = order.allowed == role::node ? certificate_order::kind::node
                                                               : certificate_order::kind::person,
                           .name = order.name,
                           .allowed = order.allowed,
                           .from = std::max(order.begins == 0 ? now - back_dated : std::min(now - back_dated, order.begins), by.cert.from()),
                           .until = std::min(now + order.days * one_day, by.cert.until())},
                          asked.key(), &by.cert, by.key);
}

index_entry entry_of(const certificate& x, const std::string& what, const std::string& issuer) {
  return {x.serial(), x.name(), what, issuer, x.from(), x.until(), 0, ""};
}

/// Groups by who signed and adds them to the lists.
status revoke_entries(folder_content& all, const std::vector<index_entry*>& which,
                      const std::vector<signer>& signers, const std::string& why, wall_ms now) {
  for (auto* x : which)
    if (std::none_of(signers.begin(), signers.end(), [&](auto& s) { return s.cert.name() == x->issuer; }))
      return error{errc::not_found,
                   fmt::format("{} (serial {}) was issued by {}, whose key is not here: revoke it where that key "
                               "is{}", x->name, x->serial, x->issuer,
                               x->what == "issuer" ? ", with the root's passphrase" : "")};
  for (auto& by : signers) {
    revoked_serials serials;
    for (auto* x : which)
      if (by.cert.name() == x->issuer)
        serials.emplace(x->serial, now);
    if (serials.empty())
      continue;
    if (auto done = add_revoked(all.lists, by, serials, now); !done)
      return done;
  }
  for (auto* x : which) {
    x->revoked_at = now;
    x->why = why;
  }
  return {};
}

/// The list goes first: an index without its list would show as revoked what
/// still is let in.
status write_changes(const std::string& folder, const folder_content& all, bool lists, wall_ms now) {
  if (lists)
    if (auto done = write_lists(folder, all.lists); !done)
      return done;
  return write_index(folder, all.index, now);
}

std::vector<index_entry*> valid_ones(certificate_index& index, const std::string& name_or_serial, wall_ms now) {
  std::vector<index_entry*> result;
  for (auto& x : index)
    // A root does not revoke itself: who believes it would have to doubt the
    // list that says so.
    if ((x.name == name_or_serial || x.serial == name_or_serial) && x.revoked_at == 0 && now <= x.until
        && x.name != x.issuer)
      result.push_back(&x);
  return result;
}

/// OpenSSL prints serials in capitals.
std::string lower(std::string x) {
  std::transform(x.begin(), x.end(), x.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return x;
}

bool is_serial(const std::string& x) {
  return x.size() >= 16 && x.size() <= 40 && x.size() % 2 == 0
         && x.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Another server with the same issuer gave it out, so it is not in this index.
/// Serials are random: in the list of an issuer that did not give it out it
/// harms nobody.
status revoke_unknown(folder_content& all, const std::string& serial, const std::vector<signer>& issuers,
                      const std::string& why, wall_ms now) {
  for (auto& by : issuers)
    if (auto done = add_revoked(all.lists, by, {{serial, now}}, now); !done)
      return done;
  all.index.push_back({serial, "(issued elsewhere)", "", issuers.front().cert.name(), now,
                       issuers.front().cert.until(), now, why});
  return {};
}

bool has_all(const revoked_serials& in, const revoked_serials& what) {
  return std::all_of(what.begin(), what.end(), [&](auto& x) { return in.contains(x.first); });
}

} // namespace

result<authority> authority::open(std::string folder, const clock_source& clocks) {
  const auto content = read_folder(folder);
  if (!content)
    return error{content.why().code, fmt::format("{}. {} is not the folder of an authority; `troupe pki init` makes one",
                                                 content.why().context, folder)};
  const auto issuers = read_issuers(folder);
  if (!issuers)
    return error{issuers.why().code, fmt::format("{}. Without its issuer {} cannot issue certificates",
                                                 issuers.why().context, folder)};
  if (find_chain(issuers->front().cert, content->authorities, content->roots()).empty())
    return error{errc::untrusted, fmt::format("{0}/issuer.crt ends at no root in {0}/ca.crt", folder)};
  return authority{std::move(folder), clocks};
}

/// What both ways to a new certificate begin with, and hold until it is written.
struct authority::desk {
  request asked;
  folder_lock lock;
  folder_content all;
  std::vector<signer> signers; ///< the first signs
  wall_ms now = 0;

  [[nodiscard]] result<issued> sign_and_write(const issue_order& order, const std::string& folder, bool lists_changed) {
    auto leaf = sign(asked, order, signers.front(), now);
    if (!leaf)
      return leaf.why();
    auto chain = chain_text(*leaf, all);
    if (!chain)
      return chain.why();
    all.index.push_back(entry_of(*leaf, cluster::to_string(order.allowed), signers.front().cert.name()));
    if (auto done = write_changes(folder, all, lists_changed, now); !done)
      return done.why();
    return issued{std::move(*leaf), std::move(*chain)};
  }
};

result<authority::desk> authority::sit_down(const std::string& request_pem, const issue_order& order) const {
  auto asked = request::read(request_pem);
  if (!asked)
    return asked.why();
  if (auto fine = check_order(order, *asked); !fine)
    return fine.why();
  auto lock = folder_lock::hold(folder_);
  if (!lock)
    return lock.why();
  auto all = read_folder(folder_);
  if (!all)
    return all.why();
  auto signers = read_issuers(folder_);
  if (!signers)
    return signers.why();
  const auto now = clocks_->wall();
  if (auto fine = check_time(signers->front().cert, now); !fine)
    return fine.why();
  if (const auto& by = signers->front().cert; is_revoked(by, all->lists))
    return error{errc::untrusted, fmt::format("the issuing certificate {} is revoked: copy issuer.crt and issuer.key of its successor here "
                                              "(`troupe pki rotate-ca --issuer-only` makes one)", by.name())};
  return desk{std::move(*asked), std::move(*lock), std::move(*all), std::move(*signers), now};
}

result<issued> authority::issue(const std::string& request_pem, const issue_order& order) const {
  auto at = sit_down(request_pem, order);
  if (!at)
    return at.why();
  const auto earlier = valid_ones(at->all.index, order.name, at->now);
  if (!earlier.empty() && !order.replace)
    return error{errc::conflict,
                 fmt::format("{} has a valid certificate (serial {}, until {}): renew it, or revoke it, or replace it "
                             "if its key is lost", order.name, earlier.back()->serial, utc_text(earlier.back()->until))};
  if (auto done = revoke_entries(at->all, earlier, at->signers, "replaced", at->now); !done)
    return done.why();
  return at->sign_and_write(order, folder_, !earlier.empty());
}

result<issued> authority::renew(const std::string& request_pem, const certificate& presented,
                                unsigned days) const {
  const auto all = read_folder(folder_);
  if (!all)
    return all.why();
  if (find_chain(presented, all->authorities, all->roots()).empty())
    return error{errc::untrusted, fmt::format("the certificate of {} was not issued under a root in {}/ca.crt",
                                              presented.name(), folder_)};
  if (const auto now = clocks_->wall(); now > presented.until())
    return error{errc::untrusted, fmt::format("the certificate of {} ended on {}: it cannot be renewed, issue a new "
                                              "one", presented.name(), utc_text(presented.until()))};
  return renew(request_pem, {presented.name(), presented.allowed(), days, false, 0}, presented.serial(), pace::any);
}

result<issued> authority::renew(const std::string& request_pem, const std::string& name, role allowed,
                                const std::string& serial, unsigned days, wall_ms begins) const {
  return renew(request_pem, {name, allowed, days, false, begins}, serial, pace::bounded);
}

result<issued> authority::renew(const std::string& request_pem, const issue_order& order, const std::string& serial,
                                pace how) const {
  auto at = sit_down(request_pem, order);
  if (!at)
    return at.why();
  const auto presented = lower(serial);
  bool is_revoked = false;
  for (auto& x : at->all.index)
    is_revoked = is_revoked || (x.serial == presented && x.revoked_at != 0);
  for (auto& x : at->all.lists)
    is_revoked = is_revoked || x.serials().contains(presented);
  if (is_revoked)
    return error{errc::untrusted, fmt::format("the certificate {} of {} is revoked and cannot be renewed", presented, order.name)};
  if (how == pace::bounded)
    for (auto& x : at->all.index) {
      const auto made = x.from + back_dated;
      if (x.name == order.name && x.serial != presented && x.revoked_at == 0 && made <= at->now + back_dated
          && made > at->now - renewal_pause.count())
        return error{errc::over_limit, fmt::format("{} got its certificate {} at {}, and one an hour is enough: use that one, ask again "
                                                   "in an hour, or renew by hand with `troupe pki renew`", order.name, x.serial,
                                                   utc_text(made))};
    }
  return at->sign_and_write(order, folder_, false);
}

result<certificate_index> authority::revoke(const std::string& given, const std::string& why,
                                            const std::optional<private_key>& root_key) const {
  const auto name_or_serial = is_serial(lower(given)) ? lower(given) : given;
  const auto lock = folder_lock::hold(folder_);
  if (!lock)
    return lock.why();
  auto all = read_folder(folder_);
  if (!all)
    return all.why();
  auto signers = read_issuers(folder_);
  if (!signers)
    return signers.why();
  const auto issuers = *signers;
  if (root_key)
    for (auto& root : all->roots())
      if (root.public_digest() == root_key->public_digest())
        signers->push_back({root, *root_key});
  const auto now = clocks_->wall();
  const auto which = valid_ones(all->index, name_or_serial, now);
  const bool known = std::any_of(all->index.begin(), all->index.end(),
                                 [&](auto& x) { return x.serial == name_or_serial; });
  certificate_index result;
  if (which.empty() && is_serial(name_or_serial) && !known) {
    if (auto done = revoke_unknown(*all, name_or_serial, issuers, why, now); !done)
      return done.why();
    result.push_back(all->index.back());
  } else if (which.empty()) {
    return error{errc::not_found, fmt::format("no valid certificate of '{}' was issued here; `troupe pki list` shows "
                                              "names and serials. One that another server issued is revoked by its "
                                              "serial", name_or_serial)};
  } else if (auto done = revoke_entries(*all, which, *signers, why, now); !done) {
    return done.why();
  }
  for (auto* x : which)
    result.push_back(*x);
  if (auto done = write_changes(folder_, *all, true, now); !done)
    return done.why();
  return result;
}

result<bool> authority::merge_revoked(const std::string& lists_pem) const {
  const auto offered = revocation_list::read_all(lists_pem, "the offered lists");
  if (!offered)
    return offered.why();
  const auto lock = folder_lock::hold(folder_);
  if (!lock)
    return lock.why();
  auto all = read_folder(folder_);
  if (!all)
    return all.why();
  const auto signers = read_issuers(folder_);
  if (!signers)
    return signers.why();
  const auto now = clocks_->wall();
  bool changed = false;
  for (auto& by : *signers)
    for (auto& theirs : *offered) {
      if (!theirs.is_signed_by(by.cert))
        continue;
      // Several, if one was kept beside ours or copied here by hand.
      revoked_serials known;
      std::int64_t number = -1;
      std::size_t ours = 0;
      for (auto& x : all->lists)
        if (x.is_signed_by(by.cert)) {
          known.merge(x.serials());
          number = std::max(number, x.number());
          ++ours;
        }
      const auto offered_serials = theirs.serials();
      const bool we_have_all = has_all(known, offered_serials);
      const bool they_have_all = has_all(offered_serials, known);
      if (we_have_all && number >= theirs.number() && ours <= 1)
        continue;
      if (they_have_all && theirs.number() > number) {
        std::erase_if(all->lists, [&](auto& x) { return x.is_signed_by(by.cert); });
        all->lists.push_back(theirs);
      } else {
        // Two servers revoked at once. Of equal entries nodes take the larger
        // number, so the union gets one that is larger than both.
        all->lists.push_back(theirs);
        if (auto done = add_revoked(all->lists, by, {}, now); !done)
          return done.why();
      }
      changed = true;
      for (auto& x : all->index)
        if (x.issuer == by.cert.name() && x.revoked_at == 0 && offered_serials.contains(x.serial)) {
          x.revoked_at = offered_serials.at(x.serial);
          x.why = "revoked at another server";
        }
    }
  if (changed)
    if (auto done = write_changes(folder_, *all, true, now); !done)
      return done.why();
  return changed;
}

result<std::string> authority::authorities() const {
  return read_text(folder_ + "/ca.crt");
}

result<std::string> authority::revoked() const {
  return read_text_if_there(folder_ + "/revoked.crl");
}

result<std::string> authority::root_fingerprint() const {
  const auto all = read_folder(folder_);
  if (!all)
    return all.why();
  const auto by = read_signer(folder_, "issuer");
  if (!by)
    return by.why();
  const auto chain = find_chain(by->cert, all->authorities, all->roots());
  if (chain.empty())
    return error{errc::untrusted, fmt::format("{0}/issuer.crt ends at no root in {0}/ca.crt", folder_)};
  return chain.back().fingerprint();
}

} // namespace troupe::identity
