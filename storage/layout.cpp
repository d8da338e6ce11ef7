#include "storage/layout.hpp"

namespace troupe::storage::layout {

std::string slot_key(slot_kind kind, std::string_view key, const stream_id& of) {
  byte_writer out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.raw(key);
  out.u8(0);
  write(out, of);
  return out.take();
}

std::optional<slot_address> parse_slot_key(std::string_view bytes) {
  if (bytes.size() < 2 + stream_id::size)
    return {};
  const auto end = bytes.size() - stream_id::size;
  if (bytes[end - 1] != '\0')
    return {};
  byte_reader in{bytes.substr(end)};
  return slot_address{static_cast<slot_kind>(bytes[0]), bytes.substr(1, end - 2),
                      read_stream_id(in)};
}

std::string position_key(const stream_id& of, std::uint64_t seq) {
  byte_writer out;
  write(out, of);
  out.u64(seq);
  return out.take();
}

std::optional<stream_position> parse_position_key(std::string_view bytes) {
  if (bytes.size() != stream_id::size + 8)
    return {};
  byte_reader in{bytes};
  const auto of = read_stream_id(in);
  return stream_position{of, in.u64()};
}

std::string byseq_value(slot_kind kind, std::string_view key) {
  byte_writer out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.raw(key);
  return out.take();
}

std::string stream_key(std::string_view prefix, const stream_id& of) {
  return std::string{prefix} + to_bytes(of);
}

std::string number(std::uint64_t x) {
  byte_writer out;
  out.u64(x);
  return out.take();
}

} // namespace troupe::storage::layout
