#include "cluster/transport/hub.hpp"

#include "cluster/transport/doorman.hpp"
#include "cluster/transport/scribe.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cluster {

hub::hub(transport::options with)
  : how(std::move(with)),
    messages(how.messages.empty() ? nullptr
                                  : std::make_shared<const std::set<std::string>>(how.messages.begin(), how.messages.end())),
    half_open(how.bounds.max_half_open, how.bounds.max_half_open_per_address),
    meter_(how.bounds.refusals_per_second) {}

status hub::read_files() {
  const std::lock_guard one_at_a_time{reading_};
  if (how.files.certificate.empty() && how.files.psk.empty())
    return error{errc::untrusted, "neither a certificate nor pre-shared keys are configured"};
  auto certificates = how.files.certificate.empty() ? status{} : read_certificates();
  auto keys = how.files.psk.empty() ? status{} : read_keys();
  return certificates ? keys : certificates;
}

status hub::read_certificates() {
  // At the start the clock may be wrong and become right; while it runs, a file
  // that is of no use is refused and the one before stays.
  auto made = tls_context::load(how.files, *how.clocks, tls() ? tls_context::own::checked : tls_context::own::any_time);
  if (!made) {
    take_revocations();
    return made.why();
  }
  const auto& self = (*made)->self();
  if (self.name != how.node || self.allowed != role::node)
    return error{errc::untrusted, fmt::format("{}: it is for the {} '{}', but this is the node '{}'", how.files.certificate,
                                              to_string(self.allowed), self.name, how.node)};
  const std::lock_guard guard{mutex_};
  tls_ = std::move(*made);
  return {};
}

status hub::read_keys() {
  auto made = psk_context::load(how.files.psk, how.node);
  if (!made)
    return made.why();
  const std::lock_guard guard{mutex_};
  psk_ = std::move(*made);
  return {};
}

void hub::take_revocations() {
  const auto now = tls();
  const auto made = now ? tls_context::load(how.files, *how.clocks, tls_context::own::as_it_is)
                        : result<std::shared_ptr<const tls_context>>{error{errc::not_found, ""}};
  if (!made || (*made)->self().fingerprint != now->self().fingerprint)
    return;
  const std::lock_guard guard{mutex_};
  tls_ = *made;
}

std::shared_ptr<const tls_context> hub::tls() const {
  const std::lock_guard guard{mutex_};
  return tls_;
}

std::shared_ptr<const psk_context> hub::psk() const {
  const std::lock_guard guard{mutex_};
  return psk_;
}

rival hub::as_rival(const link_record& x) const {
  const bool up = x.up;
  const std::chrono::nanoseconds silent{now() - x.last_heard};
  return {x.who.dialled == (how.node < x.who.name), x.who.dialled, up,
          up && silent < how.bounds.live_within};
}

std::vector<rival> hub::rivals_of(const link_record& fresh) const {
  std::vector<rival> all;
  for (const auto& one : records_)
    if (one.get() != &fresh && !one->ended && one->who.name == fresh.who.name)
      all.push_back(as_rival(*one));
  return all;
}

namespace {

std::string revocation_of(const peer_identity& who, const tls_context* by) {
  const auto serial = who.psk || by == nullptr ? "" : by->revoked_serial_of(who);
  if (serial.empty())
    return "";
  return serial == who.serial ? fmt::format("certificate of {} with serial {} was revoked; if it belongs to the house, it needs a new one (`troupe join`)", who.name, serial)
                              : fmt::format("the authority with serial {} that issued {} was revoked; it needs a certificate of another", serial, who.name);
}

status in_words(arbitration::verdict x, const std::string& name) {
  switch (x) {
  case arbitration::verdict::proceed: return {};
  case arbitration::verdict::already_linked:
    return error{errc::conflict, fmt::format("already linked with {}", name)};
  case arbitration::verdict::other_wins:
    return error{errc::conflict, fmt::format("{} and this node dialled each other; the other connection is kept", name)};
  }
  return {};
}

} // namespace

status hub::still_welcome(const link_record& x) const {
  if (auto bad = revocation_of(x.who, tls_.get()); !bad.empty())
    return error{errc::untrusted, bad};
  if (x.keys && !(psk_ && psk_->same_key(*x.keys, x.who.name)))
    return error{errc::untrusted, fmt::format("the pre-shared key of {} was changed or removed", x.who.name)};
  return {};
}

