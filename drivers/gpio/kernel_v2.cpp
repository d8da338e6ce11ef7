#include "drivers/gpio/kernel.hpp"

#include <fcntl.h>
#include <gpiod.h>

#include <algorithm>
#include <cerrno>

namespace troupe::drivers::gpio {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};

using chip_ptr = std::unique_ptr<gpiod_chip, freed_by<gpiod_chip_close>>;
using chip_info_ptr = std::unique_ptr<gpiod_chip_info, freed_by<gpiod_chip_info_free>>;
using info_ptr = std::unique_ptr<gpiod_line_info, freed_by<gpiod_line_info_free>>;
using settings_ptr =
  std::unique_ptr<gpiod_line_settings, freed_by<gpiod_line_settings_free>>;
using lines_ptr = std::unique_ptr<gpiod_line_config, freed_by<gpiod_line_config_free>>;
using asked_ptr =
  std::unique_ptr<gpiod_request_config, freed_by<gpiod_request_config_free>>;
using held_ptr = std::unique_ptr<gpiod_line_request, freed_by<gpiod_line_request_release>>;
using events_ptr =
  std::unique_ptr<gpiod_edge_event_buffer, freed_by<gpiod_edge_event_buffer_free>>;

// The library clears the whole of its buffer at every read, so one as large as
// the kernel's costs more than the extra reads that it saves.
constexpr std::size_t events_per_read = 64;

std::string text(const char* x) {
  return x ? x : "";
}

gpiod_line_edge edges_of(edge_kind x) {
  switch (x) {
  case edge_kind::none: return GPIOD_LINE_EDGE_NONE;
  case edge_kind::rising: return GPIOD_LINE_EDGE_RISING;
  case edge_kind::falling: return GPIOD_LINE_EDGE_FALLING;
  case edge_kind::both: return GPIOD_LINE_EDGE_BOTH;
  }
  return GPIOD_LINE_EDGE_NONE;
}

gpiod_line_bias bias_of(bias_kind x) {
  switch (x) {
  case bias_kind::as_is: return GPIOD_LINE_BIAS_AS_IS;
  case bias_kind::disabled: return GPIOD_LINE_BIAS_DISABLED;
  case bias_kind::pull_up: return GPIOD_LINE_BIAS_PULL_UP;
  case bias_kind::pull_down: return GPIOD_LINE_BIAS_PULL_DOWN;
  }
  return GPIOD_LINE_BIAS_AS_IS;
}

gpiod_line_drive drive_of(drive_kind x) {
  switch (x) {
  case drive_kind::push_pull: return GPIOD_LINE_DRIVE_PUSH_PULL;
  case drive_kind::open_drain: return GPIOD_LINE_DRIVE_OPEN_DRAIN;
  case drive_kind::open_source: return GPIOD_LINE_DRIVE_OPEN_SOURCE;
  }
  return GPIOD_LINE_DRIVE_PUSH_PULL;
}

gpiod_line_value value_of(bool level) {
  return level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

class held_line_v2 final : public held_line {
public:
  held_line_v2(held_ptr held, unsigned offset, std::string place, bool edges)
      : held_(std::move(held)), offset_(offset), place_(std::move(place)), edges_(edges),
        events_(edges ? gpiod_edge_event_buffer_new(events_per_read) : nullptr) {
    if (edges_)
      fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) | O_NONBLOCK);
  }

  int fd() const override { return edges_ ? gpiod_line_request_get_fd(held_.get()) : -1; }

  result<bool> level() const override {
    const auto value = gpiod_line_request_get_value(held_.get(), offset_);
    if (value == GPIOD_LINE_VALUE_ERROR)
      return system_error(errno, place_);
    return value == GPIOD_LINE_VALUE_ACTIVE;
  }

  status set(bool level) override {
    if (gpiod_line_request_set_value(held_.get(), offset_, value_of(level)) != 0)
      return system_error(errno, place_);
    return {};
  }

  result<std::size_t> read(std::span<raw_event> into) override {
    const auto got = gpiod_line_request_read_edge_events(
      held_.get(), events_.get(), std::min(into.size(), events_per_read));
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR)
        return std::size_t{0};
      return system_error(errno, place_);
    }
    const auto count = static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < count; ++i) {
      auto* event = gpiod_edge_event_buffer_get_event(events_.get(), i);
      into[i] = {gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
                 static_cast<mono_ns>(gpiod_edge_event_get_timestamp_ns(event)),
                 static_cast<std::uint32_t>(gpiod_edge_event_get_line_seqno(event))};
    }
    return count;
  }

private:
  held_ptr held_;
  unsigned offset_;
  std::string place_;
  bool edges_;
  events_ptr events_;
};

class chip_v2 final : public chip {
public:
  chip_v2(chip_ptr chip, chip_info_ptr info)
      : chip_(std::move(chip)), name_(text(gpiod_chip_info_get_name(info.get()))),
        label_(text(gpiod_chip_info_get_label(info.get()))),
        size_(static_cast<unsigned>(gpiod_chip_info_get_num_lines(info.get()))) {}

