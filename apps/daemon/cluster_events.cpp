// What the cluster tells this node, and what this node's part answers.
#include "apps/daemon/ask.hpp"
#include "apps/daemon/cluster_part.hpp"
#include "apps/daemon/json.hpp"
#include "apps/daemon/placement_unit.hpp"
#include "cluster/identity/calendar.hpp"
#include "cluster/identity/renewal.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

using namespace std::chrono_literals;
using storage::severity;

namespace {

cluster::dial_end end_of_dial(errc x) {
  switch (x) {
  case errc::closed: return cluster::dial_end::refused;
  case errc::unreachable:
  case errc::timed_out: return cluster::dial_end::silence;
  default: return cluster::dial_end::turned_away;
  }
}

} // namespace

cluster::link_hooks cluster_part::hooks() {
  cluster::link_hooks x;
  x.on_peer = [this](const std::string& peer, std::uint64_t incarnation) {
    {
      std::lock_guard lock{standing_mutex_};
      not_reached_.erase(peer);
    }
    to_membership(cluster::link_is_up{peer, incarnation});
    if (const auto* to = open_link_.load(); exchange_ && to)
      if (const auto who = to->find(peer); who && who->commands())
        exchange_->linked(peer);
    tell_refusals(refusals_.let_in(peer));
    members_changed();
    all_.names.send("placement", node_came_atom::value);
    chores_.once_in("members", 1s, [this] { keep_members(); });
    if (trust_)
      chores_.once_in("renewal", 2s, [this] { trust_->look_after_again(); });
  };
  x.on_peer_ends = [this](const std::string& peer) { all_.names.tell_followers(node_gone{peer}); };
  x.on_peer_lost = [this](const std::string& peer, const std::string& why, bool lost) {
    to_membership(cluster::link_is_down{peer, why, lost});
    if (exchange_)
      exchange_->unlinked(peer);
    if (table_.standing_of(peer) == cluster::standing::removed)
      forget_soon(peer); // nothing of it comes any more
  };
  x.on_letter = [this](const std::string& from, cluster::membership_message what) {
    to_membership(cluster::letter_came{from, std::move(what)});
  };
  x.removed = [this](const std::string& peer) {
    auto row = table_.find(peer);
    return row && row->is == cluster::standing::removed ? row : std::nullopt;
  };
  x.on_trust = [this](const std::string& from, cluster::trust_offer what) {
    const auto said = offers_.put(from, std::move(what), all_.clocks.mono());
    if (said.unread > 0)
      tell(severity::warning, from, fmt::format("offered authorities and revocations so often that {} offers were not looked at: one in {} ms is, "
                                                "and the newest counts. Find what rewrites its PKI files, or `troupe remove-node {}`",
                                                said.unread, trust_inbox::pause.count(), from));
    chores_.once_in("trust " + from, said.look_in, [this, from] { look_at_trust(from); });
  };
  x.on_refused = [this](const std::string& address, const std::string& peer, const std::string& why) { refused(address, peer, why); };
  x.name_of = [](const std::string& document) { return text_in(far_json(document), "name"); };
  x.on_catalogue = [this](const std::string& from) {
    chores_.once_in("book " + from, 20ms, [this, from] { learn_documents(from); });
  };
  x.on_frame = [this](const std::string& from, std::string frame) {
    if (exchange_)
      exchange_->receive(from, frame);
  };
  x.on_trouble = [this](const std::string& subject, const std::string& text) { tell(severity::warning, subject, text); };
  return x;
}

void cluster_part::members_changed() { all_.names.send("placement", placement_atom::value); }

