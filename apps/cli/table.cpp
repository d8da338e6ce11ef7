#include "apps/cli/table.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::cli {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least = 6; ///< columns of a cell that is cut

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                 const std::vector<table::column>& columns) {
  std::string result;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    result += i == 0 ? "" : std::string(gap, ' ');
    result += pad(cut(cells[i], widths[i]), widths[i], columns[i].right);
  }
  while (!result.empty() && result.back() == ' ')
    result.pop_back();
  return result + "\n";
}

} // namespace

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string table::render(const style& how) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = display_width(columns_[i].heading);
    for (auto& row : rows_)
      width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  auto total = [&] {
    return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
  };
  auto shrink = [&](std::size_t i) {
    const auto over = total() > how.width ? total() - how.width : 0;
    const auto room = widths[i] > least ? widths[i] - least : 0;
    widths[i] -= std::min(over, room);
  };
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].gives)
      shrink(i);
  for (std::size_t i = columns_.size(); i-- > 0;)
    shrink(i);
  std::vector<std::string> headings;
  for (auto& c : columns_)
    headings.push_back(how.paint(c.heading, colour::dim));
  std::string result = line(headings, widths, columns_);
  for (auto& row : rows_)
    result += line(row, widths, columns_);
  return result;
}

} // namespace troupe::cli
