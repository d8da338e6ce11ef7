#pragma once

#include "config/model/house.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace troupe {

/// Smooths samples over the newest `window` of them (1 to 1000). Until that
/// many were seen it uses those it has: a value late is worse than one rough.
class sample_filter {
public:
  sample_filter(filter_kind kind, unsigned window)
    : kind_(kind), window_(std::clamp<std::size_t>(window, 1, 1000)) {}

  double operator()(double x) {
    if (kind_ == filter_kind::none)
      return x;
    samples_.push_back(x);
    if (samples_.size() > window_)
      samples_.erase(samples_.begin()); // a thousand at most, and no block for who has none
    return kind_ == filter_kind::median ? median() : average();
  }

  /// After a gap old samples say nothing about now.
  void clear() { samples_.clear(); }

private:
  [[nodiscard]] double average() const {
    return std::accumulate(samples_.begin(), samples_.end(), 0.0)
           / static_cast<double>(samples_.size());
  }

  [[nodiscard]] double median() const {
    std::vector<double> sorted(samples_.begin(), samples_.end());
    const auto mid = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), mid, sorted.end());
    if (sorted.size() % 2 != 0)
      return *mid;
    return (*mid + *std::max_element(sorted.begin(), mid)) / 2;
  }

  filter_kind kind_;
  std::size_t window_;
  std::vector<double> samples_;
};

} // namespace troupe
