#pragma once

#include "cluster/identity/token.hpp"

#include <optional>
#include <vector>

namespace troupe::identity {

/// What a server remembers of a token that it minted: never the secret.
struct token_record {
  std::string id;
  std::string hash;    ///< of the secret
  std::string name;
  cluster::role allowed = cluster::role::node;
  wall_ms minted = 0;
  wall_ms expires = 0;
  bool replace = false; ///< takes the place of a node of that name
  std::string house;    ///< house.toml that the board begins with; may be empty
  std::string minted_by;
  unsigned wrong = 0;   ///< tries with this id and another secret
  std::string used_by;  ///< digest of the key that used it; empty: open
  bool retaken = false; ///< from `take`: this key had it before; not stored

  friend bool operator==(const token_record&, const token_record&) = default;
};

/// The tokens of one server, in `tokens.json`. At most `max_open`; those that
/// ended are forgotten a day later.
///
/// One use: a token belongs to the first key that shows it. The same key may
/// show it again until it expires, because an answer can be lost on the way and
/// the board cannot know.
///
/// The file is read once and is this object's alone: strangers may ask as often
/// as they like without costing a read. Threads: one at a time. Blocking: on
/// the disk when something changes.
class token_book {
public:
  static constexpr std::size_t max_open = 64;
  static constexpr unsigned max_wrong = 5;     ///< then it is void
  static constexpr std::size_t max_house_bytes = 256 * 1024;
  static constexpr std::size_t max_kept = 1024; ///< open, used and ended ones
  /// Of all houses that are kept. Where a new one needs the room, used tokens
  /// lose theirs, the oldest first: a board that asks again then joins without.
  static constexpr std::size_t max_houses_bytes = 2 * max_house_bytes;

  explicit token_book(std::string path) : path_(std::move(path)) {}

  /// @returns `over_limit` for too many open tokens or a house too large
  [[nodiscard]] status add(token_record x, wall_ms now);

  /// Gives the token to the key with this digest. All refusals are `untrusted`.
  [[nodiscard]] result<token_record> take(const token& shown, const std::string& key_digest, wall_ms now);

  [[nodiscard]] result<std::vector<token_record>> all();

private:
  [[nodiscard]] status write(std::vector<token_record> all, wall_ms now);
  std::string path_;
  std::optional<std::vector<token_record>> known_;
};

[[nodiscard]] token_record record_of(const token& x);

} // namespace troupe::identity
