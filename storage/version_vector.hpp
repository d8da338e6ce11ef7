#pragma once

#include "storage/stream_id.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::storage {

/// stream -> highest sequence number seen of it; absent is 0. Flat and sorted,
/// because most have none to three entries.
class version_vector {
public:
  using item = std::pair<stream_id, std::uint64_t>;

  [[nodiscard]] std::uint64_t at(const stream_id& of) const {
    const auto i = place(of);
    return i != items_.end() && i->first == of ? i->second : 0;
  }

  [[nodiscard]] bool covers(const version_vector& other) const {
    return std::all_of(other.items_.begin(), other.items_.end(),
                       [this](const item& x) { return at(x.first) >= x.second; });
  }

  /// @returns whether it grew
  bool raise(const stream_id& of, std::uint64_t to) {
    const auto i = items_.begin() + (place(of) - items_.cbegin());
    if (i != items_.end() && i->first == of) {
      if (i->second >= to)
        return false;
      i->second = to;
      return true;
    }
    if (to == 0)
      return false;
    items_.insert(i, {of, to});
    return true;
  }

  bool join(const version_vector& other) {
    bool grew = false;
    for (const auto& [of, to] : other.items_)
      grew = raise(of, to) || grew;
    return grew;
  }

  /// The lower of both, for each stream.
  void limit(const version_vector& to) {
    for (auto& [of, seq] : items_)
      seq = std::min(seq, to.at(of));
    std::erase_if(items_, [](const item& x) { return x.second == 0; });
  }

  void forget(const stream_id& of) {
    std::erase_if(items_, [&](const item& x) { return x.first == of; });
  }

  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }

  friend bool operator==(const version_vector&, const version_vector&) = default;

private:
  [[nodiscard]] std::vector<item>::const_iterator place(const stream_id& of) const {
    return std::lower_bound(items_.begin(), items_.end(), of,
                            [](const item& x, const stream_id& y) { return x.first < y; });
  }

  std::vector<item> items_;
};

} // namespace troupe::storage
