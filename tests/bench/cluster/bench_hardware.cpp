#include "tests/bench/cluster/bench_hardware.hpp"

#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/cluster/stamps.hpp"

namespace troupe::bench {

class bench_button final : public drivers::digital_input {
public:
  explicit bench_button(bench_hardware& of) : of_(of) {}
  ~bench_button() override {
    std::lock_guard lock{of_.mutex_};
    of_.sink_ = nullptr;
  }
  result<bool> level() override { return false; }

private:
  bench_hardware& of_;
};

class bench_relay final : public drivers::digital_output {
public:
  explicit bench_relay(bench_hardware& of) : of_(of) {}
  status set(bool level) override {
    const auto at = now_ns();
    put_stamp(stage::pin);
    {
      std::lock_guard lock{of_.mutex_};
      of_.relay_ = level;
      of_.relay_at_ = at;
      if (of_.writes_.size() < bench_hardware::most_writes)
        of_.writes_.emplace_back(level, at);
    }
    of_.changed_.notify_one();
    return {};
  }
  result<bool> level() override {
    std::lock_guard lock{of_.mutex_};
    return of_.relay_;
  }

private:
  bench_hardware& of_;
};

class bench_bus final : public drivers::bus {
public:
  explicit bench_bus(bench_hardware& of) : of_(of) {}
  result<std::unique_ptr<drivers::digital_input>> open_digital_input(const line_config&,
                                                                     drivers::edge_sink& sink) override {
    std::lock_guard lock{of_.mutex_};
    of_.sink_ = &sink;
    return std::unique_ptr<drivers::digital_input>{std::make_unique<bench_button>(of_)};
  }
  result<std::unique_ptr<drivers::digital_output>> open_digital_output(const line_config&,
                                                                       std::optional<bool>) override {
    return std::unique_ptr<drivers::digital_output>{std::make_unique<bench_relay>(of_)};
  }
  std::string describe() const override { return "the benchmark's contact and relay"; }

private:
  bench_hardware& of_;
};

result<std::unique_ptr<drivers::bus>> bench_hardware::open(const bus_config&) {
  return std::unique_ptr<drivers::bus>{std::make_unique<bench_bus>(*this)};
}

bool bench_hardware::ready() {
  std::lock_guard lock{mutex_};
  return sink_ != nullptr;
}

std::int64_t bench_hardware::press(bool level) {
  drivers::edge_sink* to = nullptr;
  {
    std::lock_guard lock{mutex_};
    to = sink_;
  }
  const auto at = now_ns();
  put_stamp(stage::edge);
  if (to != nullptr)
    to->on_edge({level, at, ++edges_});
  return at;
}

bench_hardware::changes bench_hardware::take_writes() {
  std::lock_guard lock{mutex_};
  return std::exchange(writes_, {});
}

std::int64_t bench_hardware::await(bool level, std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  const bool came = changed_.wait_for(lock, limit, [&] { return relay_ == level; });
  return came ? relay_at_ : 0;
}

} // namespace troupe::bench
