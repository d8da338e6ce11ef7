#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::daemon {

/// Where peers were reached, over the runs of this node: a board whose address
/// changes with every lease must not be looked for at all of them for ever.
///
/// An address is *good* on a day when the peer, linked, says that it is reached
/// there, when a dial reached it there, or when discovery sees it there. One that
/// was not good for `forgotten_after` days before the peer's last good day is
/// kept no more. So a peer that is off for a year loses none, and the peer itself
/// brings those that count. What node.toml says is no concern of this class.
///
/// Bounds: `most` kept for each peer, twice that in memory. Days are counted by
/// the wall clock, and never back: a clock in 1970 forgets nothing. Pure; one
/// thread at a time.
class address_book {
public:
  static constexpr std::size_t most = 16;
  static constexpr std::int64_t forgotten_after = 30;

  struct line {
    std::string at; ///< "host:port"
    std::int64_t day = 0; ///< the last good one, since 1970
    friend bool operator==(const line&, const line&) = default;
  };
  using lines = std::vector<line>;

  /// Of an earlier run.
  void load(const std::string& peer, lines kept);

  /// @param known  all addresses of the peer; those that are new here count as
  ///               good on its last good day
  /// @param good   of these, or others: good today
  void note(const std::string& peer, const std::vector<std::string>& known, const std::vector<std::string>& good,
            std::int64_t today);

  /// To keep over a restart, the latest first.
  [[nodiscard]] lines kept(const std::string& peer) const;

private:
  std::map<std::string, lines> of_;
  std::int64_t newest_ = 0;
};

} // namespace troupe::daemon
