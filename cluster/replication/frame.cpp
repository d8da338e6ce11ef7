#include "cluster/replication/frame.hpp"

#include "storage/bytes.hpp"

#include <fmt/format.h>

namespace troupe::cluster::frame {

namespace {

using storage::byte_reader;
using storage::byte_writer;
using storage::keyed_slot;
using storage::whole_state;

constexpr std::uint8_t encoding_version = 1;

/// Positions in `any`; they travel: append only.
enum class type : std::uint8_t { hello, range, whole, taken, pulse, digests, rows, repair };

constexpr std::uint8_t flag(bool x, int bit) {
  return static_cast<std::uint8_t>(x ? 1 << bit : 0);
}

void put(byte_writer& out, const version_vector& x) {
  out.varint(x.items().size());
  for (const auto& [of, seq] : x.items()) {
    write(out, of);
    out.varint(seq);
  }
}

version_vector get_vector(byte_reader& in) {
  version_vector out;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto of = storage::read_stream_id(in);
    out.raise(of, in.varint());
  }
  return out;
}

void put(byte_writer& out, const whole_state::item& x) {
  out.u8(flag(x.named_only, 0));
  out.text(x.key);
  write(out, x.of);
  if (x.named_only) {
    out.u8(static_cast<std::uint8_t>(x.content.kind));
    out.varint(x.content.seq);
  } else {
    out.text(storage::encode(x.content));
  }
}

void put(byte_writer& out, const std::vector<whole_state::item>& all) {
  out.varint(all.size());
  for (const auto& x : all)
    put(out, x);
}

/// Reads one frame; the first thing that is wrong is kept.
class reader {
public:
  explicit reader(std::string_view bytes) : in(bytes) {}

  storage::slot slot() {
    auto x = storage::decode_slot(in.text());
    if (x)
      return std::move(*x);
    if (bad_.code == errc::none)
      bad_ = x.why();
    return {};
  }

  std::vector<whole_state::item> items() {
    std::vector<whole_state::item> out;
    for (auto n = in.varint(); n > 0 && fine(); --n) {
      whole_state::item x;
      x.named_only = (in.u8() & 1) != 0;
      x.key = in.text();
      x.of = storage::read_stream_id(in);
      if (x.named_only) {
        x.content.kind = static_cast<storage::slot_kind>(in.u8());
        x.content.seq = in.varint();
      } else {
        x.content = slot();
      }
      check_key(x.key, x.content.kind);
      out.push_back(std::move(x));
    }
    return out;
  }

  /// A key that no store would take must not get into one this way.
  void check_key(const std::string& key, storage::slot_kind kind) {
    if (kind == storage::slot_kind::jrn && key.empty())
      return; // an event
    if (key.empty() || key.size() > storage::max_key_bytes || key.find('\0') != std::string::npos)
      wrong(fmt::format("a key of {} bytes", key.size()));
  }

  void wrong(std::string what) {
    if (bad_.code == errc::none)
      bad_ = {errc::corrupt, std::move(what)};
  }

  [[nodiscard]] bool fine() const { return in.ok() && bad_.code == errc::none; }
  [[nodiscard]] error why() const {
    return bad_.code != errc::none ? bad_ : error{errc::corrupt, "a replication frame that ends too early"};
  }

  byte_reader in;

private:
  error bad_;
};

void write(byte_writer& out, const hello& x) {
  out.u8(x.oldest);
  out.u8(x.newest);
  out.u8(static_cast<std::uint8_t>(flag(x.archive, 0) | flag(x.answer, 1)));
  out.text(x.house);
  put(out, x.seen);
  put(out, x.durable);
  put(out, x.journals);
  out.varint(x.runs.size());
  for (const auto& r : x.runs) {
    write(out, r.stream);
    out.u64(r.run);
    out.varint(r.upto);
  }
  out.u64(x.whole_run);
}

hello read_hello(reader& from) {
  auto& in = from.in;
  hello x;
  x.oldest = in.u8();
  x.newest = in.u8();
  const auto flags = in.u8();
  x.archive = (flags & 1) != 0;
  x.answer = (flags & 2) != 0;
  x.house = in.text();
  x.seen = get_vector(in);
  x.durable = get_vector(in);
  x.journals = get_vector(in);
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    unfinished r;
    r.stream = storage::read_stream_id(in);
    r.run = in.u64();
    r.upto = in.varint();
    x.runs.push_back(r);
  }
  x.whole_run = in.u64();
  return x;
}

void write(byte_writer& out, const range& x) {
  out.varint(x.number);
  out.u64(x.run);
  write(out, x.range_.stream);
  out.varint(x.range_.after);
  out.varint(x.range_.upto);
  out.u8(flag(x.range_.last, 0));
  out.varint(x.range_.slots.size());
  for (const auto& s : x.range_.slots) {
    out.text(s.key);
    out.text(storage::encode(s.content));
  }
}

range read_range(reader& from) {
  auto& in = from.in;
  range x;
  x.number = in.varint();
  x.run = in.u64();
  x.range_.stream = storage::read_stream_id(in);
  x.range_.after = in.varint();
  x.range_.upto = in.varint();
  x.range_.last = (in.u8() & 1) != 0;
  for (auto n = in.varint(); n > 0 && from.fine(); --n) {
    keyed_slot s;
    s.key = in.text();
    s.content = from.slot();
    from.check_key(s.key, s.content.kind);
    if (s.content.seq <= x.range_.after || s.content.seq > x.range_.upto)
      from.wrong(fmt::format("contribution {} in the range ({}, {}]", s.content.seq, x.range_.after, x.range_.upto));
    x.range_.slots.push_back(std::move(s));
  }
  return x;
}

