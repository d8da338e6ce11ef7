#include "cluster/discovery/session.hpp"

#include "config/model/address.hpp"

#include <avahi-common/error.h>
#include <avahi-common/timeval.h>
#include <fmt/format.h>
#include <net/if.h>
#include <unistd.h>

#include <cstdint>

namespace troupe::cluster {

namespace {

constexpr unsigned retry_ms = 2000;
constexpr unsigned refused_name_ticks = 15; ///< probing costs the network packets
/// After a new view began: longer than a resolver waits for its answers (5 s).
constexpr unsigned settle_ms = 10'000;

std::vector<std::string> texts_of(AvahiStringList* x) {
  std::vector<std::string> all;
  for (; x; x = avahi_string_list_get_next(x))
    all.emplace_back(reinterpret_cast<const char*>(avahi_string_list_get_text(x)),
                     avahi_string_list_get_size(x));
  return all;
}

// A link-local address means nothing without its interface.
std::string host_of(const AvahiAddress& x, int interface) {
  char text[AVAHI_ADDRESS_STR_MAX];
  avahi_address_snprint(text, sizeof text, &x);
  std::string host{text};
  const auto* first = x.data.ipv6.address;
  if (x.proto == AVAHI_PROTO_INET6 && first[0] == 0xFE && (first[1] & 0xC0) == 0x80) {
    char name[IF_NAMESIZE];
    if (::if_indextoname(static_cast<unsigned>(interface), name))
      host += std::string{"%"} + name;
  }
  return host;
}

discovery_session* self_of(void* x) { return static_cast<discovery_session*>(x); }

} // namespace

discovery_desk::~discovery_desk() {
  if (wake >= 0)
    ::close(wake);
}

discovery_session::discovery_session(discovery_desk& desk)
  : desk_{desk}, us_{desk.how.name, desk.how.version, desk.how.house} {}

void discovery_session::run() {
  poll_ = avahi_simple_poll_new();
  if (!poll_) {
    trouble("poll", "DNS-SD: no memory or descriptor for it; nodes are not discovered.");
    return;
  }
  api_ = avahi_simple_poll_get(poll_);
  auto* wake = api_->watch_new(
    api_, desk_.wake, AVAHI_WATCH_IN,
    [](AvahiWatch*, int, AvahiWatchEvent, void* x) { avahi_simple_poll_quit(self_of(x)->poll_); }, this);
  tick_ = api_->timeout_new(
    api_, nullptr, [](AvahiTimeout*, void* x) { self_of(x)->tick(); }, this);
  settle_ = api_->timeout_new(
    api_, nullptr,
    [](AvahiTimeout*, void* x) { self_of(x)->tell(self_of(x)->seen_.forget_doubted()); }, this);
  if (wake && tick_ && settle_) {
    connect();
    // 1: the owner has ended it.
    int said = 0;
    while ((said = avahi_simple_poll_iterate(poll_, -1)) == 0)
      if (broken_) {
        disconnect();
        later();
      }
    if (said < 0)
      trouble("poll", "DNS-SD: waiting for the message bus failed; nodes are no longer discovered. "
                      "Restart the node.");
  }
  disconnect();
  avahi_simple_poll_free(poll_); // and its timers
}

bool discovery_session::running() const {
  return client_ && avahi_client_get_state(client_) == AVAHI_CLIENT_S_RUNNING;
}

void discovery_session::connect() {
  int why = 0;
  client_ = avahi_client_new(
    api_, AVAHI_CLIENT_NO_FAIL,
    [](AvahiClient* c, AvahiClientState now, void* x) { self_of(x)->on_client(c, now); }, this, &why);
  if (client_)
    return;
  // No message bus. What the callback saw on the way is freed already.
  group_ = nullptr;
  browser_ = nullptr;
  why_not_ = avahi_strerror(why);
  later();
}

// The client takes groups, browsers and resolvers with it.
void discovery_session::disconnect() {
  broken_ = false;
  if (client_)
    avahi_client_free(client_);
  client_ = nullptr;
  group_ = nullptr;
  browser_ = nullptr;
  watched_.clear();
  seen_.doubt();
  arm(settle_, 0);
}

void discovery_session::on_client(AvahiClient* client, AvahiClientState now) {
  client_ = client; // also from within avahi_client_new
  switch (now) {
  case AVAHI_CLIENT_S_RUNNING:
    well("daemon");
    announce();
    browse();
    break;
  case AVAHI_CLIENT_S_REGISTERING:
  case AVAHI_CLIENT_S_COLLISION:
    // The machine's own name or addresses change: announced again afterwards.
    if (group_)
      avahi_entry_group_reset(group_);
    later();
    break;
  case AVAHI_CLIENT_FAILURE:
    why_not_ = avahi_strerror(avahi_client_errno(client));
    broken_ = true;
    break;
  case AVAHI_CLIENT_CONNECTING:
    why_not_ = "it is not running";
    later();
    break;
  }
}

void discovery_session::announce() {
  if (desk_.how.port == 0 || pause_ > 0)
    return;
  if (!group_)
    group_ = avahi_entry_group_new(
      client_, [](AvahiEntryGroup* g, AvahiEntryGroupState now, void* x) { self_of(x)->on_group(g, now); },
      this);
  if (!group_) {
    later();
    return;
  }
  if (!avahi_entry_group_is_empty(group_))
    return;
  AvahiStringList* txt = nullptr;
  for (const auto& x : txt_of(us_))
    txt = avahi_string_list_add(txt, x.c_str());
  int said = avahi_entry_group_add_service_strlst(
    group_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, AvahiPublishFlags{}, instance_of(us_).c_str(),
    service_type, nullptr, nullptr, desk_.how.port, txt);
  avahi_string_list_free(txt);
  if (said == AVAHI_OK)
    said = avahi_entry_group_commit(group_);
  if (said == AVAHI_ERR_COLLISION)
    namesake("on this machine");
  else if (said != AVAHI_OK) {
    avahi_entry_group_reset(group_);
    trouble("announce", fmt::format("DNS-SD: node '{}' cannot be announced: {}. Others do not find it by "
                                    "discovery; tried again every {} s.",
                                    us_.name, avahi_strerror(said), retry_ms / 1000));
    later();
  }
}

void discovery_session::on_group(AvahiEntryGroup* group, AvahiEntryGroupState now) {
  group_ = group;
  if (now == AVAHI_ENTRY_GROUP_ESTABLISHED) {
    well("name");
    well("announce");
  } else if (now == AVAHI_ENTRY_GROUP_COLLISION) {
    namesake("on this network");
  } else if (now == AVAHI_ENTRY_GROUP_FAILURE) {
    avahi_entry_group_reset(group);
    later();
  }
}

// Not renamed to "boiler #2": a name is a certificate's, and two of one name
// are a mistake that only people can mend.
void discovery_session::namesake(const std::string& where) {
  trouble("name", fmt::format("DNS-SD: another node of this house {} already announces itself as '{}'. Two "
                              "nodes must not have one name: change `name` in one's node.toml. Until then "
                              "this one is not announced.",
                              where, us_.name));
  if (group_)
    avahi_entry_group_reset(group_);
  pause_ = refused_name_ticks;
  later();
}

void discovery_session::browse() {
  if (browser_)
    return;
  browser_ = avahi_service_browser_new(
    client_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, service_type, nullptr, AvahiLookupFlags{},
    [](AvahiServiceBrowser*, AvahiIfIndex interface, AvahiProtocol family, AvahiBrowserEvent what,
       const char* name, const char*, const char* domain, AvahiLookupResultFlags flags, void* x) {
      self_of(x)->on_seen(what, {interface, family, name ? name : "", domain ? domain : ""}, flags);
    },
    this);
  if (!browser_)
    later();
}

void discovery_session::on_seen(AvahiBrowserEvent what, sighting_key at, AvahiLookupResultFlags flags) {
  switch (what) {
  case AVAHI_BROWSER_NEW:
    if (flags & AVAHI_LOOKUP_RESULT_OUR_OWN)
      break;
    if (watched_.size() >= sightings::max_seen && !watched_.contains(at))
      trouble("many", fmt::format("DNS-SD: more than {} announcements of {} are on this network; the rest is "
                                  "passed over. Write peers = [...] for nodes that are not found.",
                                  sightings::max_seen, service_type));
    else
      resolve(at);
    break;
  case AVAHI_BROWSER_REMOVE:
    if (const auto known = watched_.find(at); known != watched_.end()) {
      if (known->second.resolver)
        avahi_service_resolver_free(known->second.resolver);
      watched_.erase(known);
    }
    tell(seen_.gone(at));
    if (watched_.size() < sightings::max_seen / 2)
      well("many");
    break;
  case AVAHI_BROWSER_ALL_FOR_NOW:
    arm(settle_, settle_ms);
    break;
  case AVAHI_BROWSER_FAILURE:
    // The library's words come with the client's own failure.
    avahi_service_browser_free(browser_);
    browser_ = nullptr;
    later();
    break;
  case AVAHI_BROWSER_CACHE_EXHAUSTED:
    break;
  }
}

// A resolver is kept: it tells again when address, port or text change.
void discovery_session::resolve(const sighting_key& at) {
  auto& it = watched_[at];
  if (it.resolver)
    return;
  it.resolver = avahi_service_resolver_new(
    client_, at.interface, at.family, at.instance.c_str(), service_type, at.domain.c_str(), at.family,
    AvahiLookupFlags{},
    [](AvahiServiceResolver* r, AvahiIfIndex interface, AvahiProtocol family, AvahiResolverEvent what,
       const char* name, const char*, const char* domain, const char* machine, const AvahiAddress* address,
       std::uint16_t port, AvahiStringList* txt, AvahiLookupResultFlags flags, void* x) {
      const sighting_key key{interface, family, name ? name : "", domain ? domain : ""};
      auto* self = self_of(x);
      if (what == AVAHI_RESOLVER_FOUND && address) {
        self->on_resolved(key, machine ? machine : "", *address, port, txt, flags);
        return;
      }
      avahi_service_resolver_free(r);
      for (auto& [other, w] : self->watched_)
        if (w.resolver == r)
          w.resolver = nullptr;
      self->later();
    },
    this);
  if (!it.resolver)
    later();
}

void discovery_session::on_resolved(const sighting_key& at, const std::string& machine,
                                    const AvahiAddress& address, std::uint16_t port, AvahiStringList* txt,
                                    AvahiLookupResultFlags flags) {
  auto answer = fmt::format("{} {} {}", machine, host_of(address, at.interface), port);
  if (auto& it = watched_[at]; it.answer != answer) {
    // A resolver that lives through a move of the name to another machine goes on
    // with the port of the new and the address of the old one (avahi 0.8).
    it.changed = !it.answer.empty();
    it.answer = std::move(answer);
    if (it.changed)
      later();
  }
  const auto said = read_txt(texts_of(txt));
  const bool ours = flags & AVAHI_LOOKUP_RESULT_OUR_OWN;
  // A neighbour's, or our own echo; or it was somebody and is so no more.
  if (!said || said->house != us_.house || port == 0 || ours || said->name == us_.name) {
    tell(seen_.gone(at));
    return;
  }
  tell(seen_.saw(at, said->name, to_string(net_address{host_of(address, at.interface), port})));
}

// Those that failed, and those whose answer changed.
void discovery_session::ask_again() {
  for (auto& [at, x] : watched_) {
    if (x.resolver && x.changed) {
      avahi_service_resolver_free(x.resolver);
      x.resolver = nullptr;
    }
    x.changed = false;
    if (!x.resolver)
      resolve(at);
  }
}

void discovery_session::tick() {
  if (pause_ > 0)
    --pause_;
  if (!client_)
    connect();
  if (!running()) {
    trouble("daemon", fmt::format("DNS-SD: avahi-daemon does not answer ({}), so nodes are not discovered. "
                                  "Install and start avahi-daemon, or set discovery = false; tried again "
                                  "until then.",
                                  why_not_.empty() ? "not ready" : why_not_));
    later();
    return;
  }
  announce();
  browse();
  ask_again();
  if (pause_ > 0)
    later();
}

void discovery_session::arm(AvahiTimeout* timer, unsigned ms) {
  timeval at{};
  if (ms > 0)
    avahi_elapse_time(&at, ms, 0);
  api_->timeout_update(timer, ms > 0 ? &at : nullptr);
}

void discovery_session::later() { arm(tick_, retry_ms); }

void discovery_session::tell(const std::vector<sightings::change>& changes) {
  for (const auto& x : changes)
    desk_.tell([&] {
      if (!x.addresses.empty())
        desk_.how.on_found(x.name, x.addresses);
      else
        desk_.how.on_lost(x.name);
    });
}

void discovery_session::trouble(const std::string& kind, const std::string& text) {
  if (told_.insert(kind).second)
    desk_.tell([&] { desk_.how.on_trouble(text); });
}

void discovery_session::well(const std::string& kind) { told_.erase(kind); }

} // namespace troupe::cluster
