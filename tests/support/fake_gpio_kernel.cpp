#include "tests/support/fake_gpio_kernel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace troupe::test {

using namespace drivers::gpio;

fake_gpio_kernel& fake_gpio_kernel::instance() {
  static fake_gpio_kernel self;
  return self;
}

void fake_gpio_kernel::plug(const abilities& with) {
  unplug();
  const std::lock_guard lock{guard};
  uapi = with;
  lines.clear();
  for (const char* name : {"a", "b", "c", "d", "hog"}) {
    line x;
    x.name = name;
    if (x.name == "hog")
      x.consumer = "the-hog";
    lines.emplace(static_cast<unsigned>(lines.size()), x);
  }
  generation = ++generations;
}

void fake_gpio_kernel::unplug() {
  const std::lock_guard lock{guard};
  generation = 0;
  for (auto& [offset, x] : lines)
    if (x.wake >= 0)
      close(std::exchange(x.wake, -1)); // The other end hangs up.
}

bool fake_gpio_kernel::plugged() const {
  const std::lock_guard lock{guard};
  return generation != 0;
}

void fake_gpio_kernel::drive(unsigned offset, bool pin) {
  const std::lock_guard lock{guard};
  auto& x = lines.at(offset);
  if (std::exchange(x.pin, pin) == pin || x.wake < 0)
    return;
  const bool level = pin != x.request.active_low;
  const auto wanted = level ? edge_kind::rising : edge_kind::falling;
  if (x.request.edges != edge_kind::both && x.request.edges != wanted)
    return;
  raw_event event{level, system_clocks().mono(), uapi.numbers ? ++x.number : 0};
  const auto room = uapi.numbers ? std::min(x.request.buffer_events, uapi.buffer_events)
                                 : uapi.buffer_events;
  if (x.events.size() == room) {
    if (!uapi.numbers)
      return; // v1: the newest is dropped
    x.events.pop_front();
  }
  x.events.push_back(event);
  [[maybe_unused]] const auto told = write(x.wake, "!", 1);
}

bool fake_gpio_kernel::shown(unsigned offset) const {
  const std::lock_guard lock{guard};
  return lines.at(offset).pin;
}

namespace {

fake_gpio_kernel& kernel() {
  return fake_gpio_kernel::instance();
}

class fake_line final : public held_line {
public:
  fake_line(unsigned generation, const line_request& request)
      : generation_(generation), offset_(request.offset), polarity_(request.active_low),
        edges_(request.edges != edge_kind::none) {
    auto& x = kernel().lines.at(offset_);
    x.consumer = request.consumer;
    x.request = request;
    x.number = 0;
    x.events.clear();
    if (edges_) {
      std::array<int, 2> ends{};
      [[maybe_unused]] const auto made = pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC);
      fd_ = ends[0];
      x.wake = ends[1];
    }
  }

  ~fake_line() override {
    const std::lock_guard lock{kernel().guard};
    if (fd_ >= 0)
      close(fd_);
    if (generation_ != kernel().generation)
      return;
    auto& x = kernel().lines.at(offset_);
    if (x.wake >= 0)
      close(std::exchange(x.wake, -1));
    x.consumer.clear();
  }

  int fd() const override { return fd_; }

  result<bool> level() const override {
    const std::lock_guard lock{kernel().guard};
    if (generation_ != kernel().generation)
      return gone();
    return kernel().lines.at(offset_).pin != polarity_;
  }

  status set(bool level) override {
    const std::lock_guard lock{kernel().guard};
    if (generation_ != kernel().generation)
      return gone();
    kernel().lines.at(offset_).pin = level != polarity_;
    return {};
  }

  result<std::size_t> read(std::span<raw_event> into) override {
    const std::lock_guard lock{kernel().guard};
    if (generation_ != kernel().generation)
      return gone();
    auto& waiting = kernel().lines.at(offset_).events;
    const auto count = std::min(
      {into.size(), waiting.size(), std::size_t{kernel().uapi.numbers ? 64u : 16u}});
    std::copy_n(waiting.begin(), count, into.begin());
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
    std::array<char, 4096> bells;
    while (waiting.empty() && ::read(fd_, bells.data(), bells.size()) > 0) {
    }
    return count;
  }

private:
  static error gone() { return system_error(ENODEV, "fake"); }

  unsigned generation_;
  unsigned offset_;
  bool polarity_;
  bool edges_;
  int fd_ = -1;
};

class fake_chip final : public chip {
public:
  explicit fake_chip(unsigned generation) : generation_(generation) {}

  const std::string& name() const override { return name_; }
  const std::string& label() const override { return label_; }
  unsigned size() const override { return 5; }

  result<kernel_line> info(unsigned offset) const override {
    const std::lock_guard lock{kernel().guard};
    if (generation_ != kernel().generation)
      return system_error(ENODEV, "fake");
    const auto& x = kernel().lines.at(offset);
    return kernel_line{offset, x.name, !x.consumer.empty(), x.consumer, x.input};
  }

  result<std::unique_ptr<held_line>> hold_input(const line_request& request) override {
    return hold(request, true, std::nullopt);
  }

  result<std::unique_ptr<held_line>> hold_output(const line_request& request,
                                                 std::optional<bool> level) override {
    return hold(request, false, level);
  }

private:
  result<std::unique_ptr<held_line>> hold(const line_request& request, bool input,
                                          std::optional<bool> level) {
    int trouble = 0;
    std::unique_ptr<held_line> held;
    {
      const std::lock_guard lock{kernel().guard};
      auto& x = kernel().lines.at(request.offset);
      if (generation_ != kernel().generation)
        trouble = ENODEV;
      else if (!x.consumer.empty())
        trouble = EBUSY;
      else
        held = std::make_unique<fake_line>(generation_, request);
      if (held) {
        x.input = input;
        if (level)
          x.pin = *level != request.active_low;
      }
    }
    if (!held)
      return hold_error(trouble, *this, request);
    return held;
  }

  unsigned generation_;
  std::string name_ = "chip";
  std::string label_ = "fake";
};

} // namespace

} // namespace troupe::test

namespace troupe::drivers::gpio {

const abilities& api() {
  return test::fake_gpio_kernel::instance().uapi;
}

result<std::unique_ptr<chip>> open_chip(const std::string& path) {
  auto& kernel = test::fake_gpio_kernel::instance();
  const std::lock_guard lock{kernel.guard};
  if (path != "/fake/chip" || kernel.generation == 0)
    return system_error(ENOENT, path);
  return std::unique_ptr<chip>{std::make_unique<test::fake_chip>(kernel.generation)};
}

} // namespace troupe::drivers::gpio
