#include "storage/read.hpp"

#include <algorithm>
#include <tuple>

namespace troupe::storage {

namespace {

constexpr std::size_t ballot_bytes = 8;

document_view view_of(const stream_id& writer, const slot& x) {
  return {writer, x.seq, x.stamp, x.payload, false};
}

} // namespace

std::vector<document_view> siblings(const slot_set& in) {
  std::vector<document_view> out;
  for (const auto& [of, x] : in)
    if (!x.deleted() && !dominated(in, of, x.seq))
      out.push_back(view_of(of, x));
  std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) {
    return std::tie(y.stamp, y.writer) < std::tie(x.stamp, x.writer);
  });
  return out;
}

std::optional<document_view> read_map(const slot_set& in) {
  if (in.size() == 1) { // by far the most frequent
    const auto& [of, x] = in.front();
    if (x.deleted())
      return {};
    return view_of(of, x);
  }
  auto all = siblings(in);
  if (all.empty())
    return {};
  all.front().conflict = std::any_of(all.begin(), all.end(), [&](const auto& x) {
    return x.payload != all.front().payload; // the same said twice is none
  });
  return all.front();
}

std::optional<document_view> read_own(const slot_set& in) {
  const std::pair<stream_id, slot>* best = nullptr;
  auto rank = [](const std::pair<stream_id, slot>& x) {
    return std::tuple{own_ballot(x.second), x.second.seq, x.first};
  };
  for (const auto& x : in)
    if (!best || rank(*best) < rank(x))
      best = &x;
  if (!best || best->second.deleted())
    return {};
  auto out = view_of(best->first, best->second);
  out.payload.remove_prefix(std::min(ballot_bytes, out.payload.size()));
  return out;
}

std::string own_payload(std::uint64_t ballot, std::string_view content) {
  byte_writer out;
  out.u64(ballot);
  out.raw(content);
  return out.take();
}

std::uint64_t own_ballot(const slot& x) {
  return byte_reader{x.payload}.u64();
}

std::uint64_t ballot_after(const slot_set& in, const stream_id& writer, std::uint64_t least) {
  for (const auto& [of, x] : in)
    least = std::max(least, own_ballot(x) + (of == writer ? 0 : 1));
  return least;
}

} // namespace troupe::storage
