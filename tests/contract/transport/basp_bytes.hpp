#pragma once

#include <caf/binary_serializer.hpp>
#include <caf/node_id.hpp>
#include <caf/uri.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::test {

/// What a stranger says: a frame of BASP whose header claims any payload size.
inline std::string basp(int kind, const std::string& payload, std::uint32_t claimed_size) {
  std::string out(32, '\0');
  out[0] = static_cast<char>(kind);
  for (int i = 0; i < 4; ++i)
    out[static_cast<std::size_t>(4 + i)] = static_cast<char>(claimed_size >> (24 - 8 * i));
  return out + payload;
}

/// One whose header tells the truth.
inline std::string basp(int kind, const std::string& payload) {
  return basp(kind, payload, static_cast<std::uint32_t>(payload.size()));
}

/// A node id as BASP writes it.
inline std::string id_bytes(const std::string& uri) {
  auto id = caf::make_node_id(*caf::make_uri(uri));
  std::vector<char> out;
  caf::binary_serializer to{nullptr, out};
  to(id);
  return {out.begin(), out.end()};
}

} // namespace troupe::test
