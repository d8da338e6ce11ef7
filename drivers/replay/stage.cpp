#include "drivers/replay/stage.hpp"

#include <fmt/format.h>

namespace troupe::drivers::replay {

namespace {

constexpr std::size_t told_names = 12;

bool wants(edge_kind kinds, bool rising) {
  return kinds == edge_kind::both || kinds == (rising ? edge_kind::rising : edge_kind::falling);
}

std::string holder_of(const line_config& config) {
  return config.consumer.empty() ? "troupe" : config.consumer;
}

} // namespace

stage::slot& stage::add(const std::string& name, bool analog) {
  auto& added = inputs_[name];
  added.line.name = name;
  added.analog = analog;
  return added;
}

stage::input& stage::add(const line_facts& facts) {
  auto guard = lock();
  if (const auto found = inputs_.find(facts.name); found != inputs_.end())
    return found->second.line;
  auto& added = add(facts.name, facts.analog).line;
  added.level = facts.idle;
  added.value = facts.first;
  added.heard = true;
  return added;
}

result<stage::input*> stage::enter(const line_config& config, bool analog, edge_sink* sink) {
  auto guard = lock();
  auto found = inputs_.find(config.line);
  if (found == inputs_.end()) {
    if (!open_ended_)
      return error{errc::not_found, fmt::format("bus '{}': the recording has no line '{}'; it has {}",
                                                bus_name_, config.line, known())};
    if (outputs_.contains(config.line))
      return error{errc::unsupported,
                   fmt::format("bus '{}': '{}' is open as an output", bus_name_, config.line)};
    if (inputs_.size() >= max_lines)
      return error{errc::over_limit, fmt::format("bus '{}': a recording has at most {} lines",
                                                 bus_name_, max_lines)};
    add(config.line, analog);
    found = inputs_.find(config.line);
  }
  auto& [line, is_analog] = found->second;
  if (is_analog != analog)
    return error{errc::unsupported,
                 fmt::format("bus '{}': '{}' has {} in the recording; open it as a {} input",
                             bus_name_, config.line, is_analog ? "values" : "edges",
                             is_analog ? "analog" : "digital")};
  if (!line.holder.empty())
    return error{errc::busy, fmt::format("bus '{}': line '{}' is held by '{}'", bus_name_,
                                         config.line, line.holder)};
  line.holder = holder_of(config);
  line.sink = config.edges == edge_kind::none ? nullptr : sink;
  line.kinds = config.edges;
  line.active_low = config.active_low;
  line.sequence = 0;
  return &line;
}

void stage::leave(input& line) {
  auto guard = lock();
  line.sink = nullptr;
  line.holder.clear();
}

status stage::enter_output(const line_config& config) {
  auto guard = lock();
  if (inputs_.contains(config.line))
    return error{errc::unsupported,
                 fmt::format("bus '{}': '{}' is an input of the recording; outputs have other "
                             "names",
                             bus_name_, config.line)};
  if (const auto found = outputs_.find(config.line); found != outputs_.end())
    return error{errc::busy, fmt::format("bus '{}': line '{}' is held by '{}'", bus_name_,
                                         config.line, found->second)};
  if (outputs_.size() >= max_lines)
    return error{errc::over_limit, fmt::format("bus '{}': at most {} outputs are remembered",
                                               bus_name_, max_lines)};
  outputs_[config.line] = holder_of(config);
  return {};
}

void stage::leave_output(const std::string& line) {
  auto guard = lock();
  outputs_.erase(line);
}

void stage::tell(input& line, const event& e, mono_ns at) {
  if (e.kind == event_kind::value) {
    line.value.store(e.value, std::memory_order_release);
    line.heard.store(true, std::memory_order_release);
    return;
  }
  const bool level = e.kind == event_kind::rising;
  line.level.store(level, std::memory_order_release);
  line.heard.store(true, std::memory_order_release);
  const bool logical = level != line.active_low;
  if (line.sink == nullptr || !wants(line.kinds, logical))
    return;
  line.sink->on_edge({logical, at, ++line.sequence});
}

void stage::tell_gap(mono_ns at) {
  auto guard = lock();
  for (auto& [name, slot] : inputs_) {
    auto& line = slot.line;
    if (line.sink != nullptr)
      line.sink->on_gap({1, line.level != line.active_low, at});
  }
}

void stage::tell_lost(const error& why) {
  auto guard = lock();
  for (auto& [name, slot] : inputs_) {
    if (auto* sink = std::exchange(slot.line.sink, nullptr))
      sink->on_lost(why);
  }
}

std::vector<stage::entry> stage::entries() {
  auto guard = lock();
  std::vector<entry> all;
  for (const auto& [name, slot] : inputs_)
    all.push_back({name, slot.line.holder, true, slot.analog});
  for (const auto& [name, holder] : outputs_)
    all.push_back({name, holder, false, false});
  return all;
}

std::string stage::known() const {
  std::string all;
  std::size_t count = 0;
  for (const auto& [name, slot] : inputs_) {
    if (++count > told_names)
      return all + fmt::format(" and {} more", inputs_.size() - told_names);
    all += (all.empty() ? "" : ", ") + name;
  }
  return all.empty() ? "none" : all;
}

} // namespace troupe::drivers::replay