status hub::admit(const std::shared_ptr<link_record>& fresh, const std::string& wanted) {
  const auto& who = fresh->who;
  if (!wanted.empty() && who.name != wanted)
    return error{errc::untrusted, fmt::format("dialled {} and found {} there; correct the address in peers, or the certificate there", wanted, who.name)};
  if (who.name == how.node)
    return error{errc::untrusted, fmt::format("shows our own name {}; two nodes may not share one. Give one of them a name and a certificate of its own", who.name)};
  if (who.allowed != role::node && !(who.psk && who.allowed == role::board))
    return error{errc::untrusted, fmt::format("{} has the role {}; only nodes may link. A node needs a certificate of its own (`troupe join`)", who.name,
                                              to_string(who.allowed))};
  const std::lock_guard guard{mutex_};
  if (auto ok = still_welcome(*fresh); !ok)
    return ok;
  const auto greeting = std::count_if(records_.begin(), records_.end(), [&](const auto& x) {
    return !x->ended && x->up_since == 0 && x->who.name == who.name;
  });
  // No stranger is turned away: a peer that has not heard of the drill tries again.
  if (const auto at = disturbed_.find(who.name); at != disturbed_.end() && !at->second.late)
    return error{errc::conflict, fmt::format("the link to {} is cut for a drill", who.name)};
  if (static_cast<std::size_t>(greeting) >= most_greeting)
    return error{errc::over_limit, fmt::format("{} connections of {} have not greeted yet; it may hold {} at a time", greeting,
                                               who.name, most_greeting)};
  if (auto ok = in_words(arbitration::on_authenticated(as_rival(*fresh), rivals_of(*fresh)), who.name);
      !ok)
    return ok;
  records_.push_back(fresh);
  return {};
}

void hub::forget(const std::shared_ptr<link_record>& gone) {
  const std::lock_guard guard{mutex_};
  std::erase(records_, gone);
}

std::vector<link_view> hub::links() const {
  const std::lock_guard guard{mutex_};
  std::vector<link_view> all;
  all.reserve(records_.size());
  for (const auto& one : records_)
    if (one->up)
      all.push_back({one->shown, one->up_since, one->last_heard, one->peer_tick, one->peer_tick_at, one->echo_tick,
                     std::chrono::nanoseconds{one->round_trip}, one->backlog, one->bytes_in, one->bytes_out});
  return all;
}

std::optional<peer_identity> hub::identify(const std::string& node_id) const {
  const std::lock_guard guard{mutex_};
  for (const auto& one : records_)
    if (one->up && one->who.node_id == node_id)
      return one->who;
  return std::nullopt;
}

std::shared_ptr<link_session> hub::way_to(const caf::node_id& node) const {
  const std::lock_guard guard{ways_mutex_};
  const auto found = ways_.find(node);
  return found == ways_.end() ? nullptr : found->second;
}

void hub::open_way(const caf::node_id& node, const std::shared_ptr<link_session>& over) {
  over->open(true);
  const std::lock_guard guard{ways_mutex_};
  ways_[node] = over;
}

void hub::close_way(const std::shared_ptr<link_session>& over) {
  over->open(false);
  const std::lock_guard guard{ways_mutex_};
  std::erase_if(ways_, [&](const auto& x) { return x.second == over; });
}

void hub::note_why(link_record& of, const std::string& why, errc code) {
  const std::lock_guard guard{mutex_};
  if (!of.why.empty() || why.empty())
    return;
  of.why = why;
  of.code = code;
}

std::string hub::why(const link_record& of) const {
  const std::lock_guard guard{mutex_};
  return of.why;
}

error hub::end_of(const link_record& of) const {
  const std::lock_guard guard{mutex_};
  return {of.code, of.why};
}

bool hub::linked(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  return std::any_of(records_.begin(), records_.end(), [&](const auto& one) {
    return one->who.name == name && !one->ended && as_rival(*one).live;
  });
}

bool hub::has_rival(const link_record& of) const {
  const std::lock_guard guard{mutex_};
  return !rivals_of(of).empty();
}

peer_identity hub::who(const link_record& of) const {
  const std::lock_guard guard{mutex_};
  return of.who;
}

void hub::refuse(const std::string& address, const std::string& claimed, const error& why) {
  if (how.told == nullptr)
    return;
  if (why.code == errc::conflict)
    return how.told->surplus(address, claimed, why.context);
  refusal_meter::answer said;
  std::string last;
  {
    const std::lock_guard guard{meter_mutex_};
    said = meter_.note(now());
    if (said.unsaid > 0)
      last = std::exchange(last_unsaid_, {});
    if (!said.tell)
      last_unsaid_ = fmt::format("{}{}{}: {}", claimed, claimed.empty() ? "" : " at ", address, why.context);
  }
  if (said.unsaid > 0)
    how.told->refused("", "", fmt::format("{} more were refused, the last of them {}", said.unsaid, last));
  if (said.tell)
    how.told->refused(address, claimed, why.context);
  else
    wake.at(std::chrono::steady_clock::now() + std::chrono::seconds{1});
}

void hub::post(std::function<void()> what) {
  if (auto* at = io.load())
    at->post(std::move(what));
}

