#pragma once

#include "drivers/sim/sim_bus.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace troupe::test {

/// Collects what a line tells, and waits for it, 10 s at most.
class probe final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge& e) noexcept override {
    add([&] { edges.push_back(e); });
  }
  void on_gap(const drivers::gap& g) noexcept override {
    add([&] { gaps.push_back(g); });
  }
  void on_lost(const error& why) noexcept override {
    add([&] { losses.push_back(why); });
  }

  template <class Until>
  bool wait(Until until) {
    std::unique_lock lock{mutex};
    return news.wait_for(lock, std::chrono::seconds{10}, [&] { return until(*this); });
  }

  std::size_t edge_count() {
    std::lock_guard guard{mutex};
    return edges.size();
  }

  std::mutex mutex;
  std::condition_variable news;
  std::vector<drivers::edge> edges;
  std::vector<drivers::gap> gaps;
  std::vector<error> losses;

private:
  template <class Change>
  void add(Change change) {
    {
      std::lock_guard guard{mutex};
      change();
    }
    news.notify_all();
  }
};

/// Fails the test by its text when a bus cannot be opened.
inline std::unique_ptr<drivers::bus> open_house(const std::string& name, double speed = 1,
                                                std::uint64_t seed = 1) {
  bus_config config;
  config.name = name;
  config.driver = "sim";
  config.speed = speed;
  config.seed = seed;
  auto opened = drivers::open_sim_bus(config);
  return opened ? std::move(*opened) : nullptr;
}

inline line_config line(std::string name, edge_kind edges = edge_kind::both) {
  line_config config;
  config.line = std::move(name);
  config.consumer = "test/" + config.line;
  config.edges = edges;
  return config;
}

} // namespace troupe::test
