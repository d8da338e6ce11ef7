#include "apps/daemon/trust_keeper.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/certificate.hpp"
#include "cluster/identity/files.hpp"
#include "cluster/identity/key.hpp"
#include "cluster/identity/renewal.hpp"
#include "cluster/identity/request.hpp"
#include "cluster/identity/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

namespace troupe::daemon {

result<std::unique_ptr<trust_keeper>> trust_keeper::open(options how) {
  std::unique_ptr<trust_keeper> out{new trust_keeper(std::move(how))};
  // Without a right clock no peer is reached; what a board does by itself needs none.
  if (auto loaded = out->load(cluster::tls_context::own::any_time); !loaded)
    return loaded.why();
  auto pem = identity::read_text(out->how_.files.certificate);
  if (!pem)
    return pem.why();
  auto own = identity::certificate::read(*pem, out->how_.files.certificate);
  if (!own)
    return own.why();
  auto floor = identity::time_floor::open(out->how_.files.time_floor, own->from(), own->until());
  if (floor)
    out->floor_ = std::move(*floor);
  else
    out->say(storage::severity::warning, floor.why().context);
  out->look_at_clock();
  return out;
}

void trust_keeper::say(storage::severity level, const std::string& text) const {
  if (how_.tell)
    how_.tell(level, text);
}

status trust_keeper::load(cluster::tls_context::own how) {
  keep_revocations();
  auto seen = texts(); // first: what is written meanwhile is new to `look_after`
  auto fresh = cluster::tls_context::load(how_.files, *how_.clocks, how);
  if (!fresh) {
    take_revocations(std::move(seen));
    return fresh.why();
  }
  auto pem = identity::read_text(how_.files.certificate);
  if (!pem)
    return pem.why();
  auto own = identity::certificate::read(*pem, how_.files.certificate);
  if (!own)
    return own.why();
  if (std::lock_guard of_floor{floor_mutex_}; floor_)
    floor_->certificate(own->from(), own->until());
  auto lists = identity::read_text_if_there(how_.files.revoked);
  std::lock_guard lock{mutex_};
  if (lists)
    lists_ = std::move(*lists);
  seen_ = std::move(seen);
  context_ = std::move(*fresh);
  state_ = {own->serial(), own->from(), own->until(), identity::renew_at(own->from(), own->until(), own->serial())};
  return {};
}

/// A list that was copied over ours, from the desk or from a backup, does not let
/// in again whom ours had revoked.
void trust_keeper::keep_revocations() {
  const auto used = [&] {
    std::lock_guard lock{mutex_};
    return lists_;
  }();
  const auto is_new = [&] {
    const auto text = identity::read_text_if_there(how_.files.revoked);
    return text && *text != used;
  };
  if (used.empty() || !is_new())
    return;
  if (how_.merge)
    (void) how_.merge(used); // what it could not do, stands side by side
  const auto held = identity::folder_lock::hold(std::filesystem::path{how_.files.authorities}.parent_path().string());
  const auto now = identity::read_text_if_there(how_.files.revoked);
  const auto authorities = identity::read_text_if_there(how_.files.authorities);
  if (!held || !now || !authorities)
    return; // told by who loads it
  const auto both = identity::consider_revoked(*now, used, *authorities);
  if (!both || !both->any())
    return;
  if (auto written = identity::write_text(how_.files.revoked, both->pem); !written)
    return say(storage::severity::warning, "revoked.crl lacks what this node knew, and cannot be written: " + written.why().context);
  for (const auto& text : both->changed)
    say(storage::severity::notice, "revoked.crl was replaced by one that lacks what this node knew, which stays: " + text);
}

/// Who cannot show a certificate that others accept must still know whom not to
/// accept: the lists count with the certificate that is in use.
void trust_keeper::take_revocations(std::string seen) {
  const auto used = context();
  auto fresh = cluster::tls_context::load(how_.files, *how_.clocks, cluster::tls_context::own::as_it_is);
  if (!used || !fresh || (*fresh)->self().fingerprint != used->self().fingerprint)
    return;
  auto lists = identity::read_text_if_there(how_.files.revoked);
  std::lock_guard lock{mutex_};
  if (lists)
    lists_ = std::move(*lists);
  seen_ = std::move(seen);
  context_ = std::move(*fresh);
}

std::string trust_keeper::texts() const {
  std::string all;
  for (const auto& path : {how_.files.certificate, how_.files.authorities, how_.files.revoked})
    if (const auto x = identity::read_text_if_there(path))
      all += *x + '\n';
  return all;
}

std::shared_ptr<const cluster::tls_context> trust_keeper::context() const {
  std::lock_guard lock{mutex_};
  return context_;
}

trust_keeper::certificate_state trust_keeper::certificate() const {
  std::lock_guard lock{mutex_};
  return state_;
}

std::string trust_keeper::house() const {
  const auto pem = identity::read_text_if_there(how_.files.authorities);
  if (!pem)
    return {};
  const auto all = identity::certificate::read_all(*pem, how_.files.authorities);
  if (!all)
    return {};
  const identity::certificate* oldest = nullptr;
  for (const auto& x : *all)
    if (x.is_root() && (oldest == nullptr || x.from() < oldest->from()))
      oldest = &x;
  return oldest != nullptr ? oldest->fingerprint().substr(0, 16) : "";
}

status trust_keeper::reload() {
  const auto loaded = load();
  // Also then: who cannot renew its own certificate must still drop the revoked.
  const auto used = how_.reloaded ? how_.reloaded() : status{};
  return loaded ? used : loaded;
}

cluster::trust_offer trust_keeper::offer() const {
  cluster::trust_offer out;
  if (auto x = identity::read_text_if_there(how_.files.authorities))
    out.authorities = std::move(*x);
  if (auto x = identity::read_text_if_there(how_.files.revoked))
    out.revoked = std::move(*x);
  return out;
}

void trust_keeper::offered(const std::string& from, const cluster::trust_offer& x) {
  if (x == offer()) {
    answered_.erase(from);
    return;
  }
  const auto fail = [&](const error& why) { say(storage::severity::warning, fmt::format("offered by {}: {}", from, why.context)); };
  const auto tell = [&](const identity::trust_change& change) {
    for (const auto& text : change.changed)
      say(storage::severity::notice, fmt::format("from {}: {}", from, text));
    // A peer could offer a thousand authorities; the journal needs not each.
    constexpr std::size_t told_one_by_one = 3;
    for (std::size_t i = 0; i < std::min(change.refused.size(), told_one_by_one); ++i)
      say(storage::severity::warning, fmt::format("refused from {}: {}", from, change.refused[i]));
    if (change.refused.size() > told_one_by_one)
      say(storage::severity::warning, fmt::format("refused from {}: {} more like these", from,
                                                  change.refused.size() - told_one_by_one));
  };
  // First, and before ours is read: the file is one for both, and a larger number
  // taken as it is would let in again whom only this server has revoked.
  const auto joined = how_.merge ? how_.merge(x.revoked) : result<bool>{false};
  if (!joined)
    return fail(joined.why());
  if (*joined)
    say(storage::severity::notice, fmt::format("from {}: its revocations are joined with those of this server", from));
  const auto now = [&] {
    std::lock_guard of_floor{floor_mutex_};
    return floor_ ? floor_->now(*how_.clocks) : how_.clocks->wall();
  }();
  // `troupe pki revoke` may write the same files now.
  auto held = identity::folder_lock::hold(std::filesystem::path{how_.files.authorities}.parent_path().string());
  if (!held)
    return fail(held.why());
  std::optional<identity::folder_lock> lock{std::move(*held)};
  // What cannot be read is not nothing: anything would be newer than that.
  for (const auto& path : {how_.files.authorities, how_.files.revoked})
    if (auto readable = identity::read_text_if_there(path); !readable)
      return fail(readable.why());
  const auto ours = offer();
  const auto roots = identity::consider_authorities(ours.authorities, x.authorities, ours.revoked, now);
  if (!roots)
    return fail(roots.why());
  tell(*roots);
  const auto lists = identity::consider_revoked(ours.revoked, x.revoked, roots->any() ? roots->pem : ours.authorities);
  if (!lists)
    return fail(lists.why());
  tell(*lists);
  if (roots->any())
    if (auto written = identity::write_text(how_.files.authorities, roots->pem); !written)
      return fail(written.why());
  if (lists->any())
    if (auto written = identity::write_text(how_.files.revoked, lists->pem); !written)
      return fail(written.why());
  lock.reset();
  if (roots->any() || lists->any() || *joined) {
    answered_.erase(from);
    if (auto used = reload(); !used) // tells the peers too
      say(storage::severity::alarm, "new authorities or revocations cannot be used: " + used.why().context);
  } else if (lists->answer && how_.answer && std::exchange(answered_[from], x.revoked) != x.revoked) {
    how_.answer();
  }
}

void trust_keeper::look_after() {
  const bool changed = [&] {
    const auto now = texts();
    std::lock_guard lock{mutex_};
    return now != std::exchange(seen_, now); // what cannot be used is told once
  }();
  if (changed) {
    if (auto used = reload(); used)
      say(storage::severity::notice, "the files of the PKI folder changed and are in use");
    else
      say(storage::severity::warning, "the files of the PKI folder changed and cannot be used: " + used.why().context);
  }
  if (std::lock_guard of_floor{floor_mutex_}; floor_)
    if (auto kept = floor_->tick(*how_.clocks); !kept)
      say(storage::severity::warning, kept.why().context);
  look_at_clock();
  const auto now = certificate();
  const auto need = identity::judge_renewal(how_.clocks->wall(), floor(), now.until, now.renew_at);
  const bool helps = need == identity::renewal_need::due || (need == identity::renewal_need::ended && signs());
  if (helps && how_.clocks->mono() >= try_again_at_)
    renew();
}

wall_ms trust_keeper::floor() const {
  const auto from = certificate().from;
  std::lock_guard of_floor{floor_mutex_};
  return floor_ ? std::max(floor_->floor(), from) : from;
}

std::string trust_keeper::clock_trouble() const {
  const auto now = certificate();
  const auto clock = how_.clocks->wall();
  if (clock > now.until)
    return fmt::format("this machine's clock says {}, and its certificate ended on {}: other nodes are not reached. If the clock "
                       "is wrong, set it (`timedatectl set-ntp true`): nothing else is needed. If it is right, {}",
                       identity::utc_text(clock), identity::utc_text(now.until),
                       signs() ? "this node, which holds an issuer, gives itself a new one as soon as it can be sure of that; if it does not, "
                                 "the journal says why"
                               : "make a token with --replace on a server and join with it");
  if (clock < now.from)
    return fmt::format("this machine's clock says {}, but it cannot be before {}, when its certificate began: certificates are "
                       "judged by that. Set the clock (`timedatectl set-ntp true`): readings and the journal carry its time. If it is "
                       "right, the clock of the server that made the certificate was ahead: join again",
                       identity::utc_text(clock), identity::utc_text(now.from));
  return {};
}

void trust_keeper::look_at_clock() {
  // Of the same sort: the clock in it goes on.
  const auto sort_of = [&] { return how_.clocks->wall() > certificate().until ? "ahead" : "behind"; };
  const auto text = clock_trouble();
  const std::string sort = text.empty() ? "" : sort_of();
  const auto serial = std::exchange(trouble_serial_, certificate().serial);
  if (std::exchange(trouble_told_, sort) == sort)
    return;
  if (text.empty() && serial != trouble_serial_)
    return; // not the clock was set: the certificate was renewed, which is told
  if (text.empty())
    say(storage::severity::notice, fmt::format("this machine's clock is set: {}", identity::utc_text(how_.clocks->wall())));
  else
    say(sort == "ahead" ? storage::severity::alarm : storage::severity::warning, text);
}

void trust_keeper::look_after_again() {
  if (std::exchange(nobody_there_, false))
    try_again_at_ = 0;
  look_after();
}

/// An ended certificate may stay so for long, in 2099 for instance: each reason is
/// told once a day. The times in it go on.
bool trust_keeper::is_told_already(const std::string& why) {
  auto words = why;
  std::erase_if(words, [](unsigned char c) { return std::isdigit(c) != 0; });
  const auto now = how_.clocks->mono();
  if (words == failure_told_ && now < tell_again_at_)
    return true;
  failure_told_ = std::move(words);
  tell_again_at_ = now + to_ns(identity::again_after_success);
  return false;
}

/// The key stays, so that certificate and key fit together at every moment: a
/// power cut between two files would leave a node that cannot start.
void trust_keeper::renew() {
  try_again_at_ = how_.clocks->mono() + to_ns(identity::again_after_failure);
  const auto until = certificate().until;
  const auto left_days = (until - how_.clocks->wall()) / 86'400'000;
  const auto fail = [&](const error& why) {
    const auto name = context()->self().name;
    const bool ended = until < how_.clocks->wall();
    if (ended && is_told_already(why.context))
      return;
    say(left_days < 7 ? storage::severity::alarm : storage::severity::warning,
        fmt::format("the certificate of this node {} and could not be renewed: {}. It is tried again every 10 minutes; by hand: {}.",
                    ended ? "ended on " + identity::utc_text(until) : fmt::format("ends in {} days", left_days),
                    why.context,
                    signs() ? fmt::format("set the clock if it is wrong; if it is right, `troupe pki issue {} --enrols --replace` where the root is, "
                                          "and copy the folder here", name)
                            : fmt::format("`troupe token {} --replace` on a server that enrols, and join with it", name)));
  };
  if (!how_.renew)
    return;
  const auto pem = identity::read_text(how_.files.key);
  if (!pem)
    return fail(pem.why());
  const auto key = identity::private_key::read(*pem, how_.files.key);
  if (!key)
    return fail(key.why());
  const auto request = identity::make_request(*key, context()->self().name);
  if (!request)
    return fail(request.why());
  const fits check = [this](const nlohmann::json& answer) {
    const auto chain = answer.is_object() ? answer.find("certificate") : answer.end();
    return chain != answer.end() && chain->is_string() ? check_renewed(chain->get<std::string>())
                                                       : status{error{errc::untrusted, "what came holds no certificate"}};
  };
  const auto said = how_.renew(*request, check);
  if (!said) {
    nobody_there_ = said.why().code == errc::unreachable;
    return fail(said.why());
  }
  if (auto fine = check(*said); !fine)
    return fail(fine.why());
  if (auto written = identity::write_text(how_.files.certificate, said->at("certificate").get<std::string>()); !written)
    return fail(written.why());
  if (auto used = reload(); !used)
    return fail(used.why());
  try_again_at_ = how_.clocks->mono() + to_ns(identity::again_after_success);
  const auto fresh = certificate();
  say(storage::severity::notice, fmt::format("certificate renewed; serial {}", fresh.serial));
  const auto clock = how_.clocks->wall();
  if (clock >= fresh.renew_at)
    say(storage::severity::warning, fmt::format("this machine's clock says {}, far ahead of the server that renewed its certificate on {}: "
                                                "set the clock. The certificate is not renewed again today",
                                                identity::utc_text(clock), identity::utc_text(fresh.from)));
}

/// Written over the good file only what the next start of this node can load.
status trust_keeper::check_renewed(const std::string& chain) const {
  const auto fresh = identity::certificate::read(chain, "the renewed certificate");
  if (!fresh)
    return fresh.why();
  const auto self = context()->self();
  const auto now = certificate();
  if (fresh->name() != self.name || fresh->allowed() != self.allowed || fresh->until() <= now.until)
    return error{errc::untrusted, "what came is not a longer certificate of this node with its role"};
  const auto clock = how_.clocks->wall();
  if (clock >= now.from && fresh->from() > clock + identity::clocks_may_differ.count())
    return error{errc::untrusted, fmt::format("the new certificate begins only on {} and this machine's clock says {}: the clock of "
                                              "the server that made it is wrong, or this one's",
                                              identity::utc_text(fresh->from()), identity::utc_text(clock))};
  // Our key, and a way to a root of ours: as it will be loaded.
  auto beside = how_.files;
  beside.certificate += ".new";
  if (auto written = identity::write_text(beside.certificate, chain); !written)
    return written;
  const auto loaded = cluster::tls_context::load(beside, *how_.clocks);
  std::error_code ignored;
  std::filesystem::remove(beside.certificate, ignored);
  return loaded ? status{} : status{loaded.why()};
}

void trust_keeper::close() {
  if (std::lock_guard of_floor{floor_mutex_}; floor_)
    if (auto kept = floor_->save(*how_.clocks); !kept)
      say(storage::severity::warning, kept.why().context);
}

} // namespace troupe::daemon
