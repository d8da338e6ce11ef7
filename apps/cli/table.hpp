#pragma once

#include "apps/cli/style.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

/// Rows under a heading, aligned to the width of the terminal: when they do
/// not fit, the column marked `gives` is cut first, then the others.
class table {
public:
  struct column {
    std::string heading;
    bool right = false; ///< numbers
    bool gives = false;
  };

  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> cells);

  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::string render(const style& how) const;

private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe::cli
