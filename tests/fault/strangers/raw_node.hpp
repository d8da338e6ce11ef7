#pragma once

#include "tests/contract/transport/raw_link.hpp"

#include <caf/all.hpp>
#include <caf/io/basp/header.hpp>

#include <algorithm>

namespace troupe::test {

/// A member of the house that speaks BASP byte by byte: what CAF itself would
/// never send can be said, and nothing is read that it does not ask for.
class raw_node {
public:
  /// @param system  of anybody: node ids are written with it
  raw_node(caf::actor_system& system, std::string name, const test_leaf& leaf, std::uint16_t port)
    : context_(&system), name_(std::move(name)), wire_(port, "127.0.0.1", 4096), greeted_(wire_.greet(&leaf)) {}

  /// Hears the node's handshake and says its own: then the link is up.
  bool shake_hands() {
    const auto header = greeted_ ? wire_.hear(caf::io::basp::header_size) : std::string{};
    if (header.size() != caf::io::basp::header_size)
      return false;
    std::uint32_t size = 0;
    for (std::size_t i = 4; i < 8; ++i)
      size = size << 8 | static_cast<unsigned char>(header[i]);
    const auto payload = wire_.hear(size);
    caf::binary_deserializer in{&context_, payload.data(), payload.size()};
    return !in(there_) && say(client_handshake, bytes(me()), 0, 0);
  }

  enum kind : char { client_handshake = 1, direct_message = 2, monitor_message = 4 };
  static std::string frame(kind what, const std::string& payload, std::uint64_t from, std::uint64_t to) {
    std::string out{what, '\0', '\0', '\0'};
    put(out, payload.size(), 4);
    put(out, 0, 8);
    put(out, from, 8);
    put(out, to, 8);
    return out + payload;
  }
  bool say(kind what, const std::string& payload, std::uint64_t from, std::uint64_t to) {
    return wire_.say(frame(what, payload, from, to));
  }
  bool say(const std::string& frames) { return wire_.say(frames); }

  template <class... Ts>
  std::string bytes(const Ts&... x) {
    std::vector<char> out;
    caf::binary_serializer to{&context_, out};
    to(const_cast<Ts&>(x)...);
    return {out.begin(), out.end()};
  }
  [[nodiscard]] caf::node_id me() const { return caf::make_node_id(*caf::make_uri("node:" + name_ + "/1")); }
  [[nodiscard]] const caf::node_id& there() const { return there_; }
  [[nodiscard]] bool closed() { return wire_.closed(); }

private:
  static void put(std::string& out, std::uint64_t x, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
      out += static_cast<char>(x >> (8 * i));
  }
  caf::scoped_execution_unit context_;
  std::string name_;
  raw_link wire_;
  bool greeted_;
  caf::node_id there_;
};

} // namespace troupe::test
