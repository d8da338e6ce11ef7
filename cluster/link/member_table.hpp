#pragma once

#include "cluster/membership/membership.hpp"

#include <functional>
#include <mutex>
#include <optional>

namespace troupe::cluster {

/// What the membership last saw, for the control interface and for whoever
/// places work: one copy under a small lock. Outlives the unit, so that a
/// crash of it shows the last view and not an empty cluster.
///
/// Threads: any.
class member_table {
public:
  struct picture {
    std::string self;
    std::vector<member> members; ///< ordered by name, self included
    membership_differences differences;
    std::map<std::string, std::string> hearsay; ///< see `membership::hearsay`
    std::map<std::string, std::vector<std::string>> reached_at; ///< see `membership::reached_at`
    std::vector<std::string> deaf_to_us;
    std::map<std::string, double> flaps; ///< peers with a score of 1 or more
    double local_health = 1;
    std::uint64_t version = 0; ///< grows with every change of standing
  };
  using on_change = std::function<void(const membership_effects::change&)>;

  [[nodiscard]] picture look() const {
    std::lock_guard lock{mutex_};
    return now_;
  }
  [[nodiscard]] std::vector<member> members() const { return look().members; }
  [[nodiscard]] std::optional<member> find(const std::string& name) const {
    std::lock_guard lock{mutex_};
    for (const auto& x : now_.members)
      if (x.name == name)
        return x;
    return {};
  }
  [[nodiscard]] standing standing_of(const std::string& name) const {
    std::lock_guard lock{mutex_};
    for (const auto& x : now_.members)
      if (x.name == name)
        return x.is;
    return standing::unknown;
  }

  /// Called for each change, on the unit's thread, after the table shows it;
  /// must not block. One listener; before the unit starts.
  void listen(on_change what) { listener_ = std::move(what); }

  // --- the unit's side ---
  void show(picture p, bool changed) {
    std::lock_guard lock{mutex_};
    p.version = now_.version + (changed ? 1 : 0);
    now_ = std::move(p);
  }
  void tell(const membership_effects::change& x) const {
    if (listener_)
      listener_(x);
  }

private:
  mutable std::mutex mutex_;
  picture now_;
  on_change listener_;
};

} // namespace troupe::cluster
