#include "drivers/sim/engine.hpp"

namespace troupe::drivers::sim {

namespace {

/// Bus names are few. Beyond this the oldest by name is forgotten, and its
/// house begins anew.
constexpr std::size_t max_parked = 64;

struct shelf {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<engine>> open;
  std::map<std::string, world> parked;
};

shelf& the_shelf() {
  static shelf s;
  return s;
}

} // namespace

world world_of(const std::string& bus_name, std::uint64_t seed) {
  auto& s = the_shelf();
  std::shared_ptr<engine> live; // ends outside the lock: its end parks a house
  {
    std::lock_guard guard{s.mutex};
    if (const auto found = s.open.find(bus_name); found != s.open.end())
      live = found->second.lock();
    if (!live) {
      const auto found = s.parked.find(bus_name);
      if (found != s.parked.end() && found->second.seed == seed)
        return found->second;
    }
  }
  if (live) {
    auto copied = live->copy();
    if (copied.seed == seed)
      return copied;
  }
  return world{seed};
}

void enrol(const std::string& bus_name, const std::shared_ptr<engine>& open) {
  auto& s = the_shelf();
  std::lock_guard guard{s.mutex};
  s.open[bus_name] = open;
}

void park(const std::string& bus_name, const engine* who, world left) {
  auto& s = the_shelf();
  std::lock_guard guard{s.mutex};
  // A bus that was abandoned while it hung comes home late: another one has
  // taken the house over, and its state is the newer.
  if (const auto found = s.open.find(bus_name); found != s.open.end()) {
    if (const auto live = found->second.lock(); live && live.get() != who)
      return;
  }
  s.parked.insert_or_assign(bus_name, std::move(left));
  if (s.parked.size() > max_parked)
    s.parked.erase(s.parked.begin()->first == bus_name ? std::next(s.parked.begin())
                                                       : s.parked.begin());
}

} // namespace troupe::drivers::sim
