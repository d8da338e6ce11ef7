#pragma once

#include "config/model/result.hpp"
#include "storage/replication.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What replicas say to each other: docs/formats/replication.md. One opaque
// message carries a frame, so that nodes of different versions can talk and the
// simulator uses the same bytes.

namespace troupe::cluster::frame {

using storage::stream_id;
using storage::version_vector;

/// Versions of the protocol that this program speaks.
inline constexpr std::uint8_t oldest_protocol = 1;
inline constexpr std::uint8_t newest_protocol = 1;

/// How far a catch-up in pieces has come.
struct unfinished {
  stream_id stream;
  std::uint64_t run = 0;
  std::uint64_t upto = 0;

  friend bool operator==(const unfinished&, const unfinished&) = default;
};

/// Here is what I have: tell me the rest.
struct hello {
  stream_id session;     ///< the sender's state stream
  std::uint8_t oldest = oldest_protocol;
  std::uint8_t newest = newest_protocol;
  std::string house;     ///< the cluster's id; of another one: refused
  bool archive = false;  ///< wants journals
  bool answer = false;   ///< wants a hello in return
  version_vector seen;
  version_vector durable;
  version_vector journals;
  std::vector<unfinished> runs;
  std::uint64_t whole_run = 0; ///< of a whole state under way

  friend bool operator==(const hello&, const hello&) = default;
};

/// A piece of a stream (R4). A run of one piece has `range.last` at once.
struct range {
  stream_id session;
  std::uint64_t number = 0; ///< of this piece on this link, from 1
  std::uint64_t run = 0;
  storage::stream_range range_;

  friend bool operator==(const range&, const range&) = default;
};

/// A piece of everything (R9), for one session of the receiver.
struct whole {
  stream_id session;
  stream_id to;
  std::uint64_t number = 0; ///< as of a range
  std::uint64_t run = 0;
  std::uint32_t piece = 0; ///< from 0
  bool last = false;       ///< only then `seen` and `collected` are told
  storage::whole_state part;

  friend bool operator==(const whole&, const whole&) = default;
};

/// What was taken. The vectors hold what grew since the last one.
struct taken {
  stream_id session;
  std::uint64_t number = 0; ///< highest number of a piece that came
  version_vector seen;
  version_vector durable;
  version_vector journals;

  friend bool operator==(const taken&, const taken&) = default;
};

/// Says at rest what the other side should know of the sender.
struct pulse {
  stream_id session;
  std::uint64_t seen_hash = 0;
  std::uint64_t durable_hash = 0;
  std::uint64_t journals_hash = 0;
  storage::clock_word clock; ///< nothing from nodes of earlier versions

  friend bool operator==(const pulse&, const pulse&) = default;
};

struct digests {
  stream_id session;
  std::uint64_t seen_hash = 0;
  storage::digest sums;

  friend bool operator==(const digests&, const digests&) = default;
};

/// What is visible in a bucket whose sums differ.
struct rows {
  stream_id session;
  std::uint64_t seen_hash = 0;
  std::uint8_t bucket = 0;
  bool answer = false; ///< the receiver says its own
  std::vector<storage::digest_row> all;

  friend bool operator==(const rows&, const rows&) = default;
};

struct repair {
  stream_id session;
  std::vector<storage::whole_state::item> slots;

  friend bool operator==(const repair&, const repair&) = default;
};

using any = std::variant<hello, range, whole, taken, pulse, digests, rows, repair>;

[[nodiscard]] std::string encode(const any& x);

/// @returns `errc::unsupported` for a frame of a later version or an unknown
///          type: pass over it. `errc::corrupt` for one of a wrong shape.
[[nodiscard]] result<any> decode(std::string_view bytes);

/// Equal for equal vectors, and with overwhelming likelihood only for them.
[[nodiscard]] std::uint64_t hash(const version_vector& x) noexcept;

} // namespace troupe::cluster::frame
