#include "apps/daemon/cluster_part.hpp"

#include "apps/daemon/json.hpp"
#include "apps/daemon/own_addresses.hpp"
#include "apps/daemon/placement_unit.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "cluster/identity/files.hpp"
#include "config/load/split.hpp"
#include "config/load/typed.hpp"
#include "config/model/address.hpp"
#include "config/model/patience.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

using namespace std::chrono_literals;
using storage::severity;
using storage::slot_kind;

namespace {


/// Larger at each start, also of a board whose clock begins in 1970 again; and
/// larger than before a disk was wiped, where the clock is right.
std::uint64_t next_incarnation(storage::store& disk, const clock_source& clocks, const std::string& node) {
  const auto incarnation_key = "node/" + node + "/incarnation";
  std::uint64_t last = 0;
  if (const auto kept = disk.get(slot_kind::own, incarnation_key)) {
    const auto x = json::parse(kept->payload, nullptr, false);
    last = x.is_object() ? x.value("last", std::uint64_t{0}) : 0;
  }
  const auto seconds = static_cast<std::uint64_t>(std::max<wall_ms>(clocks.wall(), 0) / 1000);
  const auto now = std::max(last + 1, seconds);
  if (auto put = disk.put(slot_kind::own, incarnation_key, json{{"last", now}}.dump()); !put)
    spdlog::warn("cannot keep the number of this start: {}", put.why().context);
  return now;
}

std::string pki_folder(const node_config& config) {
  return config.pki_dir.empty() ? config.data_dir + "/pki" : config.pki_dir;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

json document_json(const document& x) { return {{"section", x.section}, {"name", x.name}, {"document", x.body}}; }

std::vector<document> documents_from(const std::vector<std::string>& texts) {
  std::vector<document> out;
  for (const auto& text : texts) {
    const auto x = far_json(text);
    if (x.is_object() && x.contains("document") && x["document"].is_object())
      out.push_back(make_document(text_in(x, "section"), text_in(x, "name"), x["document"]));
  }
  return out;
}

} // namespace

bool cluster_part::is_wanted(const node_config& config) {
  return !config.listen.empty() || !config.peers.empty() || !config.psk_listen.empty() || config.discovery;
}

bool cluster_part::is_member(const node_config& config) {
  return is_wanted(config)
         && (config.psk_file.empty() || identity::is_there(cluster::credential_files::in(pki_folder(config)).certificate));
}

cluster_part::cluster_part(const node_config& config, services& all, storage::replicated_store& disk, desired& wanted,
                           catalog& people)
  : config_(config), all_(all), disk_(disk), wanted_(wanted), people_(people),
    files_(cluster::credential_files::in(pki_folder(config))) {
  files_.psk = config.psk_file;
}

cluster_part::~cluster_part() { close(); }

void cluster_part::tell(severity level, const std::string& subject, const std::string& text, const std::string& who) {
  storage::journal_event x;
  x.level = level;
  x.kind = "cluster";
  x.subject = subject;
  x.text = text;
  x.who = who;
  all_.store.append(std::move(x));
  const auto as = level >= severity::alarm ? spdlog::level::err : level >= severity::warning ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(as, "{}: {}", subject, text);
}

status cluster_part::load(caf::actor_system_config& config) {
  started_ = all_.clocks.mono();
  incarnation_ = next_incarnation(all_.store, all_.clocks, config_.name);
  trust_keeper::options trust;
  trust.files = files_;
  trust.clocks = &all_.clocks;
  trust.tell = [this](severity level, const std::string& text) { tell(level, "certificate", text); };
  trust.reloaded = [this]() -> status {
    auto* to = open_link_.load(); // `close` may empty it meanwhile; the link lives on
    if (to == nullptr)
      return {};
    if (auto loaded = net().reload(); !loaded)
      return loaded;
    to->offer_trust(trust_->offer());
    return {};
  };
  trust.merge = [this](const std::string& lists) { return enrolment_ ? enrolment_->merge_revoked(lists) : result<bool>{false}; };
  trust.answer = [this] {
    if (auto* to = open_link_.load())
      to->offer_trust(trust_->offer());
  };
  trust.renew = [this](const std::string& request, const trust_keeper::fits& check) { return ask_renewal(request, check); };
  // Said before `open` too, when nothing is opened yet.
  trust.signs = [this, has_issuer = identity::is_there(pki_folder(config_) + "/issuer.key")] {
    return system_ != nullptr ? enrolment_ != nullptr : has_issuer;
  };
  // A board with a pre-shared key has no certificate: it only dials, and shows
  // and obeys under the names that the key was given for.
  const bool by_key = !is_member(config_);
  auto opened = by_key ? result<std::unique_ptr<trust_keeper>>{std::unique_ptr<trust_keeper>{}}
                       : trust_keeper::open(std::move(trust));
  if (!opened) {
    const auto hint = identity::is_there(files_.certificate)
                        ? std::string{}
                        : fmt::format("\nThis node is told to be part of a cluster (listen, peers or discovery in node.toml) and has no "
                                      "certificate in {}. `troupe join` gets one.", pki_folder(config_));
    return error{opened.why().code, opened.why().context + hint};
  }
  trust_ = std::move(*opened);
  if (trust_ && trust_->context()->self().name != config_.name)
    return error{errc::untrusted, fmt::format("{} is for a node '{}', and node.toml calls this one '{}'. Peers go by the certificate: "
                                              "change one of them.", files_.certificate, trust_->context()->self().name, config_.name)};
  cluster::add_link_messages(config);
  cluster::transport::options net;
  net.node = config_.name;
  net.files = files_;
  if (by_key)
    net.files.certificate.clear();
  net.told = this;
  net.messages = cluster::link_message_names();
  net.clocks = &all_.clocks;
  if (config_.run_first)
    net.at_start = [] { (void)take(turn::links); };
  net.bounds = cluster::limits_for(patience_of(config_.profile));
  net.bounds.max_half_open = config_.max_half_open;
  net.bounds.max_half_open_per_address = config_.max_half_open_per_address;
  return cluster::transport::load(config, std::move(net));
}

child_spec cluster_part::membership_child() {
  // Wherever it was removed: what it showed goes here too, when its link has ended.
  table_.listen([this](const cluster::membership_effects::change& x) {
    if (x.now.is != x.before) {
      std::lock_guard lock{standing_mutex_};
      standing_since_[x.now.name] = all_.clocks.mono();
      // Strangers that waited and went leave their names here.
      if (standing_since_.size() > 2 * cluster::membership::max_members)
        std::erase_if(standing_since_, [all = table_.members()](const auto& kept) {
          return std::none_of(all.begin(), all.end(), [&](const cluster::member& m) { return m.name == kept.first; });
        });
    }
    members_changed();
    chores_.once_in("members", 1s, [this] { keep_members(); });
    if (x.now.is == cluster::standing::removed && x.now.name != config_.name)
      forget_soon(x.now.name);
    if ((x.now.is == cluster::standing::removed) != (x.before == cluster::standing::removed))
      chores_.soon([this, now = x.now] { keep_in_store(now.name, now); });
  });
  cluster::membership::options how;
  how.self = config_.name;
  how.addresses = reachable_at(config_.listen);
  how.incarnation = incarnation_;
  how.version = TROUPE_VERSION;
  how.pace = cluster::profile::named(config_.profile);
  how.seed = incarnation_;
  how.banned = own_ban();
  if (how.banned % 2 == 1)
    tell(severity::alarm, config_.name, fmt::format("this node was removed from the house before it stopped, and links to nobody; it asks whether that "
                                                    "stands. `troupe approve {}` on another node takes it back", config_.name));
  child_spec x;
  x.id = membership_name;
  x.type = "membership";
  x.detached = true;
  x.make = cluster::make_membership_unit({std::move(how), known_peers()}, *this, table_, all_.store, all_.clocks);
  if (config_.run_first)
    x.make = in_turn(turn::urgent, std::move(x.make));
  return x;
}

status cluster_part::open(caf::actor_system& system, node_control& here) {
  system_ = &system;
  desk_ = std::make_unique<far_desk>(here, [this](const std::string& peer, const json& body) { return renew_for(peer, body); });
  cluster::link::options how;
  how.node = config_.name;
  how.version = TROUPE_VERSION;
  how.incarnation = incarnation_;
  how.hello_within = dial_step_within(patience_of(config_.profile));
  link_ = std::make_unique<cluster::link>(system, net(), all_, *desk_, hooks(), std::move(how));
  start_exchange();
  link_->start();
  others_ = std::make_unique<far_nodes>(*link_, config_.name);
  front_ = std::make_unique<house_control>(house_parts{here, *others_, all_.live, all_.names, wanted_, config_.name,
                                                       [this] { return books(); }, [this] { return other_nodes(); },
                                                       [this](const std::string& node) {
                                                         const auto all = disk_.members();
                                                         return std::find(all.begin(), all.end(), node) != all.end();
                                                       }});
  enrolment::options enrolling;
  enrolling.folder = pki_folder(config_);
  enrolling.clocks = &all_.clocks;
  enrolling.addresses = [this] { return reachable_at(config_.control_listen); };
  enrolling.peers = [this] {
    std::vector<std::string> out;
    for (const auto& x : table_.members())
      for (const auto& at : x.addresses)
        if (at.find('%') == at.npos) // means nothing on another machine
          out.push_back(x.name + "@" + at);
    return out;
  };
  enrolling.journal = [this](const std::string& who, const std::string& subject, const std::string& text) {
    tell(severity::notice, subject, text, who);
  };
  // Who makes a token for a name that was removed wants it back.
  enrolling.joined = [this](const std::string& name) {
    if (const auto is = table_.standing_of(name); is == cluster::standing::removed || is == cluster::standing::waiting)
      to_membership(cluster::node_command{cluster::node_command::kind::approve, name, "its token"});
  };
  enrolling.revoked_changed = [this] { chores_.soon([this] { (void)trust_->reload(); }); };
  if (auto opened = enrolment::open(std::move(enrolling)); opened)
    enrolment_ = std::move(*opened);
  else if (opened.why().code != errc::not_found)
    tell(severity::warning, "certificate", "this node cannot enrol others: " + opened.why().context);
  if (trust_)
    chores_.every(60s, [this] { trust_->look_after(); });
  // A look costs some 50 µs; a socket that the kernel tells would cost a thread.
  if (follows_the_machine(config_.listen))
    chores_.every(2s, [this] { to_membership(cluster::own_addresses{reachable_at(config_.listen)}); });
  chores_.every(24h, [this] { keep_members(); }); // the day on which an address was good last
  chores_.every(60s, [this] { tell_refusals(refusals_.look(all_.clocks.mono())); });
  // From here on peers come, dialled by the membership, and ask: what answers
  // them stands.
  open_link_ = link_.get();
  if (trust_)
    link_->offer_trust(trust_->offer());
  follow_documents();
  chores_.start();
  // Who has no issuer asks a peer, and there is none yet: see `on_peer`.
  if (trust_ && enrolment_)
    chores_.soon([this] { trust_->look_after(); });
  if (auto heard = listen(); !heard)
    return heard;
  start_discovery();
  return {};
}

status cluster_part::listen() {
  for (const auto& x : config_.listen)
    if (auto port = net().listen(x, link_->gateway()); !port)
      return port.why();
    else
      spdlog::info("listens for nodes at {} (port {})", x, *port);
  for (const auto& x : config_.psk_listen)
    if (auto port = net().listen(x, link_->gateway(), true); !port)
      return port.why();
    else
      spdlog::info("listens for boards with pre-shared keys at {} (port {})", x, *port);
  return {};
}

void cluster_part::start_discovery() {
  if (!config_.discovery)
    return;
  if (!trust_)
    return tell(severity::warning, "discovery", "a node with a pre-shared key is neither found nor finds others: write peers = [...], "
                                                "or set discovery = false");
  cluster::discovery::options how;
  how.name = config_.name;
  // avahi announces the machine's addresses, so nobody could reach what listens
  // at loopback. One announcement has one port.
  for (const auto& x : config_.listen)
    if (const auto at = parse_net_address(x, address_use::listen); at && how.port == 0 && !is_loopback(at->host))
      how.port = at->port;
  how.house = trust_->house();
  how.version = TROUPE_VERSION;
  how.on_found = [this](const std::string& name, const std::vector<std::string>& addresses) {
    to_membership(cluster::node_found{name, addresses});
  };
  how.on_lost = [this](const std::string& name) { to_membership(cluster::node_found{name, {}}); };
  how.on_trouble = [this](const std::string& text) { tell(severity::warning, "discovery", text); };
  auto started = cluster::discovery::start(std::move(how));
  if (started)
    discovery_ = std::move(*started);
  else
    tell(severity::warning, "discovery", started.why().context);
}

void cluster_part::close() {
  if (!open_link_.exchange(nullptr))
    return;
  discovery_.reset();
  feed_.reset();
  front_->stop();
  chores_.stop();
  keep_members(); // what the last second brought
  if (exchange_)
    exchange_->stop();
  link_->stop();
  desk_->stop(); // no worker may use the control interface after this
  if (trust_)
    trust_->close();
}

bool cluster_part::forward(const std::string& name, caf::message what) {
  auto* to = open_link_.load();
  return to != nullptr && to->forward(name, std::move(what));
}

bool cluster_part::send_to(const std::string& node, const std::string& name, caf::message what) {
  auto* to = open_link_.load();
  return to != nullptr && to->send_to(node, name, std::move(what));
}

result<json> cluster_part::ask_node(const std::string& node, const control::caller& who, const std::string& method, const std::string& path,
                                    const json& body) {
  return others_ ? others_->ask(node, who, method, path, body) : error{errc::unreachable, "this node has no links yet"};
}

void cluster_part::cut(const std::string& peer, milliseconds length) {
  if (open_link_)
    net().hold(peer, length);
}

void cluster_part::slow_down(const std::string& peer, milliseconds length, const cluster::lateness& how) {
  if (open_link_)
    net().delay(peer, length, how);
}

std::vector<document> cluster_part::elsewhere() const {
  std::vector<document> all;
  for (const auto& [node, documents] : books())
    for (auto& x : at_node(documents, node))
      all.push_back(std::move(x));
  return all;
}

/// Those of members are in the store, theirs or not linked now; boards with a key tell their own.
std::map<std::string, std::vector<document>> cluster_part::books() const {
  std::map<std::string, std::vector<document>> out;
  if (const auto* to = open_link_.load())
    for (const auto& [node, texts] : to->books().all())
      out[node] = documents_from(texts);
  for (const auto& name : disk_.members())
    out[name] = {};
  for (auto& [node, documents] : desired::of_all(disk_))
    out[node] = std::move(documents);
  out.erase(config_.name);
  std::erase_if(out, [&](const auto& x) { return table_.standing_of(x.first) == cluster::standing::removed; });
  return out;
}

/// Those that have a part in the house: not who was removed, nor who only asks to come in.
std::vector<std::string> cluster_part::other_nodes() const {
  std::vector<std::string> out;
  for (const auto& x : table_.members())
    if (x.name != config_.name && x.is != cluster::standing::removed && x.is != cluster::standing::waiting)
      out.push_back(x.name);
  return out;
}

/// Boards with a key have no part in the store: what is under their names is told to them.
void cluster_part::show_documents() {
  auto* to = open_link_.load();
  if (to == nullptr || (trust_ && config_.psk_listen.empty()))
    return;
  std::vector<std::string> texts;
  for (const auto& x : wanted_.documents())
    texts.push_back(document_json(x).dump());
  to->show_catalogue(++book_, std::move(texts));
}

void cluster_part::follow_documents() {
  show_documents();
  for (const auto& [node, documents] : books())
    learn_documents(node);
  feed_ = all_.store.on_change(slot_kind::map, "desired/", [this](const storage::entry& x, bool) {
    const auto node = desired::node_of(x.key);
    if (node == config_.name)
      chores_.once_in("documents", 5ms, [this] { show_documents(); });
    else
      chores_.once_in("book " + node, 20ms, [this, node] { learn_documents(node); });
  });
}

void cluster_part::start_exchange() {
  if (!trust_)
    return;
  cluster::replicator::options how;
  how.self = config_.name;
  how.archive = config_.archive;
  how.pulse_every = 1000ms; // links lose nothing; among 64 nodes each frame at rest counts
  exchange_ = std::make_shared<cluster::exchange>(disk_, all_.clocks, std::move(how), [this](const std::string& peer, std::string frame) {
    if (auto* to = open_link_.load())
      to->send_frame(peer, std::move(frame));
  });
  exchange_->on_caught_up([this](const cluster::replicator::catch_up& x, mono_ns now) {
    const auto seconds = [](mono_ns ns) { return static_cast<double>(ns) / 1e9; };
    storage::journal_event event;
    event.level = storage::severity::notice;
    event.kind = "replica";
    event.subject = config_.name;
    event.text = fmt::format("caught up: {} changes of other members in {:.1f} s{}", x.operations, seconds(now - x.since),
                             x.away > 0 ? fmt::format(", after {:.0f} s without them", seconds(x.away)) : ", after its start");
    all_.store.append(std::move(event));
  });
  // Said anew at each start, so that no one who did not hear of it removes a node that lives.
  const json me{{"version", TROUPE_VERSION}, {"start", incarnation_}, {"archive", config_.archive}, {"server", config_.server},
                {"power_domain", config_.power_domain}, {"labels", config_.labels}, {"capacity", config_.capacity}, {"features", storage::known_features()}};
  own_words_ = me.dump();
  if (auto put = disk_.put(slot_kind::map, std::string{storage::member_prefix} + config_.name, own_words_); !put)
    tell(severity::warning, "store", "cannot say in the store that this node is a member: " + put.why().context);
  exchange_->start();
  features_ = std::make_unique<feature_desk>(disk_, config_.name, storage::known_features(),
                                             [this](severity level, const std::string& subject, const std::string& text) { tell(level, subject, text); });
  chores_.every(5s, [this] { look_at_features(); });
}

void cluster_part::look_at_features() {
  // Whoever took this node back has said no more of it than its name; and with a new
  // disk and a wrong clock an earlier life's words may win. Not the start: two machines
  // under one name would outbid each other.
  if (const auto kept = disk_.get(slot_kind::map, std::string{storage::member_prefix} + config_.name)) {
    auto shown = json::parse(kept->payload, nullptr, false), own = json::parse(own_words_);
    if (shown.is_object())
      shown["start"] = own["start"];
    if (shown != own)
      (void)disk_.put(slot_kind::map, kept->key, own_words_);
  }
  // The store tells all members once it equals that of another one; or there is none:
  // a board with a key has no part in it.
  const auto peers = exchange_->peers();
  bool whole = std::any_of(peers.begin(), peers.end(), [](const auto& x) { return x.linked && x.equal; });
  if (!whole) {
    auto others = other_nodes();
    for (const auto& x : net().links())
      if (x.who->psk)
        std::erase(others, x.who->name);
    whole = others.empty() && all_.clocks.mono() - started_ > std::chrono::nanoseconds{10s}.count();
  }
  features_->look(whole);
}

void cluster_part::keep_in_store(const std::string& name, const cluster::member& as) {
  if (!exchange_ || name == config_.name)
    return;
  const auto key = std::string{storage::member_prefix} + name;
  const bool there = disk_.get(slot_kind::map, key).has_value();
  const bool removed = as.is == cluster::standing::removed;
  if (removed != there)
    return;
  // The same words at every node that hears of it.
  auto done = removed ? disk_.erase(slot_kind::map, key)
                      : disk_.put(slot_kind::map, key, json{{"version", as.version}, {"taken_back", as.banned}}.dump());
  if (!done)
    tell(severity::warning, name, fmt::format("the store does not take that it was {}: {}", removed ? "removed" : "taken back", done.why().context));
}

/// What people call the things of another node, for lists and checks here.
void cluster_part::learn_documents(const std::string& node) {
  std::map<std::string, catalog::item> items;
  const auto all = books();
  const auto found = all.find(node);
  if (found == all.end())
    return people_.replace_of(node, {});
  for (const auto& x : found->second) {
    catalog::item item;
    if (x.section == "channel") {
      const auto c = to_channel(x);
      if (!c)
        continue;
      item = {c->dir == direction::output ? "output" : "input", c->label, c->unit, c->bus};
    } else if (x.section == "counter") {
      const auto c = to_counter(x);
      if (!c)
        continue;
      item = {"counter", c->label, c->unit, c->bus};
    } else {
      item = {x.section, text_in(x.body, "label"), "", ""};
    }
    items[workshop::actor_of(x.section, x.name)] = std::move(item);
  }
  people_.replace_of(node, items);
}

void cluster_part::forget_soon(const std::string& node) {
  chores_.once_in("forget " + node, 200ms, [this, node] {
    if (table_.standing_of(node) != cluster::standing::removed)
      return; // taken back meanwhile
    if (auto* to = open_link_.load())
      to->forget(node);
    people_.replace_of(node, {});
  });
}

} // namespace troupe::daemon
