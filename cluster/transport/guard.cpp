#include "cluster/transport/guard.hpp"

#include <caf/atom.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/io/basp/message_type.hpp>
#include <caf/node_id.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cluster {

namespace {

using caf::io::basp::message_type;

std::uint64_t number(const unsigned char* at, int bytes) {
  std::uint64_t out = 0;
  while (bytes-- > 0)
    out = out << 8 | *at++;
  return out;
}

// A node id with a CN that ends in "/7" must not pass for another's: after the
// name only digits follow.
bool belongs(const std::string& id, const std::string& peer) {
  const auto start = "node:" + peer + "/";
  return id.size() > start.size() && id.size() <= start.size() + 20 && id.rfind(start, 0) == 0
         && std::all_of(id.begin() + static_cast<std::ptrdiff_t>(start.size()), id.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

/// What a stranger wrote, for logs and terminals.
std::string quoted(std::string text) {
  text.resize(std::min<std::size_t>(text.size(), 80));
  for (auto& c : text)
    if (c < ' ' || c > '~')
      c = '?';
  return text;
}

constexpr std::uint8_t kind_of(message_type x) { return static_cast<std::uint8_t>(x); }

} // namespace

basp_guard::basp_guard(std::string peer, bool dialled, std::size_t max_payload, type_names allowed, std::string own)
  : peer_(std::move(peer)), own_(std::move(own)), allowed_(std::move(allowed)), dialled_(dialled), max_payload_(max_payload) {}

basp_guard::verdict basp_guard::cut(std::string why) {
  why_ = std::move(why);
  return verdict::cut;
}

basp_guard::verdict basp_guard::feed(const void* bytes, std::size_t size) {
  if (!why_.empty())
    return verdict::cut;
  if (payload_ == 0) {
    if (size != caf::io::basp::header_size)
      return cut(fmt::format("a BASP header of {} bytes instead of {}", size, caf::io::basp::header_size));
    return header(static_cast<const unsigned char*>(bytes));
  }
  if (size != payload_)
    return cut(fmt::format("a BASP payload of {} bytes instead of {}", size, payload_));
  payload_ = 0;
  if (dropping_) {
    dropping_ = false;
    return verdict::dropped;
  }
  return payload(static_cast<const char*>(bytes), size);
}

basp_guard::verdict basp_guard::header(const unsigned char* bytes) {
  kind_ = bytes[0];
  const auto flags = bytes[3];
  const auto size = number(bytes + 4, 4);
  const auto sender = number(bytes + 16, 8);
  const auto receiver = number(bytes + 24, 8);
  if (size > max_payload_)
    return cut(fmt::format("a BASP frame of {} bytes; at most {} are allowed", size, max_payload_));
  const auto wanted = dialled_ ? message_type::server_handshake : message_type::client_handshake;
  if (kind_ == kind_of(wanted)) {
    // The dialling CAF repeats its handshake to settle on this connection.
    if (!node_id_.empty() && dialled_)
      return cut("a second BASP handshake");
    if (size == 0)
      return cut("a BASP handshake without content");
    payload_ = size;
    return verdict::pass;
  }
  if (node_id_.empty())
    return cut(fmt::format("BASP message {} before the handshake", int{kind_}));
  switch (static_cast<message_type>(kind_)) {
  case message_type::heartbeat:
    if (size != 0)
      return cut("a heartbeat with a payload");
    return verdict::beat;
  case message_type::direct_message:
    if (size == 0)
      return cut("an empty BASP message");
    payload_ = size;
    if ((flags & caf::io::basp::header::named_receiver_flag) == 0) {
      if (sender != 0 && speakers_.insert(sender).second && speakers_.size() > max_speakers)
        return cut(fmt::format("messages of more than {} actors", max_speakers));
      return verdict::pass;
    }
    if (receiver != caf::atom_uint("SpawnServ"))
      return cut("a message to an actor of the runtime, by name");
    dropping_ = true;
    return verdict::drop;
  case message_type::routed_message:
    if (size == 0)
      return cut("an empty routed message");
    payload_ = size;
    dropping_ = true;
    return verdict::drop;
  case message_type::monitor_message:
  case message_type::down_message:
    if (size == 0)
      return cut("a monitor message that names nobody");
    payload_ = size;
    return verdict::pass;
  default: return cut(fmt::format("BASP message {} is not allowed here", int{kind_}));
  }
}

basp_guard::verdict basp_guard::payload(const char* bytes, std::size_t size) {
  if (kind_ == kind_of(message_type::direct_message))
    return allowed_ ? message(bytes, size) : verdict::pass;
  // All others begin with the sender's node id; behind it stands, but in a
  // handshake, whom they are for.
  caf::node_id id, to;
  const bool is_for_somebody = !own_.empty() && (kind_ == kind_of(message_type::monitor_message) || kind_ == kind_of(message_type::down_message));
  try {
    caf::binary_deserializer in{nullptr, bytes, size};
    if (in(id) || (is_for_somebody && in(to)))
      return cut("a BASP message without a node id");
  } catch (const std::exception& x) {
    return cut(fmt::format("a BASP message with an unreadable node id: {}", x.what()));
  }
  const auto text = to_string(id);
  if (!node_id_.empty()) {
    if (text != node_id_)
      return cut(fmt::format("a BASP message in the name of '{}'", quoted(text)));
    if (is_for_somebody && to_string(to) != own_)
      return cut(fmt::format("a BASP message for '{}', which this node would pass on", quoted(to_string(to))));
    return verdict::pass;
  }
  if (!belongs(text, peer_))
    return cut(fmt::format("claims the node id '{}', which is not one of {}", quoted(text), peer_));
  node_id_ = text;
  return verdict::up;
}

/// The one message with a handle, as its last field. CAF throws where the node id
/// in it is none, out of the broker, and with it all links would end.
basp_guard::verdict basp_guard::greeting(const char* bytes, std::size_t size) {
  std::size_t stages = 0;
  std::uint16_t built_in = 0;
  std::string type, node, version;
  std::uint32_t protocol = 0;
  std::uint64_t incarnation = 0, actor = 0;
  std::int64_t tick = 0;
  caf::node_id id;
  try {
    caf::binary_deserializer in{nullptr, bytes, size};
    if (in.begin_sequence(stages) || in.begin_object(built_in, type) || in(protocol, node, version, incarnation, tick, actor) || in(id))
      return cut("a hello that ends too early");
  } catch (const std::exception& x) {
    return cut(fmt::format("a hello with an unreadable handle: {}", x.what()));
  }
  return verdict::pass;
}

/// Actors that it shall pass through (a node uses none), then the message: its
/// type names in one string, before any of its values.
basp_guard::verdict basp_guard::message(const char* bytes, std::size_t size) {
  constexpr const char* prefix = "@<>+";
  std::size_t stages = 0;
  std::uint16_t built_in = 0;
  std::string name;
  try {
    caf::binary_deserializer in{nullptr, bytes, size};
    if (in.begin_sequence(stages) || stages != 0)
      return cut("a message that shall pass through other actors");
    if (in.begin_object(built_in, name) || built_in != 0)
      return cut("a message of an unreadable type");
  } catch (const std::exception& x) {
    return cut(fmt::format("a message of an unreadable type: {}", x.what()));
  }
  name.erase(0, name.starts_with(prefix) ? 4 : 0);
  if (allowed_->contains(name))
    return name.ends_with("::hello") ? greeting(bytes, size) : verdict::pass;
  return cut(fmt::format("a message of the type '{}', which nodes do not send each other", quoted(name)));
}

} // namespace troupe::cluster
