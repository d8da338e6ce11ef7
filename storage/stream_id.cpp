#include "storage/stream_id.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

namespace troupe::storage {

std::uint64_t node_hash(std::string_view common_name) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  std::string bytes{common_name};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::uint64_t x = 0;
  for (int i = 0; i < 8; ++i)
    x = x << 8 | digest[static_cast<std::size_t>(i)];
  return x;
}

void write(byte_writer& to, const stream_id& x) {
  to.u64(x.node);
  to.u32(x.boot);
  to.u32(x.nonce);
}

stream_id read_stream_id(byte_reader& from) {
  stream_id x;
  x.node = from.u64();
  x.boot = from.u32();
  x.nonce = from.u32();
  return x;
}

std::string to_bytes(const stream_id& x) {
  byte_writer out;
  write(out, x);
  return out.take();
}

std::string to_string(const stream_id& x) {
  return fmt::format("{:016x}-{}-{:08x}", x.node, x.boot, x.nonce);
}

std::uint32_t fresh_nonce() {
  std::uint32_t x = 0;
  while (::getrandom(&x, sizeof x, 0) != static_cast<ssize_t>(sizeof x))
    if (errno != EINTR)
      std::abort(); // without entropy two opens could share a stream
  return x;
}

} // namespace troupe::storage