placement_desk::view cluster_part::placement_view() {
  placement_desk::view out;
  const auto now = table_.look();
  bool all_there = true;
  for (const auto& x : now.members) {
    using is = cluster::standing;
    if (x.name != config_.name)
      all_there &= x.is == is::alive || x.is == is::left || x.is == is::removed || x.is == is::waiting;
    out.alive[x.name] = x.is == is::alive || x.is == is::suspect;
    if (x.draining || x.is == is::left || x.is == is::removed || x.is == is::waiting)
      out.leaving.insert(x.name);
  }
  // Three falls within some minutes: it is last among equals until it is steady.
  for (const auto& [name, score] : now.flaps)
    if (score >= 3)
      out.flapping.insert(name);
  // A node that has just come would think that it is alone, and take all rules.
  if ((now.members.size() > 1 && all_there) || all_.clocks.mono() - started_ > std::chrono::nanoseconds{settle_within}.count())
    settled_ = true;
  out.settled = settled_;
  return out;
}

void cluster_part::link_up(const cluster::peer_identity&) noexcept {
  // A peer counts when it has said hello: the link tells.
}

void cluster_part::link_down(const cluster::peer_identity& who, const std::string& why, bool lost) noexcept {
  if (auto* to = open_link_.load())
    to->link_down(who, why, lost);
}

void cluster_part::refused(const std::string& address, const std::string& claimed, const std::string& why) noexcept {
  refuse("refused", address, claimed, why);
}

/// A sum has no address, and is told as it is.
void cluster_part::refuse(const std::string& how, const std::string& address, const std::string& claimed, const std::string& why) {
  if (address.empty())
    return tell(severity::warning, claimed.empty() ? "strangers" : claimed, fmt::format("{}: {}", how, why));
  const auto host = address.substr(0, address.rfind(':'));
  tell_refusals(refusals_.note(claimed.empty() ? host : claimed, address, how, why, all_.clocks.mono()));
}

void cluster_part::tell_refusals(const refusal_book::lines& all) {
  for (const auto& x : all)
    tell(x.over ? severity::notice : severity::warning, x.subject, x.text);
}

void cluster_part::look_at_trust(const std::string& from) {
  const auto what = offers_.take(from, all_.clocks.mono());
  if (!what || !trust_)
    return;
  trust_->offered(from, *what); // joins the lists first where this node enrols
}

void cluster_part::surplus(const std::string& address, const std::string& name, const std::string& why) noexcept {
  spdlog::debug("a surplus connection with {} at {} ended: {}", name, address, why);
}

void cluster_part::refused_at_control(const std::string& address, const std::string& claimed, const std::string& why) noexcept {
  refuse("refused by the control interface", address, claimed, why);
}

std::vector<cluster::heard> cluster_part::links() {
  std::vector<cluster::heard> out;
  auto* to = open_link_.load();
  if (to == nullptr)
    return out;
  const auto all = to->tick(net().links());
  out.reserve(all.size());
  for (const auto& x : all)
    out.push_back({x.who->name, x.last_heard, x.round_trip, x.who->allowed == cluster::role::board});
  return out;
}

void cluster_part::beat(const std::vector<std::string>& names) {
  if (open_link_)
    net().beat(names);
}

std::chrono::nanoseconds cluster_part::ears_late() {
  return open_link_ ? net().io_late() : std::chrono::nanoseconds{0};
}

void cluster_part::dial(const cluster::member& whom) {
  if (!open_link_)
    return to_membership(cluster::dial_failed{whom.name, "this node has not opened its links yet", cluster::dial_end::turned_away});
  net().dial(whom.name, whom.addresses, [this, name = whom.name](result<caf::actor> gateway) {
    auto* to = open_link_.load();
    if (to == nullptr)
      return;
    if (gateway)
      return to->greet(*gateway);
    spdlog::debug("cannot reach {}: {}", name, gateway.why().context);
    {
      std::lock_guard lock{standing_mutex_};
      not_reached_[name] = gateway.why().context;
    }
    to_membership(cluster::dial_failed{name, gateway.why().context, end_of_dial(gateway.why().code)});
  });
}

void cluster_part::send(const std::string& to, const cluster::membership_message& what) {
  if (auto* by = open_link_.load())
    by->send(to, what);
}

