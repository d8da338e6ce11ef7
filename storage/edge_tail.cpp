#include "storage/edge_tail.hpp"

#include <algorithm>

namespace troupe::storage {

void edge_tail::note(const edge& x) {
  if (!edges_.empty() && x.changes <= edges_.back().changes)
    return;
  if (edges_.size() >= most)
    forget(edges_.size() - most + 1);
  edges_.push_back(x);
}

void edge_tail::expire(mono_ns now) {
  const auto young = std::find_if(edges_.begin(), edges_.end(), [&](const edge& x) { return now - x.at <= most_age; });
  forget(static_cast<std::size_t>(young - edges_.begin()));
}

std::span<const edge> edge_tail::since(std::uint64_t changes) const {
  const auto first = std::upper_bound(edges_.begin(), edges_.end(), changes,
                                      [](std::uint64_t number, const edge& x) { return number < x.changes; });
  return {first, edges_.end()};
}

void edge_tail::clear() {
  edges_ = {};
}

/// Also gives the room back once most of it is empty: after a burst an input
/// may rest for years.
void edge_tail::forget(std::size_t first) {
  if (first == 0)
    return;
  edges_.erase(edges_.begin(), edges_.begin() + static_cast<std::ptrdiff_t>(first));
  if (edges_.size() < edges_.capacity() / 4)
    edges_.shrink_to_fit();
}

} // namespace troupe::storage
