#include "storage/ring.hpp"

#include "storage/crc32c.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr std::string_view magic = "TRPULSE1";
constexpr std::uint8_t version = 3;
constexpr std::size_t check_bytes = 4;
// magic, version, stream, number, bound, durable seq, part, parts, entries
constexpr std::size_t header_bytes = 8 + 1 + stream_id::size + 8 + 8 + 8 + 1 + 1 + 2;
constexpr std::size_t room = ring_page_bytes - header_bytes - check_bytes;

struct page {
  stream_id stream;
  std::uint64_t number = 0;
  hlc bound;
  std::uint64_t durable_seq = 0;
  unsigned part = 0;
  unsigned parts = 0;
  std::map<std::string, counter_state> counters;
};

std::string encode_entry(const std::string& key, const counter_state& x) {
  byte_writer out;
  out.text(key);
  out.text(encode_counts(x));
  out.u8(x.mark ? 1 : 0);
  if (x.mark) {
    auto mark = *x.mark;
    mark.requests.clear();
    out.text(encode_mark(mark));
  }
  return out.take();
}

std::optional<page> decode_page(std::string_view bytes) {
  if (!bytes.starts_with(magic))
    return {}; // blank, mostly: saves its check sum
  byte_reader tail{bytes.substr(ring_page_bytes - check_bytes)};
  if (tail.u32() != crc32c(bytes.substr(0, ring_page_bytes - check_bytes)))
    return {};
  byte_reader in{bytes};
  if (in.raw(magic.size()) != magic || in.u8() != version)
    return {};
  page x;
  x.stream = read_stream_id(in);
  x.number = in.u64();
  x.bound.raw = in.u64();
  x.durable_seq = in.u64();
  x.part = in.u8();
  x.parts = in.u8();
  for (auto n = in.u16(); n > 0 && in.ok(); --n) {
    auto& counter = x.counters[std::string{in.text()}];
    if (!decode_counts(in.text(), counter))
      return {};
    if (in.u8() != 0)
      counter.mark = decode_mark(in.text());
  }
  if (!in.ok() || x.parts == 0 || x.parts > ring_checkpoint::max_parts || x.part >= x.parts)
    return {};
  return x;
}

bool is_blank(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

} // namespace

ring_pages_made encode(const ring_checkpoint& x) {
  ring_pages_made out;
  std::vector<std::pair<unsigned, std::string>> bodies(1); // entries, bytes
  for (const auto& [key, counter] : x.counters) {
    const auto entry = encode_entry(key, counter);
    if (bodies.back().second.size() + entry.size() > room) {
      if (bodies.size() == ring_checkpoint::max_parts || entry.size() > room) {
        ++out.left_out;
        continue;
      }
      bodies.emplace_back();
    }
    ++bodies.back().first;
    bodies.back().second += entry;
  }
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    byte_writer page;
    page.raw(magic);
    page.u8(version);
    write(page, x.stream);
    page.u64(x.number);
    page.u64(x.bound.raw);
    page.u64(x.durable_seq);
    page.u8(static_cast<std::uint8_t>(i));
    page.u8(static_cast<std::uint8_t>(bodies.size()));
    page.u16(static_cast<std::uint16_t>(bodies[i].first));
    page.raw(bodies[i].second);
    page.raw(std::string(ring_page_bytes - check_bytes - page.view().size(), '\0'));
    page.u32(crc32c(page.view()));
    out.pages.push_back(page.take());
  }
  return out;
}

ring_reading read_ring(std::string_view bytes, std::uint64_t node) {
  ring_reading out;
  std::map<std::pair<std::uint64_t, stream_id>, std::vector<page>> found;
  std::pair<std::uint64_t, unsigned> last{0, 0};
  for (unsigned i = 0; i < ring_pages; ++i) {
    if ((i + 1) * ring_page_bytes > bytes.size())
      break;
    const auto raw = bytes.substr(i * ring_page_bytes, ring_page_bytes);
    auto x = decode_page(raw);
    if (!x) {
      out.damaged += is_blank(raw) ? 0 : 1;
      continue;
    }
    if (x->stream.node != node) {
      ++out.foreign;
      continue;
    }
    out.highest_boot = std::max(out.highest_boot, x->stream.boot);
    out.highest_bound = std::max(out.highest_bound, x->bound);
    if (std::pair{x->number, x->part} >= last) {
      last = {x->number, x->part};
      out.next_page = (i + 1) % ring_pages;
    }
    out.highest_number = std::max(out.highest_number, x->number);
    found[{x->number, x->stream}].push_back(std::move(*x));
  }
  for (auto i = found.rbegin(); i != found.rend() && !out.newest; ++i) {
    auto& pages = i->second;
    if (pages.size() != pages.front().parts)
      continue;
    ring_checkpoint whole{i->first.second, i->first.first, pages.front().bound,
                          pages.front().durable_seq, {}};
    for (auto& x : pages)
      whole.counters.merge(x.counters);
    out.newest = std::move(whole);
  }
  return out;
}

} // namespace troupe::storage
