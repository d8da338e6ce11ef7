#include "storage/merge.hpp"

#include <algorithm>
#include <tuple>

namespace troupe::storage {

namespace {

auto place(const slot_set& in, const stream_id& of) {
  return std::lower_bound(in.begin(), in.end(), of,
                          [](const auto& x, const stream_id& y) { return x.first < y; });
}

/// Equal seq with different content is bit rot or a mistake of ours; all
/// replicas must still choose alike.
auto rank(const slot& x) {
  return std::tie(x.seq, x.stamp, x.flags, x.kind, x.schema, x.payload);
}

} // namespace

const slot* find(const slot_set& in, const stream_id& of) {
  const auto i = place(in, of);
  return i != in.end() && i->first == of ? &i->second : nullptr;
}

bool merge(slot_set& into, const stream_id& from, slot news) {
  const auto i = into.begin() + (place(into, from) - into.cbegin());
  if (i == into.end() || i->first != from) {
    into.insert(i, {from, std::move(news)});
    return true;
  }
  auto& held = i->second;
  if (rank(held) < rank(news)) {
    news.ctx.join(held.ctx);
    held = std::move(news);
    return true;
  }
  return held.ctx.join(news.ctx);
}

bool dominated(const slot_set& in, const stream_id& of, std::uint64_t seq) {
  return std::any_of(in.begin(), in.end(), [&](const auto& x) {
    return x.first != of && x.second.ctx.at(of) >= seq;
  });
}

version_vector observed(const slot_set& in, const stream_id& writer) {
  version_vector seen;
  for (const auto& [from, x] : in) {
    seen.raise(from, x.seq);
    seen.join(x.ctx);
  }
  seen.forget(writer); // superseded by the new seq itself
  return seen;
}

std::vector<stream_id> collectable(const slot_set& in, const version_vector& stable) {
  std::vector<stream_id> out;
  for (const auto& [of, x] : in) {
    const bool drop = std::any_of(in.begin(), in.end(), [&](const auto& y) {
      return y.first != of && y.second.ctx.at(of) >= x.seq
             && stable.at(y.first) >= y.second.seq && stable.covers(y.second.ctx);
    });
    if (drop)
      out.push_back(of);
  }
  if (in.size() == 1 && in.front().second.deleted()) {
    const auto& [of, x] = in.front();
    if (stable.at(of) >= x.seq && stable.covers(x.ctx))
      out.push_back(of);
  }
  return out;
}

void forget_collected(slot_set& in) {
  for (auto& [of, x] : in) {
    std::vector<stream_id> gone;
    for (const auto& [seen, seq] : x.ctx.items())
      if (!find(in, seen))
        gone.push_back(seen);
    for (const auto& id : gone)
      x.ctx.forget(id);
  }
}

} // namespace troupe::storage
