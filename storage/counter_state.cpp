#include "storage/counter_state.hpp"

#include <algorithm>
#include <tuple>

namespace troupe::storage {

std::uint64_t counter_state::raw() const {
  auto sum = base;
  for (const auto& [of, n] : counts.items())
    if (of.boot > closed)
      sum += n;
  return sum;
}

std::uint64_t counter_state::total() const {
  if (!mark)
    return raw();
  auto sum = mark->set;
  for (const auto& [of, n] : counts.items()) {
    if (of.boot <= closed)
      continue;
    if (of == mark->at)
      sum += n > mark->count ? n - mark->count : 0;
    else if (of.boot > mark->at.boot)
      sum += n;
  }
  return sum;
}

void join(counter_state& into, const counter_state& other) {
  // A base is written by one process that held everything up to `closed`, so
  // the later one is the fuller one; equal ones are copies, or one is older.
  if (std::tie(into.closed, into.base) < std::tie(other.closed, other.base)) {
    into.closed = other.closed;
    into.base = other.base;
  }
  into.counts.join(other.counts);
  std::vector<stream_id> gone;
  for (const auto& [of, n] : into.counts.items())
    if (of.boot <= into.closed)
      gone.push_back(of);
  for (const auto& of : gone)
    into.counts.forget(of);
  if (!other.mark)
    return;
  auto rank = [](const override_mark& x) {
    return std::tie(x.stamp, x.at, x.count, x.set, x.requests);
  };
  if (!into.mark || rank(*into.mark) < rank(*other.mark))
    into.mark = other.mark;
}

void fold(counter_state& x, std::size_t keep) {
  std::vector<std::uint32_t> boots;
  for (const auto& [of, n] : x.counts.items())
    boots.push_back(of.boot);
  std::sort(boots.begin(), boots.end());
  boots.erase(std::unique(boots.begin(), boots.end()), boots.end());
  if (boots.size() <= keep)
    return;
  const auto upto = boots[boots.size() - keep - 1];
  const auto shown = x.total();
  version_vector rest;
  for (const auto& [of, n] : x.counts.items()) {
    if (of.boot <= upto)
      x.base += n;
    else
      rest.raise(of, n);
  }
  x.counts = rest;
  x.closed = upto;
  if (x.mark && x.mark->at.boot <= upto) {
    std::uint64_t newer = 0;
    for (const auto& [of, n] : rest.items())
      newer += n;
    x.mark->set = shown - newer;
    x.mark->at.boot = upto; // its stream is closed; all later ones count in full
    x.mark->count = 0;
  }
}

std::string encode_counts(const counter_state& x) {
  byte_writer out;
  out.u32(x.closed);
  out.varint(x.base);
  out.varint(x.counts.items().size());
  for (const auto& [of, n] : x.counts.items()) {
    write(out, of);
    out.varint(n);
  }
  return out.take();
}

bool decode_counts(std::string_view bytes, counter_state& into) {
  byte_reader in{bytes};
  counter_state x;
  x.closed = in.u32();
  x.base = in.varint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto of = read_stream_id(in);
    x.counts.raise(of, in.varint());
  }
  if (!in.ok())
    return false;
  join(into, x);
  return true;
}

std::string encode_mark(const override_mark& x) {
  byte_writer out;
  out.varint(x.set);
  write(out, x.at);
  out.varint(x.count);
  out.u64(x.stamp.raw);
  out.varint(x.requests.size());
  for (const auto& id : x.requests)
    out.text(id);
  return out.take();
}

std::optional<override_mark> decode_mark(std::string_view bytes) {
  byte_reader in{bytes};
  override_mark x;
  x.set = in.varint();
  x.at = read_stream_id(in);
  x.count = in.varint();
  x.stamp.raw = in.u64();
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    x.requests.emplace_back(in.text());
  if (!in.ok())
    return {};
  return x;
}

} // namespace troupe::storage
