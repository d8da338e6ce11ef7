#pragma once

#include "drivers/digital.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::test {

/// An edge sink that remembers. Any thread.
class edge_log final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge& x) noexcept override { add(edges_, x); }
  void on_gap(const drivers::gap& x) noexcept override { add(gaps_, x); }
  void on_lost(const error& x) noexcept override { add(losses_, x); }

  std::vector<drivers::edge> edges() const { return copy(edges_); }
  std::vector<drivers::gap> gaps() const { return copy(gaps_); }
  std::vector<error> losses() const { return copy(losses_); }
  std::size_t calls() const { return calls_.load(); }

  void clear() {
    const std::lock_guard lock{guard_};
    edges_.clear();
    gaps_.clear();
    losses_.clear();
    calls_ = 0;
  }

private:
  template <class T>
  void add(std::vector<T>& to, const T& x) {
    const std::lock_guard lock{guard_};
    to.push_back(x);
    ++calls_;
  }

  template <class T>
  std::vector<T> copy(const std::vector<T>& from) const {
    const std::lock_guard lock{guard_};
    return from;
  }

  mutable std::mutex guard_;
  std::vector<drivers::edge> edges_;
  std::vector<drivers::gap> gaps_;
  std::vector<error> losses_;
  std::atomic<std::size_t> calls_{0};
};

/// Waits until something holds, looking every millisecond.
/// @returns whether it held in time.
inline bool eventually(const std::function<bool()>& holds, milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return holds();
    std::this_thread::sleep_for(milliseconds{1});
  }
  return true;
}

} // namespace troupe::test
