#pragma once

#include "cluster/membership/membership.hpp"

#include <map>
#include <string>

namespace troupe::cluster {

/// Words that weigh against a peer.
[[nodiscard]] constexpr bool bad(standing x) noexcept {
  return x == standing::suspect || x == standing::down;
}

/// What one teller last said of a peer.
struct claim {
  told what;
  std::uint64_t incarnation = 0;
  std::uint32_t refutation = 0;
  mono_ns at = 0;
};

/// What all others last said of one peer.
///
/// Most of the time nobody says anything bad, and every node judges every peer
/// at every beat: so the bad words are counted where they come in and go out,
/// which is here only, and a quiet peer costs the same however many talk.
class claims {
public:
  /// The teller's newest word; its earlier one is gone.
  void put(const std::string& teller, const claim& x) {
    auto [at, fresh] = by_teller_.try_emplace(teller, x);
    if (!fresh) {
      bad_ -= bad(at->second.what.is) ? 1 : 0;
      at->second = x;
    }
    bad_ += bad(x.what.is) ? 1 : 0;
  }
  void clear() {
    by_teller_.clear();
    bad_ = 0;
  }

  [[nodiscard]] bool any_bad() const noexcept { return bad_ > 0; }
  /// To walk through; who wants to know only whether there is trouble need not.
  [[nodiscard]] const std::map<std::string, claim>& all() const noexcept {
    handed_out_ += by_teller_.size();
    return by_teller_;
  }
  /// How many claims `all` has handed out: what walks cost.
  [[nodiscard]] std::uint64_t handed_out() const noexcept { return handed_out_; }

private:
  std::map<std::string, claim> by_teller_;
  std::size_t bad_ = 0;
  mutable std::uint64_t handed_out_ = 0;
};

} // namespace troupe::cluster
