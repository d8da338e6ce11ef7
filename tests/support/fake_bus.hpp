#pragma once

#include "drivers/bus.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::test {

/// Hardware for tests: pins that outlive the driver objects, as real ones do.
/// Threads: any.
struct fake_hardware {
  mutable std::mutex mutex;
  std::map<std::string, drivers::edge_sink*> listeners;
  std::map<std::string, std::uint32_t> sequences;
  std::map<std::string, double> pins; ///< levels and quantities
  std::map<std::string, error> broken; ///< what opening, reading or writing it says
  std::vector<std::pair<std::string, double>> writes;
  std::set<std::string> held;
  error bus_broken;      ///< what opening the bus says
  error check_says;      ///< what `check` says
  std::string throws_at; ///< writing this line throws
  std::string hangs_at;  ///< writing this line waits until `hang` is over
  std::condition_variable released;
  std::atomic<int> opened{0};
  std::atomic<int> reads{0};

  /// The bus's own thread may be the last that lets go of a line.
  ~fake_hardware() {
    for (int ms = 0; ms < 2000; ++ms) {
      {
        std::lock_guard lock{mutex};
        if (held.empty())
          return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  /// Edges as the kernel would tell them; unseen while nobody listens.
  /// @returns how many were heard.
  std::size_t edge(const std::string& line, bool level, mono_ns at) {
    std::lock_guard lock{mutex};
    pins[line] = level ? 1 : 0;
    const auto found = listeners.find(line);
    if (found == listeners.end())
      return 0;
    found->second->on_edge({level, at, ++sequences[line]});
    return 1;
  }

  void lose(const std::string& line, const error& why) {
    std::lock_guard lock{mutex};
    const auto found = listeners.find(line);
    if (found != listeners.end())
      found->second->on_lost(why);
  }

  void gap(const std::string& line, std::uint64_t missed, bool level) {
    std::lock_guard lock{mutex};
    pins[line] = level ? 1 : 0;
    const auto found = listeners.find(line);
    if (found != listeners.end())
      found->second->on_gap({missed, level, 0});
  }

  [[nodiscard]] double pin(const std::string& line) const {
    std::lock_guard lock{mutex};
    const auto found = pins.find(line);
    return found == pins.end() ? 0 : found->second;
  }

  [[nodiscard]] std::size_t written(const std::string& line) const {
    std::lock_guard lock{mutex};
    std::size_t n = 0;
    for (const auto& x : writes)
      n += x.first == line ? 1u : 0u;
    return n;
  }

  void hang(const std::string& line) {
    std::lock_guard lock{mutex};
    hangs_at = line;
  }

  void release() {
    std::lock_guard lock{mutex};
    hangs_at.clear();
    released.notify_all();
  }
};

class fake_bus final : public drivers::bus {
public:
  explicit fake_bus(fake_hardware& hw) : hw_(hw) {}

  result<std::unique_ptr<drivers::digital_input>>
  open_digital_input(const line_config& c, drivers::edge_sink& sink) override {
    if (const auto ok = hold(c.line); !ok)
      return ok.why();
    std::lock_guard lock{hw_.mutex};
    if (c.edges != edge_kind::none)
      hw_.listeners[c.line] = &sink;
    hw_.sequences[c.line] = 0;
    return std::unique_ptr<drivers::digital_input>(new input{hw_, c.line});
  }

  result<std::unique_ptr<drivers::digital_output>>
  open_digital_output(const line_config& c, std::optional<bool> initial) override {
    if (const auto ok = hold(c.line); !ok)
      return ok.why();
    if (initial)
      set(hw_, c.line, *initial ? 1 : 0);
    return std::unique_ptr<drivers::digital_output>(new output{hw_, c.line});
  }

  result<std::unique_ptr<drivers::analog_input>>
  open_analog_input(const line_config& c) override {
    if (const auto ok = hold(c.line); !ok)
      return ok.why();
    return std::unique_ptr<drivers::analog_input>(new probe{hw_, c.line});
  }

  result<std::unique_ptr<drivers::analog_output>>
  open_analog_output(const line_config& c, std::optional<double> initial) override {
    if (const auto ok = hold(c.line); !ok)
      return ok.why();
    if (initial)
      set(hw_, c.line, *initial);
    return std::unique_ptr<drivers::analog_output>(new valve{hw_, c.line});
  }

  status check() override {
    std::lock_guard lock{hw_.mutex};
    return hw_.check_says;
  }

  std::string describe() const override { return "fake"; }

private:
  static result<double> get(fake_hardware& hw, const std::string& line) {
    std::lock_guard lock{hw.mutex};
    ++hw.reads;
    const auto bad = hw.broken.find(line);
    if (bad != hw.broken.end())
      return bad->second;
    return hw.pins[line];
  }

  static void set(fake_hardware& hw, const std::string& line, double x) {
    std::lock_guard lock{hw.mutex};
    hw.pins[line] = x;
    hw.writes.emplace_back(line, x);
  }

  static status try_set(fake_hardware& hw, const std::string& line, double x) {
    {
      std::unique_lock lock{hw.mutex};
      if (hw.throws_at == line)
        throw std::runtime_error("the driver of " + line + " has a bug");
      hw.released.wait(lock, [&] { return hw.hangs_at != line; });
      const auto bad = hw.broken.find(line);
      if (bad != hw.broken.end())
        return bad->second;
    }
    set(hw, line, x);
    return {};
  }

  struct holder {
    holder(fake_hardware& h, std::string l) : hw(h), line(std::move(l)) {}
    ~holder() {
      std::lock_guard lock{hw.mutex};
      hw.listeners.erase(line);
      hw.held.erase(line);
    }
    fake_hardware& hw;
    std::string line;
  };

  struct input final : drivers::digital_input, holder {
    using holder::holder;
    result<bool> level() override {
      const auto x = get(hw, line);
      return x ? result<bool>{*x != 0} : result<bool>{x.why()};
    }
  };

  struct output final : drivers::digital_output, holder {
    using holder::holder;
    status set(bool x) override { return try_set(hw, line, x ? 1 : 0); }
    result<bool> level() override {
      const auto x = get(hw, line);
      return x ? result<bool>{*x != 0} : result<bool>{x.why()};
    }
  };

  struct probe final : drivers::analog_input, holder {
    using holder::holder;
    result<double> read() override { return get(hw, line); }
  };

  struct valve final : drivers::analog_output, holder {
    using holder::holder;
    status set(double x) override { return try_set(hw, line, x); }
    result<double> level() override { return get(hw, line); }
  };

  status hold(const std::string& line) {
    std::lock_guard lock{hw_.mutex};
    const auto bad = hw_.broken.find(line);
    if (bad != hw_.broken.end())
      return bad->second;
    if (!hw_.held.insert(line).second)
      return error{errc::busy, "line " + line + " is held"};
    return {};
  }

  fake_hardware& hw_;
};

inline result<std::unique_ptr<drivers::bus>> open_fake(fake_hardware& hw) {
  std::lock_guard lock{hw.mutex};
  if (hw.bus_broken.code != errc::none)
    return hw.bus_broken;
  ++hw.opened;
  return std::unique_ptr<drivers::bus>(new fake_bus{hw});
}

} // namespace troupe::test
