#include "storage/lineage.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::storage {

namespace {

constexpr std::uint8_t version = 1;

void write_start(byte_writer& to, const stream_id& x) {
  to.u32(x.boot);
  to.u32(x.nonce);
}

stream_id read_start(byte_reader& from, std::uint64_t node) {
  stream_id x{node, from.u32(), 0};
  x.nonce = from.u32();
  return x.boot == 0 ? stream_id{} : x;
}

} // namespace

void lineage::learn(const stream_id& of, const stream_id& parent) {
  auto& known = parents_[of];
  if (known.empty())
    known = parent;
}

void lineage::add(const std::vector<stream_id>& line) {
  stream_id parent;
  for (const auto& of : line) {
    learn(of, parent);
    parent = of;
  }
}

void lineage::join(const lineage& other) {
  for (const auto& [of, parent] : other.parents_)
    learn(of, parent);
}

std::vector<stream_id> lineage::back_from(const stream_id& of) const {
  std::vector<stream_id> out{of};
  // As long as the tree at most: what others wrote may be no tree.
  for (auto i = parents_.find(of); i != parents_.end() && !i->second.empty() && out.size() <= parents_.size();
       i = parents_.find(i->second))
    out.push_back(i->second);
  return out;
}

bool lineage::later(const stream_id& of, const stream_id& than, const stream_id& present) const {
  if (of == than)
    return false;
  const auto mine = back_from(of);
  if (std::find(mine.begin(), mine.end(), than) != mine.end())
    return true;
  const auto line = back_from(present);
  const auto left = [&](const std::vector<stream_id>& x) { // how long ago, in starts
    return std::distance(line.begin(), std::find_first_of(line.begin(), line.end(), x.begin(), x.end()));
  };
  return left(mine) < left(back_from(than));
}

std::string encode(const lineage& x) {
  // Sorted by boot: there is one node.
  const auto skip = x.parents_.size() - std::min(x.parents_.size(), lineage::most_written);
  byte_writer out;
  out.u8(version);
  for (auto i = std::next(x.parents_.begin(), static_cast<std::ptrdiff_t>(skip)); i != x.parents_.end(); ++i) {
    write_start(out, i->first);
    write_start(out, i->second);
  }
  return out.take();
}

std::optional<lineage> decode_lineage(std::string_view bytes, std::uint64_t node) {
  byte_reader in{bytes};
  if (in.u8() != version)
    return {};
  lineage out;
  while (in.ok() && !in.at_end()) {
    const auto of = read_start(in, node);
    out.parents_[of] = read_start(in, node);
  }
  if (!in.ok())
    return {};
  return out;
}

} // namespace troupe::storage