status hub::raise(link_record& fresh, const std::string& node_id) {
  std::vector<std::shared_ptr<link_record>> losers;
  std::optional<lateness> late;
  {
    const std::lock_guard guard{mutex_};
    if (auto ok = still_welcome(fresh); !ok)
      return ok;
    if (auto ok = in_words(arbitration::on_up(as_rival(fresh), rivals_of(fresh)), fresh.who.name); !ok)
      return ok;
    // What still greets is left alone: the node that chooses ends it.
    for (const auto& one : records_)
      if (one.get() != &fresh && one->up_since != 0 && one->who.name == fresh.who.name)
        losers.push_back(one);
    if (const auto at = disturbed_.find(fresh.who.name); at != disturbed_.end())
      late = at->second.late; // a new link over the same bad way
    fresh.who.node_id = node_id;
    fresh.shown = std::make_shared<const peer_identity>(fresh.who);
  }
  // Before CAF hears of the new link: it keeps one route for a node id.
  for (const auto& one : losers) {
    note_why(*one, fmt::format("replaced by a newer connection with {}", one->who.name), errc::conflict);
    if (one->io != nullptr)
      one->io->sever(hub::why(*one), true);
  }
  if (late && fresh.io != nullptr)
    fresh.io->delay(*late);
  fresh.up_since = now();
  fresh.up = true;
  return {};
}

void hub::enter(link_scribe* x) { scribes_.insert(x); }
void hub::leave(link_scribe* x) { scribes_.erase(x); }
void hub::enter(link_doorman* x) { doormen_.insert(x); }
void hub::leave(link_doorman* x) { doormen_.erase(x); }

void hub::beat(const std::vector<std::string>& names) {
  beat_asked = 0;
  const auto at = now();
  for (auto* one : scribes_)
    if (one->record().up && std::find(names.begin(), names.end(), one->record().who.name) != names.end())
      one->beat_now(at);
}

void hub::drop(const std::string& name, const std::string& why) {
  const auto all = scribes_; // severing may end some
  for (auto* one : all)
    if (scribes_.count(one) > 0 && one->record().who.name == name)
      one->sever(why, false);
}

milliseconds hub::held_for(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  const auto found = disturbed_.find(name);
  return found == disturbed_.end() || found->second.late
           ? milliseconds{0}
           : std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(found->second.until - std::chrono::steady_clock::now()));
}

void hub::disturb(const std::string& name, milliseconds length, const std::optional<lateness>& late) {
  const disturbance how{std::chrono::steady_clock::now() + length, late};
  const bool on = length.count() > 0;
  {
    const std::lock_guard guard{mutex_};
    if (on)
      disturbed_[name] = how;
    else
      disturbed_.erase(name);
  }
  if (on)
    wake.at(how.until);
  disturb_links(name, on ? &how : nullptr);
}

void hub::disturb_links(const std::string& name, const disturbance* how) {
  const auto all = scribes_; // what is read may end some
  for (auto* one : all) {
    if (scribes_.count(one) == 0 || one->record().who.name != name)
      continue;
    if (how != nullptr && how->late)
      one->delay(*how->late);
    else
      one->hold(how != nullptr);
  }
}

void hub::end_disturbances() {
  std::vector<std::string> over;
  {
    const std::lock_guard guard{mutex_};
    for (const auto& [name, how] : disturbed_)
      if (std::chrono::steady_clock::now() >= how.until)
        over.push_back(name);
    for (const auto& name : over)
      disturbed_.erase(name);
  }
  for (const auto& name : over)
    disturb_links(name, nullptr);
}

void hub::drop_revoked() {
  const auto all = scribes_; // severing may end some
  for (auto* one : all) {
    if (scribes_.count(one) == 0)
      continue;
    status ok;
    {
      const std::lock_guard guard{mutex_};
      if (!one->record().who.name.empty()) // else not yet authenticated; `admit` will look
        ok = still_welcome(one->record());
    }
    if (!ok)
      one->sever(ok.why().context, false, ok.why().code);
  }
}

bool hub::nothing_queued() const {
  return std::all_of(scribes_.begin(), scribes_.end(), [](auto* one) { return one->queued() == 0; });
}

void hub::look_at_deadlines() {
  end_disturbances();
  const auto all = scribes_;
  const auto at = std::chrono::steady_clock::now();
  for (auto* one : all)
    if (scribes_.count(one) > 0)
      one->look_at_late(at);
  for (auto* one : all)
    if (scribes_.count(one) > 0)
      one->look_at_deadline(at);
  for (auto* one : doormen_)
    one->look_at_deadline(at);
  unsigned unsaid = 0;
  std::string last;
  {
    const std::lock_guard guard{meter_mutex_};
    unsaid = meter_.take_unsaid(now());
    if (unsaid > 0)
      last = std::exchange(last_unsaid_, {});
  }
  if (unsaid > 0 && how.told != nullptr)
    how.told->refused("", "", fmt::format("{} more were refused, the last of them {}", unsaid, last));
}

} // namespace troupe::cluster