void write(byte_writer& out, const whole& x) {
  write(out, x.to);
  out.varint(x.number);
  out.u64(x.run);
  out.u32(x.piece);
  out.u8(flag(x.last, 0));
  put(out, x.part.items);
  put(out, x.part.seen);
  put(out, x.part.collected);
}

whole read_whole(reader& from) {
  auto& in = from.in;
  whole x;
  x.to = storage::read_stream_id(in);
  x.number = in.varint();
  x.run = in.u64();
  x.piece = in.u32();
  x.last = (in.u8() & 1) != 0;
  x.part.items = from.items();
  x.part.seen = get_vector(in);
  x.part.collected = get_vector(in);
  return x;
}

void write(byte_writer& out, const taken& x) {
  out.varint(x.number);
  put(out, x.seen);
  put(out, x.durable);
  put(out, x.journals);
}

taken read_taken(reader& from) {
  taken x;
  x.number = from.in.varint();
  x.seen = get_vector(from.in);
  x.durable = get_vector(from.in);
  x.journals = get_vector(from.in);
  return x;
}

void write(byte_writer& out, const pulse& x) {
  out.u64(x.seen_hash);
  out.u64(x.durable_hash);
  out.u64(x.journals_hash);
  out.u64(static_cast<std::uint64_t>(x.clock.wall));
  out.u8(static_cast<std::uint8_t>(x.clock.quality));
}

pulse read_pulse(reader& from) {
  pulse x;
  x.seen_hash = from.in.u64();
  x.durable_hash = from.in.u64();
  x.journals_hash = from.in.u64();
  if (from.in.at_end())
    return x;
  x.clock.wall = static_cast<wall_ms>(from.in.u64());
  x.clock.quality = static_cast<storage::clock_quality>(from.in.u8());
  return x;
}

void write(byte_writer& out, const digests& x) {
  out.u64(x.seen_hash);
  for (const auto sum : x.sums.sums)
    out.u64(sum);
}

digests read_digests(reader& from) {
  digests x;
  x.seen_hash = from.in.u64();
  for (auto& sum : x.sums.sums)
    sum = from.in.u64();
  return x;
}

void write(byte_writer& out, const rows& x) {
  out.u64(x.seen_hash);
  out.u8(x.bucket);
  out.u8(flag(x.answer, 0));
  out.varint(x.all.size());
  for (const auto& r : x.all) {
    out.u8(static_cast<std::uint8_t>(r.kind));
    out.text(r.key);
    write(out, r.of);
    out.varint(r.seq);
    out.u64(r.hash);
  }
}

rows read_rows(reader& from) {
  auto& in = from.in;
  rows x;
  x.seen_hash = in.u64();
  x.bucket = in.u8();
  x.answer = (in.u8() & 1) != 0;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    storage::digest_row r;
    r.kind = static_cast<storage::slot_kind>(in.u8());
    r.key = in.text();
    r.of = storage::read_stream_id(in);
    r.seq = in.varint();
    r.hash = in.u64();
    x.all.push_back(std::move(r));
  }
  if (x.bucket >= storage::digest::buckets)
    from.wrong(fmt::format("bucket {} of {}", x.bucket, storage::digest::buckets));
  return x;
}

void write(byte_writer& out, const repair& x) { put(out, x.slots); }

repair read_repair(reader& from) {
  repair x;
  x.slots = from.items();
  return x;
}

} // namespace

std::string encode(const any& x) {
  byte_writer out;
  out.u8(encoding_version);
  out.u8(static_cast<std::uint8_t>(x.index()));
  std::visit(
    [&](const auto& content) {
      storage::write(out, content.session);
      write(out, content);
    },
    x);
  return out.take();
}

result<any> decode(std::string_view bytes) {
  reader from{bytes};
  if (const auto version = from.in.u8(); version != encoding_version)
    return error{errc::unsupported, fmt::format("replication frame of version {}, this program knows {}", version,
                                                encoding_version)};
  const auto what = from.in.u8();
  const auto session = storage::read_stream_id(from.in);
  any out;
  switch (static_cast<type>(what)) {
  case type::hello: out = read_hello(from); break;
  case type::range: out = read_range(from); break;
  case type::whole: out = read_whole(from); break;
  case type::taken: out = read_taken(from); break;
  case type::pulse: out = read_pulse(from); break;
  case type::digests: out = read_digests(from); break;
  case type::rows: out = read_rows(from); break;
  case type::repair: out = read_repair(from); break;
  default:
    return error{errc::unsupported, fmt::format("replication frame of an unknown type {}", what)};
  }
  if (!from.fine())
    return from.why();
  std::visit([&](auto& content) { content.session = session; }, out);
  return out;
}

std::uint64_t hash(const version_vector& x) noexcept {
  std::uint64_t sum = 0;
  for (const auto& [of, seq] : x.items()) {
    // Each entry is mixed by itself (SplitMix64's finish), so the sum tells them apart.
    auto h = of.node ^ (std::uint64_t{of.boot} << 32 | of.nonce) * 0x9e3779b97f4a7c15u ^ seq * 0xd6e8feb86659fd93u;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    sum += h ^ h >> 31;
  }
  return sum;
}

} // namespace troupe::cluster::frame
