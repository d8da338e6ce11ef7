#include "storage/counter_state.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace troupe::storage {

bool boot_floor::covers(const stream_id& x) const {
  return std::any_of(items_.begin(), items_.end(),
                     [&](const item& i) { return i.first == x.node && x.boot <= i.second; });
}

void boot_floor::raise(std::uint64_t node, std::uint32_t boot) {
  const auto i = std::lower_bound(items_.begin(), items_.end(), node,
                                  [](const item& x, std::uint64_t n) { return x.first < n; });
  if (i == items_.end() || i->first != node)
    items_.insert(i, {node, boot});
  else
    i->second = std::max(i->second, boot);
}

bool counter_state::summed(const stream_id& x) const {
  return std::any_of(sums.begin(), sums.end(),
                     [&](const sum& s) { return s.node == x.node && x.boot <= s.upto; });
}

std::uint64_t counter_state::raw() const {
  std::uint64_t out = 0;
  for (const auto& s : sums)
    out += s.pulses;
  for (const auto& [of, n] : counts.items())
    if (!summed(of))
      out += n;
  return out;
}

bool counter_state::after_mark(const stream_id& x) const {
  if (x.node == mark->at.node && x.boot <= mark->folded)
    return false; // the mark has it; its sum is on its way
  return x == mark->at || !mark->before.covers(x)
         || std::find(mark->also.begin(), mark->also.end(), x) != mark->also.end();
}

std::uint64_t counter_state::total() const {
  if (!mark)
    return raw();
  auto out = mark->set;
  for (const auto& [of, n] : counts.items()) {
    if (summed(of))
      continue;
    if (!after_mark(of))
      continue;
    const auto then = of == mark->at ? mark->count : 0;
    out += n > then ? n - then : 0;
  }
  return out;
}

namespace {

/// Sums of one node are made by one process that held everything up to there, so
/// the one that reaches further is the fuller; equal ones are copies.
void join_sums(std::vector<counter_state::sum>& into, const std::vector<counter_state::sum>& other) {
  for (const auto& theirs : other) {
    const auto i = std::lower_bound(into.begin(), into.end(), theirs.node,
                                    [](const auto& x, std::uint64_t node) { return x.node < node; });
    if (i == into.end() || i->node != theirs.node)
      into.insert(i, theirs);
    else
      *i = std::max(*i, theirs);
  }
}

/// The later one; of copies of one, the fuller: which streams it excludes may have
/// been learned after it was set.
void join_marks(override_mark& into, const override_mark& other) {
  const auto origin = [](const override_mark& x) { return std::tie(x.stamp, x.at, x.count); };
  if (origin(into) != origin(other)) {
    if (origin(into) < origin(other))
      into = other;
    return;
  }
  const auto rank = [](const override_mark& x) { return std::tie(x.folded, x.set); };
  if (rank(into) < rank(other)) {
    into.folded = other.folded;
    into.set = other.set;
  }
  into.medium = std::max(into.medium, other.medium);
  for (const auto& [node, boot] : other.before.items())
    into.before.raise(node, boot);
  std::vector<stream_id> also;
  std::set_union(into.also.begin(), into.also.end(), other.also.begin(), other.also.end(), std::back_inserter(also));
  into.also = std::move(also);
  into.requests = std::max(into.requests, other.requests);
}

void forget_summed(counter_state& x) {
  const auto all = x.counts.items(); // `forget` changes it
  for (const auto& [of, n] : all)
    if (x.summed(of))
      x.counts.forget(of);
}

} // namespace

void join(counter_state& into, const counter_state& other) {
  join_sums(into.sums, other.sums);
  into.counts.join(other.counts);
  forget_summed(into);
  if (!other.mark)
    return;
  if (!into.mark) {
    into.mark = other.mark;
    return;
  }
  join_marks(*into.mark, *other.mark);
}

void fold(counter_state& x, std::uint64_t node, std::uint32_t boot) {
  const auto shown = x.total();
  counter_state::sum mine{node, 0, 0};
  for (const auto& s : x.sums)
    if (s.node == node)
      mine = s;
  if (mine.upto >= boot)
    return;
  bool any = false;
  for (const auto& [of, n] : x.counts.items())
    if (of.node == node && of.boot <= boot && of.boot > mine.upto) {
      mine.pulses += n;
      any = true;
    }
  if (!any)
    return;
  mine.upto = boot;
  join_sums(x.sums, {mine});
  forget_summed(x);
  if (!x.mark)
    return;
  // What folded streams counted after the mark goes into it; they count no more.
  x.mark->folded = boot;
  x.mark->set += shown - x.total();
}

std::string encode_counts(const counter_state& x, const stream_id& medium) {
  byte_writer out;
  out.varint(x.sums.size());
  for (const auto& s : x.sums) {
    out.u64(s.node);
    out.u32(s.upto);
    out.varint(s.pulses);
  }
  out.varint(x.counts.items().size());
  for (const auto& [of, n] : x.counts.items()) {
    write(out, of);
    out.varint(n);
  }
  out.u8(medium.empty() ? 0 : 1);
  if (!medium.empty())
    write(out, medium);
  return out.take();
}

bool decode_counts(std::string_view bytes, counter_state& into, stream_id* medium) {
  byte_reader in{bytes};
  counter_state x;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    counter_state::sum s;
    s.node = in.u64();
    s.upto = in.u32();
    s.pulses = in.varint();
    join_sums(x.sums, {s});
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto of = read_stream_id(in);
    x.counts.raise(of, in.varint());
  }
  const auto writer = in.u8() != 0 ? read_stream_id(in) : stream_id{};
  if (!in.ok())
    return false;
  if (medium)
    *medium = writer;
  join(into, x);
  return true;
}

std::string encode_mark(const override_mark& x) {
  byte_writer out;
  out.varint(x.set);
  write(out, x.at);
  write(out, x.medium);
  out.varint(x.count);
  out.u64(x.stamp.raw);
  out.u32(x.folded);
  out.varint(x.before.items().size());
  for (const auto& [node, boot] : x.before.items()) {
    out.u64(node);
    out.u32(boot);
  }
  out.varint(x.also.size());
  for (const auto& of : x.also)
    write(out, of);
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
  x.medium = read_stream_id(in);
  x.count = in.varint();
  x.stamp.raw = in.u64();
  x.folded = in.u32();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto node = in.u64();
    x.before.raise(node, in.u32());
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    x.also.push_back(read_stream_id(in));
  std::sort(x.also.begin(), x.also.end());
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    x.requests.emplace_back(in.text());
  if (!in.ok())
    return {};
  return x;
}

} // namespace troupe::storage
