#include "actors/rule/inputs.hpp"

namespace troupe::rule {

void input_table::begin(const house_view& house) {
  for (auto& [name, cell] : cells_) {
    cell.before_grade = cell.now.grade;
    refresh(name, cell, house);
    cell.turned = cell.seen && cell.now.grade != cell.before_grade;
    cell.seen = true;
  }
}

const input* input_table::look(const std::string& name, const house_view& house) {
  if (const auto found = cells_.find(name); found != cells_.end())
    return &found->second;
  if (cells_.size() >= max_inputs)
    return nullptr;
  auto& cell = cells_[name];
  refresh(name, cell, house);
  cell.seen = true;
  return &cell;
}

input_table input_table::without_history() const {
  input_table names;
  for (const auto& [name, cell] : cells_)
    names.cells_[name];
  return names;
}

void input_table::refresh(const std::string& name, input& cell, const house_view& house) {
  cell.changed = cell.rose = cell.fell = false;
  auto row = house.find(name);
  cell.known = row.has_value();
  cell.now = row ? row->now : reading{};
  cell.why = row ? row->why : nullptr;
  if (!cell.usable())
    return;
  const auto found = trusted_.find(name);
  if (found == trusted_.end()) {
    trusted_.emplace(name, baseline{cell.now.val, cell.now.changes});
    return;
  }
  auto& last = found->second;
  cell.before = last.val;
  const bool differs = last.val != cell.now.val;
  // A count that went back is another channel of the same name: compare values.
  const auto steps = cell.now.changes > last.changes ? cell.now.changes - last.changes : 0;
  last = {cell.now.val, cell.now.changes};
  if (cell.now.told_as == origin::restore || (!differs && steps < 2))
    return;
  cell.changed = true;
  if (cell.now.val.kind != value_kind::digital)
    return;
  const bool missed_one = steps > 1;
  cell.rose = cell.now.val.is_on() || missed_one;
  cell.fell = !cell.now.val.is_on() || missed_one;
}

} // namespace troupe::rule
