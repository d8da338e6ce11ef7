#include "drivers/gpio/kernel.hpp"
#include "drivers/gpio/stamps.hpp"

#include <fcntl.h>
#include <gpiod.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace troupe::drivers::gpio {

namespace {

// GPIOEVENT_REQUEST of the first uAPI: a FIFO of 16, whatever one would like.
constexpr std::size_t kernel_fifo = 16;

std::string text(const char* x) {
  return x ? x : "";
}

// Lines belong to their chip in this library, so each keeps it open.
using chip_ptr = std::shared_ptr<gpiod_chip>;

int flags_of(const line_request& request) {
  int flags = request.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
  switch (request.bias) {
  case bias_kind::as_is: break;
  case bias_kind::disabled: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE; break;
  case bias_kind::pull_up: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP; break;
  case bias_kind::pull_down: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN; break;
  }
  return flags;
}

int drive_of(drive_kind x) {
  switch (x) {
  case drive_kind::push_pull: return 0;
  case drive_kind::open_drain: return GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
  case drive_kind::open_source: return GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
  }
  return 0;
}

int type_of(edge_kind x) {
  switch (x) {
  case edge_kind::none: return GPIOD_LINE_REQUEST_DIRECTION_INPUT;
  case edge_kind::rising: return GPIOD_LINE_REQUEST_EVENT_RISING_EDGE;
  case edge_kind::falling: return GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE;
  case edge_kind::both: return GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
  }
  return GPIOD_LINE_REQUEST_DIRECTION_INPUT;
}

bool stamps_are_wall_time() {
  static const bool answer = [] {
    utsname kernel{};
    return uname(&kernel) == 0 && events_carry_wall_time(kernel.release);
  }();
  return answer;
}

mono_ns clock_now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

mono_ns stamp_of(const timespec& t) {
  const auto at = std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  if (!stamps_are_wall_time())
    return at;
  return wall_to_mono(at, clock_now(CLOCK_REALTIME), clock_now(CLOCK_MONOTONIC));
}

class held_line_v1 final : public held_line {
public:
  held_line_v1(chip_ptr chip, gpiod_line* line, std::string place, bool edges)
      : chip_(std::move(chip)), line_(line), place_(std::move(place)), edges_(edges) {
    if (edges_)
      fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) | O_NONBLOCK);
  }

  ~held_line_v1() override { gpiod_line_release(line_); }

  int fd() const override { return edges_ ? gpiod_line_event_get_fd(line_) : -1; }

  result<bool> level() const override {
    const auto value = gpiod_line_get_value(line_);
    if (value < 0)
      return system_error(errno, place_);
    return value == 1;
  }

  status set(bool level) override {
    if (gpiod_line_set_value(line_, level ? 1 : 0) != 0)
      return system_error(errno, place_);
    return {};
  }

  result<std::size_t> read(std::span<raw_event> into) override {
    std::array<gpiod_line_event, kernel_fifo> events;
    const auto room = std::min(into.size(), events.size());
    const auto got =
      gpiod_line_event_read_fd_multiple(fd(), events.data(), static_cast<unsigned>(room));
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR)
        return std::size_t{0};
      return system_error(errno, place_);
    }
    const auto count = static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < count; ++i)
      into[i] = {events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE,
                 stamp_of(events[i].ts), 0};
    return count;
  }

private:
  chip_ptr chip_;
  gpiod_line* line_;
  std::string place_;
  bool edges_;
};

class chip_v1 final : public chip {
public:
  explicit chip_v1(chip_ptr chip)
      : chip_(std::move(chip)), name_(text(gpiod_chip_name(chip_.get()))),
        label_(text(gpiod_chip_label(chip_.get()))),
        size_(gpiod_chip_num_lines(chip_.get())) {}

  const std::string& name() const override { return name_; }
  const std::string& label() const override { return label_; }
  unsigned size() const override { return size_; }

  result<kernel_line> info(unsigned offset) const override {
    auto* line = gpiod_chip_get_line(chip_.get(), offset);
    // A line object remembers what it was told first.
    if (!line || gpiod_line_update(line) != 0)
      return system_error(errno, place(offset));
    return kernel_line{offset, text(gpiod_line_name(line)), gpiod_line_is_used(line),
                       text(gpiod_line_consumer(line)),
                       gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_INPUT};
  }

  result<std::unique_ptr<held_line>> hold_input(const line_request& request) override {
    auto* line = gpiod_chip_get_line(chip_.get(), request.offset);
    if (!line || !hold(line, request, type_of(request.edges), flags_of(request), false))
      return hold_error(errno, *this, request);
    return finish(line, request);
  }

  result<std::unique_ptr<held_line>> hold_output(const line_request& request,
                                                 std::optional<bool> level) override {
    auto* line = gpiod_chip_get_line(chip_.get(), request.offset);
    if (!line)
      return hold_error(errno, *this, request);
    const auto flags = flags_of(request) | drive_of(request.drive);
    if (level) {
      if (!hold(line, request, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, flags, *level))
        return hold_error(errno, *this, request);
      return finish(line, request);
    }
    // Held as it is first: nothing moves while we look, and the same request
    // then becomes the output, so nobody can take the line in between. Bias and
    // drive have no meaning without a direction; the kernel refuses them here.
    const int polarity = request.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
    if (!hold(line, request, GPIOD_LINE_REQUEST_DIRECTION_AS_IS, polarity, false))
      return hold_error(errno, *this, request);
    auto held = finish(line, request);
    const auto now = (*held)->level();
    if (!now)
      return now.why();
    if (gpiod_line_set_config(line, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, flags,
                              *now ? 1 : 0)
        != 0)
      return hold_error(errno, *this, request);
    return held;
  }

private:
  std::string place(unsigned offset) const {
    return name_ + " [" + label_ + "]: line " + std::to_string(offset);
  }

  static bool hold(gpiod_line* line, const line_request& request, int type, int flags,
                   bool level) {
    const gpiod_line_request_config config{request.consumer.c_str(), type, flags};
    return gpiod_line_request(line, &config, level ? 1 : 0) == 0;
  }

  result<std::unique_ptr<held_line>> finish(gpiod_line* line, const line_request& request) {
    return std::unique_ptr<held_line>{std::make_unique<held_line_v1>(
      chip_, line, place(request.offset), request.edges != edge_kind::none)};
  }

  chip_ptr chip_;
  std::string name_;
  std::string label_;
  unsigned size_;
};

} // namespace

const abilities& api() {
  static const abilities mine{"libgpiod " + text(gpiod_version_string()) + ", uAPI v1",
                              false, false, kernel_fifo};
  return mine;
}

result<std::unique_ptr<chip>> open_chip(const std::string& path) {
  auto* opened = gpiod_chip_open(path.c_str());
  if (!opened)
    return system_error(errno, path);
  return std::unique_ptr<chip>{
    std::make_unique<chip_v1>(chip_ptr{opened, gpiod_chip_close})};
}

} // namespace troupe::drivers::gpio