void cluster_part::drop(const std::string& name, const std::string& why) {
  if (open_link_)
    net().drop(name, why);
}

json cluster_part::members() {
  std::map<std::string, cluster::link_view> linked;
  if (open_link_)
    for (auto& x : net().links())
      linked[x.who->name] = x;
  auto out = json::array();
  const auto wall = all_.clocks.wall();
  const auto mono = all_.clocks.mono();
  std::lock_guard lock{standing_mutex_};
  for (const auto& x : table_.members()) {
    const auto at = linked.find(x.name);
    const auto trip = at == linked.end() ? 0 : at->second.round_trip.count() / 1000;
    const bool self = x.name == config_.name;
    const auto at_mono = standing_changed(x.name, self ? started_ : 0);
    const auto since = at_mono == 0 ? wall_ms{0} : wall - (mono - at_mono) / 1'000'000;
    json row{{"name", x.name}, {"standing", to_string(x.is)}, {"since", since}, {"self", self},
             {"direct", x.direct}, {"round_trip_us", trip > 0 ? json(trip) : json()}, {"addresses", x.addresses},
             {"version", x.version}, {"draining", x.draining}, {"incarnation", x.incarnation}};
    const bool is_dialled = x.is == cluster::standing::unknown || x.is == cluster::standing::down
                            || x.is == cluster::standing::suspect || (x.is == cluster::standing::alive && !x.direct);
    if (const auto why = not_reached_.find(x.name); at == linked.end() && is_dialled && why != not_reached_.end())
      row["not_reached"] = why->second;
    if (at != linked.end()) {
      row["address"] = at->second.who->address;
      row["certificate_until"] = at->second.who->expires;
      row["backlog_bytes"] = at->second.backlog_bytes;
      row["psk"] = at->second.who->psk;
    }
    out.push_back(std::move(row));
  }
  auto differences = json::array();
  for (const auto& [name, tellers] : table_.look().differences)
    for (const auto& [by, said] : tellers)
      differences.push_back({{"name", name}, {"by", by}, {"standing", to_string(said.is)}, {"direct", said.direct}});
  return {{"node", config_.name}, {"now", wall}, {"members", std::move(out)}, {"differences", std::move(differences)}};
}

mono_ns cluster_part::standing_changed(const std::string& name, mono_ns otherwise) const {
  const auto changed = standing_since_.find(name);
  return changed == standing_since_.end() ? otherwise : changed->second;
}

json cluster_part::replicas() {
  auto out = json::array();
  if (!exchange_)
    return out;
  const auto now = all_.clocks.mono();
  const auto seconds_since = [now](mono_ns at) { return at == 0 ? json() : json(static_cast<double>(now - at) / 1e9); };
  auto members = disk_.members();
  for (const auto& x : exchange_->peers()) {
    std::erase(members, x.name);
    const auto lacks = disk_.missing(x.seen);
    out.push_back({{"name", x.name}, {"linked", x.linked}, {"equal", x.equal}, {"entries", lacks.entries}, {"bytes", lacks.bytes},
                   {"behind_s", seconds_since(x.behind_since)}, {"heard_s", seconds_since(x.heard_at)}, {"trouble", x.trouble},
                   {"sending_all", x.sending_all}, {"receiving_all", x.receiving_all}, {"under_way", x.under_way},
                   {"staged_bytes", x.staged}, {"sent_bytes", x.sent_bytes}, {"received_bytes", x.received_bytes},
                   {"wholes_sent", x.wholes_sent}, {"repaired", x.repaired}, {"repairing", x.differing},
                   {"compared_s", seconds_since(x.compared_at)}, {"lacks", x.lacks}, {"stream", x.session},
                   {"clock", x.linked ? json(to_string(x.clock)) : json()}});
  }
  const auto all = disk_.missing({});
  for (const auto& name : members) // not linked since this node started
    if (name != config_.name)
      out.push_back({{"name", name}, {"linked", false}, {"equal", false}, {"entries", all.entries}, {"bytes", all.bytes},
                     {"behind_s", seconds_since(started_)}, {"heard_s", nullptr}, {"trouble", ""}});
  return out;
}

