#pragma once

#include "drivers/debounce.hpp"
#include "drivers/sim/faults.hpp"
#include "drivers/sim/house.hpp"

#include <atomic>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

namespace troupe::drivers::sim {

/// What a driver call reads and writes without waiting for the model.
struct wire {
  std::atomic<bool> level{false};
  std::atomic<double> amount{0};
};

/// The house and what faults have changed in it: what outlives a closed bus.
struct world {
  explicit world(std::uint64_t seed) : seed(seed), house(seed) {}

  std::uint64_t seed;
  sim::house house;
  std::map<line_id, double> storms; ///< as they are played now
  std::map<line_id, double> rates;  ///< of pulse.N, asked for by fault
};

/// Runs a house in real time on a thread of its own, which sleeps until the
/// next edge or the next physics step is due.
///
/// Threads: every call from any thread; sinks are called on the model thread.
/// Blocking: for no longer than one step of the model, well below 1 ms, except
/// while a `pulse-burst` is delivered.
class engine {
public:
  /// @param speed model seconds per second, above 0.
  engine(const bus_config& config, std::shared_ptr<fault_board> board);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Takes a line for one holder. @returns `busy` if it is held.
  result<std::shared_ptr<wire>> hold(line_id line, const std::string& consumer);
  void release(line_id line);

  /// From now on `sink` gets the line's edges; after `forget` has returned no
  /// call runs or follows.
  void listen(const line_address& line, const line_config& config, edge_sink& sink);
  void forget(line_id line);

  /// Sets an output as of now; the model follows within microseconds.
  status drive(line_id output, double amount);

  /// `device_lost` once the bus was lost, for ever; else what the faults say.
  status pass(std::optional<line_id> line) const;

  /// The lines that are held, and by whom.
  std::map<line_id, std::string> holders() const;

  /// Day 1 at 07:00 when the house is built.
  model_ns model_time() const noexcept { return model_time_.load(std::memory_order_relaxed); }

  fault_board& board() noexcept { return *board_; }

  /// The house as it is now, for a bus of the same name that is opened beside
  /// this one, which hangs.
  world copy() const;

private:
  struct listener {
    edge_sink* sink = nullptr;
    edge_kind kinds = edge_kind::both;
    bool active_low = false;
    mono_ns since = 0;         // older edges are not this listener's
    std::uint32_t sequence = 0;
    std::uint64_t to_drop = 0; // fault edge-loss
    std::uint64_t dropped = 0;
    /// In model time: a house that runs sixty times faster is pressed as
    /// briefly, and its buttons still work.
    std::optional<debouncer> still;
  };

  struct order {
    line_id output = 0;
    double amount = 0;
    mono_ns at = 0;
  };

  void run();
  void live_until(mono_ns now);
  void advance_to(model_ns target);
  model_ns stride() const;
  void follow_faults();
  void do_deeds();
  void burst(line_id line, double pulses);
  void publish();
  void lose();
  void deliver(line_id line, bool level, mono_ns at);          // needs ears_
  void deliver(listener& to, bool logical, mono_ns at);        // needs ears_
  void settle();                                               // needs ears_
  void show(line_id line, bool level);                         // needs ears_
  mono_ns next_wake(mono_ns now) const;
  model_ns model_at(mono_ns real) const;
  mono_ns real_at(model_ns model) const;

  const std::string name_;
  const double speed_;
  const std::shared_ptr<fault_board> board_;
  const std::uint64_t losses_at_open_;
  const std::shared_ptr<waker> waker_ = std::make_shared<waker>();
  const std::uint64_t attached_;

  mutable std::mutex model_; // taken before ears_ where both are
  world world_;
  mono_ns real_base_ = 0;    // the moments that correspond
  model_ns model_base_ = 0;
  std::vector<order> orders_;

  mutable std::mutex ears_;  // held while sinks are called
  std::unordered_map<line_id, std::shared_ptr<wire>> wires_;
  std::map<line_id, std::string> holders_;
  std::unordered_map<line_id, listener> listeners_;
  std::set<line_id> moving_; // debounced ones that have not stood still yet
  bool told_lost_ = false;
  std::uint64_t followed_ = 0; // the board's changes up to here are in the world

  std::vector<contact_edge> edges_; // of the model thread
  std::atomic<model_ns> model_time_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// The house of a bus name: of the bus that is open, else of the last one that
/// was, which has stood still since; else, or for another seed, a new one.
world world_of(const std::string& bus_name, std::uint64_t seed);

/// Makes the engine known to `world_of`.
void enrol(const std::string& bus_name, const std::shared_ptr<engine>& open);

/// The house of a bus that is being closed.
void park(const std::string& bus_name, const engine* who, world left);

} // namespace troupe::drivers::sim
