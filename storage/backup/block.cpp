#include "storage/backup/block.hpp"

#include "storage/bytes.hpp"
#include "storage/crc32c.hpp"

#include <fmt/format.h>

namespace troupe::storage::backup {

namespace {

constexpr std::size_t header_bytes = 1 + 4 + 4;
constexpr std::size_t sum_bytes = 4;

} // namespace

std::string encode(const block& x) {
  byte_writer out;
  out.u8(static_cast<std::uint8_t>(x.type));
  out.u32(x.number);
  out.u32(static_cast<std::uint32_t>(x.content.size()));
  out.raw(x.content);
  const auto sum = crc32c(out.view());
  out.u32(sum);
  return out.take();
}

void block_reader::drop(std::size_t bytes) {
  rest_.erase(0, bytes);
  offset_ += bytes;
}

result<std::optional<block>> block_reader::next() {
  if (!begun_) {
    const auto begins = std::string_view{rest_}.substr(0, magic.size());
    if (begins != magic.substr(0, begins.size()))
      return error{errc::unsupported, "this is no backup of a Troupe store: it does not begin with \"troupe-backup\""};
    if (begins.size() < magic.size())
      return std::optional<block>{};
    begun_ = true;
    drop(magic.size());
  }
  if (rest_.size() < header_bytes)
    return std::optional<block>{};
  byte_reader in{rest_};
  block out;
  out.type = static_cast<block_type>(in.u8());
  out.number = in.u32();
  const auto size = in.u32();
  // The number before the size: a flipped bit in the one shall not be told of the other.
  if (out.number != next_)
    return error{errc::corrupt, fmt::format("damaged at byte {}: block {} should stand here, not {}", offset_, next_, out.number)};
  if (size > most_block_bytes)
    return error{errc::corrupt, fmt::format("damaged at byte {}: block {} claims {} bytes, one has at most {}", offset_, next_, size,
                                            most_block_bytes)};
  if (rest_.size() < header_bytes + size + sum_bytes)
    return std::optional<block>{};
  out.content = in.raw(size);
  const auto told = in.u32();
  if (told != crc32c(std::string_view{rest_}.substr(0, header_bytes + size)))
    return error{errc::corrupt, fmt::format("damaged between bytes {} and {}: the sum of block {} is wrong", offset_,
                                            offset_ + header_bytes + size + sum_bytes, next_)};
  drop(header_bytes + size + sum_bytes);
  ++next_;
  return std::optional{std::move(out)};
}

} // namespace troupe::storage::backup