json cluster_part::catching_up() {
  const auto x = exchange_ ? exchange_->catching_up() : std::nullopt;
  if (!x)
    return nullptr;
  return {{"operations", x->operations}, {"done", x->done}, {"for_s", static_cast<double>(all_.clocks.mono() - x->since) / 1e9},
          {"away_s", static_cast<double>(x->away) / 1e9}};
}

json cluster_part::features() { return features_ ? features_->view() : json::array(); }

json cluster_part::alarms() {
  auto out = json::array();
  {
    std::lock_guard lock{standing_mutex_};
    for (const auto& x : table_.members())
      if (x.is == cluster::standing::down) {
        const auto ago = all_.clocks.mono() - standing_changed(x.name, started_);
        out.push_back({{"at", all_.clocks.wall() - ago / 1'000'000}, {"subject", x.name},
                       {"text", fmt::format("is down; what only it shows is not known. `troupe log {0}` says why; `troupe remove-node {0}` "
                                            "if it will not come back", x.name)}});
      }
  }
  if (features_)
    for (const auto& [subject, text] : features_->troubles())
      out.push_back({{"at", all_.clocks.wall()}, {"subject", subject}, {"text", text}});
  if (exchange_)
    for (const auto& x : exchange_->peers())
      if (!x.trouble.empty())
        out.push_back({{"at", all_.clocks.wall()}, {"subject", x.name}, {"text", "its store and this node's do not exchange: it " + x.trouble}});
  const auto text = trust_ ? trust_->clock_trouble() : std::string{};
  if (!text.empty())
    out.push_back({{"at", all_.clocks.wall()}, {"subject", "clock"}, {"text", text}});
  return out;
}

result<json> cluster_part::act(const control::caller& who, const std::string& name, const std::string& verb) {
  const bool own_word = verb == "drain" || verb == "undrain" || verb == "leave";
  if (own_word && name != config_.name) {
    auto said = others_->ask(name, who, "POST", "/v1/members/" + name + "/" + verb);
    // Its goodbye may be quicker than its answer, and ends the link.
    if (!said && verb == "leave" && table_.standing_of(name) == cluster::standing::left)
      return json{{"name", name}, {"done", verb}, {"text", "left"}};
    return said;
  }
  if (!own_word && name == config_.name)
    return error{errc::invalid_argument, fmt::format("a node does not {} itself; ask another one", verb)};
  using kind = cluster::node_command::kind;
  static const std::map<std::string, kind> verbs{{"drain", kind::drain}, {"undrain", kind::undrain}, {"leave", kind::leave},
                                                 {"approve", kind::approve}, {"remove", kind::remove}};
  const auto known = verbs.find(verb);
  if (known == verbs.end())
    return error{errc::invalid_argument, fmt::format("nobody knows how to '{}' a node; there are approve, remove, drain, undrain, leave", verb)};
  const auto by = who.via.empty() ? who.name : fmt::format("{} ({})", who.name, who.via);
  const auto answer = ask<std::string>(*system_, all_.names.find(membership_name), membership_name, 3s,
                                       cluster::node_command{known->second, name, by});
  if (!answer)
    return answer.why();
  // Whoever reads "removed" may pull the plug.
  if (!own_word)
    if (auto kept = keep_members_durably(); !kept)
      return error{kept.why().code, fmt::format("{}: {}. Yet {} may forget it at a power cut: {}", name, *answer, config_.name,
                                                kept.why().context)};
  return json{{"name", name}, {"done", verb}, {"text", *answer}};
}

