#include "storage/slot.hpp"

#include "storage/crc32c.hpp"

#include <fmt/format.h>

namespace troupe::storage {

namespace {

constexpr std::uint8_t slot_encoding = 1;

} // namespace

const char* to_string(slot_kind x) noexcept {
  switch (x) {
  case slot_kind::map: return "map";
  case slot_kind::own: return "own";
  case slot_kind::ctr: return "ctr";
  case slot_kind::ovr: return "ovr";
  case slot_kind::jrn: return "jrn";
  }
  return "unknown";
}

std::string encode(const slot& x) {
  byte_writer out;
  out.u8(slot_encoding);
  out.u8(static_cast<std::uint8_t>(x.kind));
  out.u8(x.flags);
  out.u16(x.schema);
  out.u64(x.seq);
  out.u64(x.stamp.raw);
  out.varint(x.ctx.items().size());
  for (const auto& [of, seq] : x.ctx.items()) {
    write(out, of);
    out.varint(seq);
  }
  out.text(x.payload);
  out.u32(crc32c(out.view()));
  return out.take();
}

result<slot> decode_slot(std::string_view bytes) {
  if (bytes.size() < 4)
    return error{errc::corrupt, fmt::format("slot of {} bytes", bytes.size())};
  byte_reader tail{bytes.substr(bytes.size() - 4)};
  const auto body = bytes.substr(0, bytes.size() - 4);
  if (const auto stored = tail.u32(), found = crc32c(body); stored != found)
    return error{errc::corrupt,
                 fmt::format("slot check sum is {:08x}, stored {:08x}", found, stored)};
  byte_reader in{body};
  if (const auto version = in.u8(); version != slot_encoding)
    return error{errc::unsupported,
                 fmt::format("slot encoding {}, this program knows {}", version,
                             slot_encoding)};
  slot x;
  x.kind = static_cast<slot_kind>(in.u8());
  x.flags = in.u8();
  x.schema = in.u16();
  x.seq = in.u64();
  x.stamp.raw = in.u64();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto of = read_stream_id(in);
    x.ctx.raise(of, in.varint());
  }
  x.payload = in.text();
  if (!in.ok() || !in.at_end())
    return error{errc::corrupt, "slot with a good check sum but a wrong shape"};
  return x;
}

} // namespace troupe::storage
