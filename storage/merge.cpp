#include "storage/merge.hpp"

#include "storage/read.hpp"

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

namespace {

/// Of owners the highest ballot is shown, not the latest that has seen the
/// others: one that was seen by a lower one stays.
bool outranked(const stream_id& of, const slot& x, const stream_id& by, const slot& y) {
  return x.kind != slot_kind::own
         || std::tuple{own_ballot(x), x.seq, of} < std::tuple{own_ballot(y), y.seq, by};
}

} // namespace

std::vector<stream_id> collectable(const slot_set& in, const version_vector& stable) {
  std::vector<stream_id> out;
  for (const auto& [of, x] : in) {
    const bool drop = std::any_of(in.begin(), in.end(), [&, &of = of, &x = x](const auto& y) {
      return y.first != of && y.second.ctx.at(of) >= x.seq && outranked(of, x, y.first, y.second)
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

} // namespace troupe::storage
