#pragma once

#include "storage/hlc.hpp"
#include "storage/stream_id.hpp"
#include "storage/version_vector.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::storage {

/// node -> boot: all streams of that node up to that boot.
class boot_floor {
public:
  using item = std::pair<std::uint64_t, std::uint32_t>;

  [[nodiscard]] bool covers(const stream_id& x) const;
  void raise(std::uint64_t node, std::uint32_t boot);
  [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }

  friend bool operator==(const boot_floor&, const boot_floor&) = default;
  friend auto operator<=>(const boot_floor&, const boot_floor&) = default;

private:
  std::vector<item> items_; ///< sorted by node; one, mostly
};

/// What a counter was set to: a meter was replaced, or corrected.
struct override_mark {
  static constexpr std::size_t max_requests = 4;

  std::uint64_t set = 0;   ///< shown total at the moment of the request
  stream_id at;            ///< the stream that counted then
  stream_id medium;        ///< the first stream of the disk that it was set on
  std::uint64_t count = 0; ///< its count then
  hlc stamp;               ///< later than that of any mark that its writer knew
  std::uint32_t folded = 0; ///< restated when the owner's streams up to this boot were folded
  boot_floor before;       ///< streams that were counting before: excluded wholesale
  std::vector<stream_id> also; ///< but not these: they began later, with a boot that was too low
  std::vector<std::string> requests; ///< the newest ids, newest last: a repeat is no change

  friend bool operator==(const override_mark&, const override_mark&) = default;
};

/// Everything known of one counter, from whatever source: slots, ring pages,
/// peers. States are joined by maximum, never added up twice (a G-counter over
/// streams; Shapiro et al., INRIA RR-7506).
struct counter_state {
  /// Pulses of all streams of one node up to a boot. Only that node sums them,
  /// so of two sums of a node the one that reaches further is the fuller one.
  struct sum {
    std::uint64_t node = 0;
    std::uint32_t upto = 0; ///< streams of such boots are in `pulses` and count no more
    std::uint64_t pulses = 0;

    friend bool operator==(const sum&, const sum&) = default;
    friend auto operator<=>(const sum&, const sum&) = default;
  };

  std::vector<sum> sums;         ///< by node
  version_vector counts;         ///< pulses per later stream
  std::optional<override_mark> mark;

  [[nodiscard]] bool summed(const stream_id& x) const;
  /// Pulses of all boots.
  [[nodiscard]] std::uint64_t raw() const;
  /// Whether what a stream counts comes on top of the mark.
  [[nodiscard]] bool after_mark(const stream_id& x) const;
  /// Shown: the mark, what its stream counted since, and later streams. Those
  /// before it are excluded wholesale, so that pulses of theirs that surface
  /// late do not shift the reading.
  [[nodiscard]] std::uint64_t total() const;

  friend bool operator==(const counter_state&, const counter_state&) = default;
};

/// Commutative, associative, idempotent.
void join(counter_state& into, const counter_state& other);

/// Sums the streams of `node` up to `boot` and restates the mark, so that the
/// state of a counter does not grow with the number of boots. Changes neither
/// `raw` nor `total`. Only that node may, and only while nobody can hold more of
/// these streams than it does.
void fold(counter_state& x, std::uint64_t node, std::uint32_t boot);

/// Payloads of CTR and OVR slots: docs/formats/store.md.
/// @param medium the first stream of the writer's disk: what one disk has counted
///   is in the order of boots, what two have is not
[[nodiscard]] std::string encode_counts(const counter_state& x, const stream_id& medium = {});
[[nodiscard]] bool decode_counts(std::string_view bytes, counter_state& into, stream_id* medium = nullptr);
[[nodiscard]] std::string encode_mark(const override_mark& x);
[[nodiscard]] std::optional<override_mark> decode_mark(std::string_view bytes);

} // namespace troupe::storage