  const std::string& name() const override { return name_; }
  const std::string& label() const override { return label_; }
  unsigned size() const override { return size_; }

  result<kernel_line> info(unsigned offset) const override {
    const info_ptr info{gpiod_chip_get_line_info(chip_.get(), offset)};
    if (!info)
      return system_error(errno, place(offset));
    return kernel_line{
      offset, text(gpiod_line_info_get_name(info.get())),
      gpiod_line_info_is_used(info.get()), text(gpiod_line_info_get_consumer(info.get())),
      gpiod_line_info_get_direction(info.get()) == GPIOD_LINE_DIRECTION_INPUT};
  }

  result<std::unique_ptr<held_line>> hold_input(const line_request& request) override {
    const auto settings = plain(request);
    gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_edge_detection(settings.get(), edges_of(request.edges));
    gpiod_line_settings_set_bias(settings.get(), bias_of(request.bias));
    gpiod_line_settings_set_debounce_period_us(
      settings.get(),
      static_cast<unsigned long>(std::chrono::microseconds{request.debounce}.count()));
    auto held = hold(request, settings);
    if (!held)
      return hold_error(errno, *this, request);
    return finish(std::move(held), request);
  }

  result<std::unique_ptr<held_line>> hold_output(const line_request& request,
                                                 std::optional<bool> level) override {
    const auto settings = plain(request);
    held_ptr held;
    if (!level) {
      // Held as it is first: nothing moves while we look, and the same request
      // then becomes the output, so nobody can take the line in between.
      gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_AS_IS);
      held = hold(request, settings);
      if (!held)
        return hold_error(errno, *this, request);
      const auto now = gpiod_line_request_get_value(held.get(), request.offset);
      if (now == GPIOD_LINE_VALUE_ERROR)
        return system_error(errno, place(request.offset));
      level = now == GPIOD_LINE_VALUE_ACTIVE;
    }
    gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
    gpiod_line_settings_set_drive(settings.get(), drive_of(request.drive));
    gpiod_line_settings_set_bias(settings.get(), bias_of(request.bias));
    gpiod_line_settings_set_output_value(settings.get(), value_of(*level));
    if (held) {
      const auto lines = lines_of(request, settings);
      if (gpiod_line_request_reconfigure_lines(held.get(), lines.get()) != 0)
        return hold_error(errno, *this, request);
    } else {
      held = hold(request, settings);
      if (!held)
        return hold_error(errno, *this, request);
    }
    return finish(std::move(held), request);
  }

private:
  std::string place(unsigned offset) const {
    return name_ + " [" + label_ + "]: line " + std::to_string(offset);
  }

  static settings_ptr plain(const line_request& request) {
    settings_ptr settings{gpiod_line_settings_new()};
    gpiod_line_settings_set_active_low(settings.get(), request.active_low);
    gpiod_line_settings_set_event_clock(settings.get(), GPIOD_LINE_CLOCK_MONOTONIC);
    return settings;
  }

  static lines_ptr lines_of(const line_request& request, const settings_ptr& settings) {
    lines_ptr lines{gpiod_line_config_new()};
    gpiod_line_config_add_line_settings(lines.get(), &request.offset, 1, settings.get());
    return lines;
  }

  held_ptr hold(const line_request& request, const settings_ptr& settings) {
    const auto lines = lines_of(request, settings);
    const asked_ptr asked{gpiod_request_config_new()};
    gpiod_request_config_set_consumer(asked.get(), request.consumer.c_str());
    if (request.buffer_events != 0)
      gpiod_request_config_set_event_buffer_size(
        asked.get(), std::clamp(request.buffer_events, 2u, api().buffer_events));
    return held_ptr{gpiod_chip_request_lines(chip_.get(), asked.get(), lines.get())};
  }

  result<std::unique_ptr<held_line>> finish(held_ptr held, const line_request& request) {
    return std::unique_ptr<held_line>{
      std::make_unique<held_line_v2>(std::move(held), request.offset, place(request.offset),
                                     request.edges != edge_kind::none)};
  }

  chip_ptr chip_;
  std::string name_;
  std::string label_;
  unsigned size_;
};

} // namespace

const abilities& api() {
  static const abilities mine{"libgpiod " + text(gpiod_api_version()) + ", uAPI v2", true,
                              true, 1024};
  return mine;
}

result<std::unique_ptr<chip>> open_chip(const std::string& path) {
  chip_ptr opened{gpiod_chip_open(path.c_str())};
  if (!opened)
    return system_error(errno, path);
  chip_info_ptr info{gpiod_chip_get_info(opened.get())};
  if (!info)
    return system_error(errno, path);
  return std::unique_ptr<chip>{
    std::make_unique<chip_v2>(std::move(opened), std::move(info))};
}

} // namespace troupe::drivers::gpio
