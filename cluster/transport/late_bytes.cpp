#include "cluster/transport/late_bytes.hpp"

#include <algorithm>

namespace troupe::cluster {

void late_bytes::add(const char* from, std::size_t n, time due) {
  pieces_.push_back({{from, from + n}, 0, std::max(due, last_due())});
  size_ += n;
}

void late_bytes::release() {
  for (auto& x : pieces_)
    x.due = time::min();
}

std::size_t late_bytes::take(void* to, std::size_t most, time now) {
  std::size_t got = 0;
  while (got < most && due(now)) {
    auto& x = pieces_.front();
    const auto n = std::min(most - got, x.bytes.size() - x.taken);
    std::copy_n(x.bytes.begin() + static_cast<std::ptrdiff_t>(x.taken), n, static_cast<char*>(to) + got);
    x.taken += n;
    got += n;
    if (x.taken == x.bytes.size())
      pieces_.pop_front();
  }
  size_ -= got;
  return got;
}

} // namespace troupe::cluster
