#include "actors/rule/inputs.hpp"

#include <algorithm>
#include <tuple>

namespace troupe::rule {

void input_table::begin(const house_view& house, const moment& at, rule_positions& acted, milliseconds limit) {
  passed_ = {};
  pending_ = false;
  cause_.reset();
  std::optional<waiting> first;
  for (auto& [name, cell] : cells_) {
    cell.before_grade = cell.now.grade;
    const auto run = refresh(name, cell, house);
    auto found = find_waiting(name, cell, run, house, at, acted, limit);
    if (!found) {
      show_now(name, cell, run, acted);
      continue;
    }
    pending_ = pending_ || first.has_value();
    if (!first || std::tie(found->next.wall, found->name) < std::tie(first->next.wall, first->name))
      first = std::move(found);
  }
  if (first)
    show_edge(*first, acted, at);
  for (auto& [name, cell] : cells_) {
    cell.turned = cell.seen && cell.now.grade != cell.before_grade;
    cell.seen = true;
  }
}

const input* input_table::look(const std::string& name, const house_view& house, rule_positions& acted) {
  if (const auto found = cells_.find(name); found != cells_.end())
    return &found->second;
  if (cells_.size() >= max_inputs)
    return nullptr;
  auto& cell = cells_[name];
  const auto run = refresh(name, cell, house);
  cell.seen = true;
  // Edges of before are the next runs': this one began without the name.
  const auto before = upto(name, run, acted);
  if (before && before->changes < cell.now.changes)
    pending_ = true;
  else
    show_now(name, cell, run, acted);
  return &cell;
}

input_table input_table::without_history() const {
  input_table names;
  for (const auto& [name, cell] : cells_)
    names.cells_[name];
  return names;
}

/// @returns the run that counts its changes; 0 if it has no edges
std::uint64_t input_table::refresh(const std::string& name, input& cell, const house_view& house) {
  cell.changed = cell.rose = cell.fell = false;
  auto row = house.find(name);
  cell.known = row.has_value();
  cell.now = row ? row->now : reading{};
  cell.why = row ? row->why : nullptr;
  return row && row->now.val.kind == value_kind::digital ? row->run : 0;
}

/// How far the rule has come in this run of the input.
std::optional<storage::edge_position>
input_table::upto(const std::string& name, std::uint64_t run, const rule_positions& acted) const {
  const auto found = acted.find(name);
  if (run == 0 || found == acted.end() || found->second.run != run)
    return {};
  return found->second;
}

std::optional<input_table::waiting>
input_table::find_waiting(const std::string& name, const input& cell, std::uint64_t run, const house_view& house,
                          const moment& at, rule_positions& acted, milliseconds limit) {
  auto before = upto(name, run, acted);
  if (!before || before->changes >= cell.now.changes)
    return {};
  auto edges = house.edges_since(name, *before);
  // Later than what was found: they wake the rule again.
  std::erase_if(edges, [&](const auto& x) { return x.changes > cell.now.changes; });
  const auto young = std::find_if(edges.begin(), edges.end(), [&](const auto& x) { return at.mono - x.at <= to_ns(limit); });
  const bool is_known = trusted_.contains(name);
  const auto pass_over = [&](std::uint64_t& count, std::uint64_t upto) {
    if (passed_.old + passed_.lost == 0)
      passed_.name = name;
    passed_.others = passed_.others || passed_.name != name;
    count += upto - before->changes;
    *before = {run, upto};
    reach(name, *before, acted);
  };
  if (young != edges.begin()) {
    passed_.age = std::max(passed_.age, at.mono - edges.front().at);
    pass_over(passed_.old, std::prev(young)->changes);
    if (const auto known = trusted_.find(name); known != trusted_.end())
      known->second = {value::digital(std::prev(young)->on), *before};
  }
  if (young != edges.end()) {
    // Nobody knows how old they are: a start must not act on them.
    if (!is_known && young->changes - before->changes > 1)
      pass_over(passed_.lost, young->changes - 1);
    return waiting{name, *young, run};
  }
  if (!is_known && before->changes < cell.now.changes && edges.empty())
    pass_over(passed_.lost, cell.now.changes);
  return {};
}

/// The run of this edge.
void input_table::show_edge(const waiting& x, rule_positions& acted, const moment& at) {
  auto& cell = cells_.at(x.name);
  const auto steps = x.next.changes - acted.at(x.name).changes;
  const bool missed_one = steps > 1;
  const auto known = trusted_.find(x.name);
  cell.before = missed_one && known != trusted_.end() ? known->second.val : value::digital(!x.next.on);
  const bool is_last = x.next.changes == cell.now.changes && x.next.on == cell.now.val.is_on()
                       && x.next.grade == cell.now.grade && x.next.why == cell.now.why;
  if (!is_last) {
    pending_ = true;
    cell.why = nullptr; // it tells of a later one
    cell.now.val = value::digital(x.next.on);
    cell.now.grade = x.next.grade;
    cell.now.why = x.next.why;
    cell.now.changes = x.next.changes;
    cell.now.told_as = origin::change;
    cell.now.changed_wall = cell.now.measured_wall = x.next.wall;
    cell.now.measured_at = std::clamp<mono_ns>(x.next.at, 1, at.mono);
  }
  cause_ = cause{x.name, x.run, x.next.changes, std::min(x.next.at, at.mono)};
  cell.changed = true;
  cell.rose = x.next.on || missed_one;
  cell.fell = !x.next.on || missed_one;
  trusted_.insert_or_assign(x.name, baseline{value::digital(x.next.on), {x.run, x.next.changes}});
  reach(x.name, {x.run, x.next.changes}, acted);
}

/// What it is now, with the edges that the house does not keep.
void input_table::show_now(const std::string& name, input& cell, std::uint64_t run, rule_positions& acted) {
  if (!cell.usable())
    return;
  const storage::edge_position here{run, cell.now.changes};
  // A rule that took over may be ahead of what this node has heard: what comes
  // up to there was acted on elsewhere.
  if (const auto before = upto(name, run, acted); before && before->changes > here.changes)
    return;
  if (run != 0)
    reach(name, here, acted);
  const auto found = trusted_.find(name);
  if (found == trusted_.end()) {
    trusted_.emplace(name, baseline{cell.now.val, here});
    return;
  }
  auto& last = found->second;
  cell.before = last.val;
  const bool differs = last.val != cell.now.val;
  // A count that went back is another channel of the same name: compare values.
  const auto steps = cell.now.changes > last.upto.changes ? cell.now.changes - last.upto.changes : 0;
  last = {cell.now.val, here};
  if (cell.now.told_as == origin::restore || (!differs && steps < 2))
    return;
  cell.changed = true;
  if (cell.now.val.kind != value_kind::digital)
    return;
  const bool missed_one = steps > 1;
  cell.rose = cell.now.val.is_on() || missed_one;
  cell.fell = !cell.now.val.is_on() || missed_one;
}

void input_table::reach(const std::string& name, const storage::edge_position& x, rule_positions& acted) {
  if (const auto found = acted.find(name); found != acted.end()) {
    found->second = x;
    return;
  }
  // Of names that an earlier text of the rule read.
  if (acted.size() >= max_inputs)
    std::erase_if(acted, [&](const auto& row) { return !cells_.contains(row.first); });
  acted.emplace(name, x);
}

} // namespace troupe::rule
