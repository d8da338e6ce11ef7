#pragma once

#include "cluster/discovery/announcement.hpp"
#include "cluster/discovery/discovery.hpp"
#include "cluster/discovery/sightings.hpp"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/simple-watch.h>

#include <map>
#include <mutex>
#include <set>
#include <string>

// The conversation with avahi-daemon; inside cluster/discovery only.

namespace troupe::cluster {

/// What the owner and the thread share; lives as long as the longer of them.
struct discovery_desk {
  discovery::options how;
  int wake = -1;            ///< eventfd: look at `over`
  std::mutex speaking;      ///< held while an `on_` function runs
  bool over = false;        ///< by `speaking`: nothing is told any more

  discovery_desk() = default;
  discovery_desk(const discovery_desk&) = delete;
  discovery_desk& operator=(const discovery_desk&) = delete;
  ~discovery_desk();

  template <class F>
  void tell(F&& f) {
    std::lock_guard lock{speaking};
    if (!over)
      f();
  }
};

/// Announces, browses and resolves until `over`. Everything on the thread of
/// `run`, where the library may wait for a daemon that hangs.
class discovery_session {
public:
  explicit discovery_session(discovery_desk& desk);
  void run();

private:
  struct watched {
    AvahiServiceResolver* resolver = nullptr; ///< null: to be tried again
    std::string answer;                       ///< host, address and port, as last told
    bool changed = false;                     ///< since it was resolved: to be asked anew
  };

  void connect();
  void disconnect();
  void announce();
  void browse();
  void resolve(const sighting_key& at);
  void ask_again();
  void tick();
  void later();
  void arm(AvahiTimeout* timer, unsigned ms);
  void on_client(AvahiClient* client, AvahiClientState now);
  void on_group(AvahiEntryGroup* group, AvahiEntryGroupState now);
  void on_seen(AvahiBrowserEvent what, sighting_key at, AvahiLookupResultFlags flags);
  void on_resolved(const sighting_key& at, const std::string& machine, const AvahiAddress& address,
                   std::uint16_t port, AvahiStringList* txt, AvahiLookupResultFlags flags);
  void namesake(const std::string& where);
  void tell(const std::vector<sightings::change>& changes);
  void trouble(const std::string& kind, const std::string& text); ///< once, until `well`
  void well(const std::string& kind);
  [[nodiscard]] bool running() const;

  discovery_desk& desk_;
  const announcement us_;
  AvahiSimplePoll* poll_ = nullptr;
  const AvahiPoll* api_ = nullptr;
  AvahiTimeout* tick_ = nullptr;
  AvahiTimeout* settle_ = nullptr;
  AvahiClient* client_ = nullptr;
  AvahiEntryGroup* group_ = nullptr;
  AvahiServiceBrowser* browser_ = nullptr;
  std::map<sighting_key, watched> watched_;
  sightings seen_;
  std::set<std::string> told_; ///< kinds of trouble
  std::string why_not_;        ///< the library's word for why there is no daemon
  unsigned pause_ = 0;         ///< ticks until a refused name is tried again
  bool broken_ = false;        ///< the connection is to be made anew
};

} // namespace troupe::cluster
