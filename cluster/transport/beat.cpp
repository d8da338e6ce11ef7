#include "cluster/transport/beat.hpp"

namespace troupe::cluster {

namespace {

constexpr unsigned char heartbeat = 6; // of BASP's message types

void put(char* at, std::uint64_t x) {
  for (int i = 7; i >= 0; --i, x >>= 8)
    at[i] = static_cast<char>(x & 0xff);
}

std::uint64_t get(const unsigned char* at) {
  std::uint64_t x = 0;
  for (int i = 0; i < 8; ++i)
    x = x << 8 | at[i];
  return x;
}

} // namespace

std::array<char, beat::size> beat::to_bytes() const {
  std::array<char, size> out{};
  out[0] = heartbeat;
  put(out.data() + 8, static_cast<std::uint64_t>(tick));
  put(out.data() + 16, static_cast<std::uint64_t>(echo));
  put(out.data() + 24, static_cast<std::uint64_t>(held));
  return out;
}

beat beat::from_bytes(const void* bytes) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  return {static_cast<mono_ns>(get(at + 8)), static_cast<mono_ns>(get(at + 16)),
          static_cast<mono_ns>(get(at + 24))};
}

std::chrono::nanoseconds beat::round_trip(mono_ns now, mono_ns sent) const {
  if (echo <= 0 || echo > sent || held < 0 || now < echo || held > now - echo)
    return std::chrono::nanoseconds{0};
  return std::chrono::nanoseconds{now - echo - held};
}

} // namespace troupe::cluster
