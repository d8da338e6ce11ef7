#include "cluster/link/mirror.hpp"

#include "cluster/link/told.hpp"

#include <algorithm>

namespace troupe::cluster {

mirror::mirror(storage::live_table& live, const clock_source& clocks, conflict_fn on_conflict)
  : live_(live), clocks_(clocks), on_conflict_(std::move(on_conflict)) {}

namespace {

// Spread out, so that no number of a later link is one of an earlier start.
constexpr std::uint32_t link_step = 0x9e3779b1u;

std::size_t kept_bytes(const far_row& x) {
  auto bytes = x.name.size() + x.unit.size() + x.now.val.words.size();
  for (const auto& step : x.story)
    bytes += sizeof step + step.kind.size() + step.name.size() + step.text.size();
  return bytes;
}

} // namespace

mirror::refused mirror::take(const std::string& node, const reading_batch& batch,
                  const std::vector<std::string>* only) {
  using place = reading_batch::place;
  const auto allowed = [&](const std::string& name) {
    return only == nullptr
           || std::any_of(only->begin(), only->end(),
                          [&](const std::string& prefix) { return name.starts_with(prefix); });
  };
  refused out;
  for (const auto& row : batch.rows)
    if (!allowed(row.name)) {
      if (out.foreign++ == 0)
        out.first = row.name;
    } else if (!show(node, row)) {
      ++out.over;
    }
  std::vector<std::string> gone = batch.gone;
  {
    std::lock_guard lock{mutex_};
    auto& of = nodes_[node];
    if (batch.is == place::first || batch.is == place::only) {
      of.picture.clear();
      of.in_picture = true;
    }
    if (of.in_picture)
      for (const auto& row : batch.rows)
        if (of.names.contains(row.name) || of.refused.contains(row.name))
          of.picture.insert(row.name);
    if (of.in_picture && (batch.is == place::last || batch.is == place::only)) {
      for (const auto& [name, bytes] : of.names)
        if (!of.picture.contains(name))
          gone.push_back(name);
      for (const auto& [name, row] : of.refused)
        if (!of.picture.contains(name))
          gone.push_back(name);
      of.in_picture = false;
      of.picture.clear();
    }
    for (const auto& name : gone) {
      of.refuse_no_more(name);
      if (const auto found = of.names.find(name); found != of.names.end()) {
        of.bytes -= found->second;
        of.names.erase(found);
      }
    }
  }
  for (const auto& name : gone) {
    live_.remove_from(node, name);
    freed(name);
  }
  return out;
}

void mirror::linked(const std::string& node) {
  std::lock_guard lock{mutex_};
  ++nodes_[node].links;
}

void mirror::refused_by(const std::string& node) {
  std::vector<std::string> names;
  {
    std::lock_guard lock{mutex_};
    auto& of = nodes_[node];
    ++of.links;
    for (const auto& [name, bytes] : of.names)
      names.push_back(name);
  }
  for (const auto& name : names) {
    auto row = live_.find(name);
    if (!row || row->node != node || row->incarnation == 0)
      continue;
    row->incarnation = std::max(row->incarnation + link_step, 1u);
    row->now.told_as = origin::refresh;
    row->why = {};
    (void)live_.publish_from(std::move(*row));
  }
}

void mirror::freed(const std::string& name) {
  std::string node;
  far_row row;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [other, of] : nodes_)
      if (const auto at = of.refused.find(name); at != of.refused.end()) {
        node = other;
        row = at->second;
        break;
      }
  }
  if (!node.empty())
    (void)show(node, row);
}

void mirror::shown::refuse_no_more(const std::string& name) {
  const auto at = refused.find(name);
  if (at == refused.end())
    return;
  bytes -= kept_bytes(at->second);
  refused.erase(at);
}

/// @returns false if that would be more than one node may show
bool mirror::show(const std::string& node, const far_row& row) {
  const auto bytes = kept_bytes(row);
  std::uint32_t over = 0;
  {
    std::lock_guard lock{mutex_};
    const auto& of = nodes_[node];
    const auto known = of.names.find(row.name);
    const auto back = of.refused.find(row.name);
    const auto freed = known != of.names.end() ? known->second : back != of.refused.end() ? kept_bytes(back->second) : 0;
    const bool is_new = known == of.names.end() && back == of.refused.end();
    if ((is_new && of.names.size() + of.refused.size() >= most_names) || of.bytes - freed + bytes > most_bytes)
      return false;
    over = of.links;
  }
  storage::live_table::row x;
  x.name = row.name;
  x.unit = row.unit;
  x.node = node;
  x.incarnation = row.incarnation == 0 ? 0 : std::max(row.incarnation + over * link_step, 1u);
  x.run = row.run;
  x.now = row.now;
  // Its CLOCK_MONOTONIC means nothing here; the age does.
  x.now.measured_at = row.age_ns < 0 ? 0 : std::max<mono_ns>(1, clocks_.mono() - row.age_ns);
  const auto before = live_.find(row.name);
  x.now.told_as = told_here(before && before->node == node ? std::optional{before->now} : std::nullopt, row.now);
  if (!row.story.empty())
    x.why = std::make_shared<const std::vector<storage::step>>(row.story);
  std::vector<storage::edge> edges;
  edges.reserve(row.edges.size());
  for (const auto& one : row.edges)
    edges.push_back({one.changes, clocks_.mono() - one.age_ns, one.wall, one.on, one.grade, one.why});
  const bool is_shown = live_.publish_from(std::move(x), edges);
  bool fresh_conflict = false;
  {
    std::lock_guard lock{mutex_};
    auto& of = nodes_[node];
    fresh_conflict = !is_shown && !of.refused.contains(row.name);
    of.refuse_no_more(row.name);
    if (is_shown) {
      auto& weighs = of.names[row.name];
      of.bytes += bytes - weighs;
      weighs = bytes;
    } else {
      of.bytes += bytes;
      // Its edges are not kept: they would be old when it is shown.
      of.refused.emplace(row.name, row).first->second.edges.clear();
    }
  }
  if (fresh_conflict && on_conflict_)
    on_conflict_(row.name, node);
  return true;
}

void mirror::lost(const std::string& node) {
  std::vector<std::string> names;
  {
    std::lock_guard lock{mutex_};
    const auto found = nodes_.find(node);
    if (found == nodes_.end())
      return;
    found->second.in_picture = false;
    for (auto& [name, row] : found->second.refused)
      row.now = cluster::lost(row.now);
    for (const auto& [name, bytes] : found->second.names)
      names.push_back(name);
  }
  for (const auto& name : names) {
    auto row = live_.find(name);
    if (!row || row->node != node)
      continue;
    row->now = cluster::lost(row->now);
    row->why = {};
    (void)live_.publish_from(std::move(*row));
    freed(name); // who was refused may show it now
  }
}

void mirror::forget(const std::string& node) {
  decltype(nodes_)::node_type gone;
  {
    std::lock_guard lock{mutex_};
    gone = nodes_.extract(node);
  }
  if (!gone)
    return;
  for (const auto& [name, bytes] : gone.mapped().names) {
    live_.remove_from(node, name);
    freed(name);
  }
}

std::size_t mirror::rows_of(const std::string& node) const {
  std::lock_guard lock{mutex_};
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? 0 : found->second.names.size();
}

} // namespace troupe::cluster