result<json> cluster_part::token(const control::caller& who, const json& body) {
  if (!enrolment_)
    return error{errc::unsupported, fmt::format("{} cannot enrol others: it has no issuer. Ask a node that has one (`troupe --node NAME "
                                                "token ...`), or give it one with `troupe pki`", config_.name)};
  return enrolment_->mint(who.name, body);
}

result<json> cluster_part::enrol(const json& body) {
  if (!enrolment_)
    return error{errc::unsupported, fmt::format("{} cannot enrol others: it has no issuer; join at the node that made the token", config_.name)};
  return enrolment_->enrol(body);
}

result<json> cluster_part::reload(const control::caller& who) {
  if (!trust_)
    return error{errc::unsupported, config_.name + " has a pre-shared key and no certificates to load"};
  if (auto loaded = trust_->reload(); !loaded)
    return loaded.why();
  tell(severity::notice, "certificate", "certificates loaded again", who.name);
  const auto now = trust_->certificate();
  return json{{"reloaded", true}, {"serial", now.serial}, {"until", now.until}};
}

/// Asks all that are linked what time it is; see `believe_own_clock`.
status cluster_part::clock_agrees_with_peers() {
  identity::own_clock x;
  const auto own = trust_->certificate();
  x.from = own.from;
  x.until = own.until;
  x.floor = trust_->floor();
  x.alone = other_nodes().empty();
  for (const auto& [node, answer] : others_->ask_all("/v1/members"))
    if (const auto now = answer && answer->is_object() ? answer->value("now", json()) : json(); now.is_number_integer())
      x.said[node] = now.get<wall_ms>();
  x.clock = all_.clocks.wall();
  if (!x.said.empty())
    no_clock_since_.reset();
  else if (!no_clock_since_)
    no_clock_since_ = all_.clocks.mono();
  else
    x.asked_for = milliseconds{(all_.clocks.mono() - *no_clock_since_) / 1'000'000};
  return identity::believe_own_clock(x);
}

result<json> cluster_part::ask_renewal(const std::string& request, const trust_keeper::fits& check) {
  if (enrolment_) {
    if (auto agree = clock_agrees_with_peers(); !agree)
      return agree.why();
    // Whatever the error of this clock, it is not before the floor: peers with a
    // right one accept a certificate that begins there.
    const auto ended = all_.clocks.wall() > trust_->certificate().until;
    return enrolment_->renew(trust_->context()->self(), request, ended ? trust_->floor() : 0);
  }
  auto* by = open_link_.load();
  if (by == nullptr)
    return error{errc::unreachable, "this node is not linked to any other"};
  error last{errc::unreachable, "no linked node has an issuer"};
  auto all = by->peers_now();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->who.name < b->who.name; });
  for (const auto& x : all) {
    if (x->who.allowed != cluster::role::node)
      continue;
    control::caller self;
    self.name = config_.name;
    auto said = others_->ask(x->who.name, self, "POST", far_desk::renewal_path, json{{"request", request}});
    const auto fine = said ? check(*said) : status{};
    if (said && fine)
      return said;
    if (said) {
      // Its node may be broken or not mean well: the next one is asked.
      last = {fine.why().code, fmt::format("the answer of {} is not used: {}", x->who.name, fine.why().context)};
      tell(severity::warning, "certificate", last.context);
    } else if (said.why().code != errc::unsupported)
      last = said.why();
  }
  return last;
}

/// The peer's certificate, proven by its link, decides the name.
result<json> cluster_part::renew_for(const std::string& peer, const json& body) {
  if (!enrolment_)
    return error{errc::unsupported, config_.name + " has no issuer"};
  const auto* by = open_link_.load();
  const auto who = by != nullptr ? by->find(peer) : nullptr;
  if (!who)
    return error{errc::unreachable, "the link ended"};
  const auto request = body.value("request", json());
  if (!request.is_string())
    return error{errc::invalid_argument, "a renewal needs \"request\": a certificate request as PEM text"};
  return enrolment_->renew(who->who, request.get<std::string>());
}

} // namespace troupe::daemon
