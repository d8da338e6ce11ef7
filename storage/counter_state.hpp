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

/// A disk of a node is named by its first state stream.
struct disk_name {
  stream_id first;
  wall_ms made = 0; ///< when that was, by the clock of the machine

  friend bool operator==(const disk_name&, const disk_name&) = default;
};

/// Who has written a counter's slot.
struct counts_writer {
  disk_name disk;
  hlc mark; ///< stamp of the one that it knew

  friend bool operator==(const counts_writer&, const counts_writer&) = default;
};

/// disk -> boot: all streams of that disk up to that boot.
class disk_floor {
public:
  using item = std::pair<stream_id, std::uint32_t>;

  [[nodiscard]] std::uint32_t at(const stream_id& disk) const; ///< 0: none of its streams
  void raise(const stream_id& disk, std::uint32_t boot);
  [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }

  friend bool operator==(const disk_floor&, const disk_floor&) = default;

private:
  std::vector<item> items_; ///< sorted by disk; one, mostly
};

/// What a counter was set to: a meter was replaced, or corrected.
struct override_mark {
  static constexpr std::size_t max_requests = 4;

  /// A sum of streams of both sides of the mark cannot be split.
  struct part {
    stream_id disk;
    std::uint32_t upto = 0;   ///< of the pulses that the disk's streams up to this boot have counted,
    std::uint64_t pulses = 0; ///< so many came after the mark

    friend bool operator==(const part&, const part&) = default;
    friend auto operator<=>(const part&, const part&) = default;
  };

  std::uint64_t set = 0;   ///< shown total at the moment of the request
  stream_id at;            ///< the stream that counted then
  stream_id disk;          ///< its disk
  wall_ms disk_made = 0;
  std::uint64_t count = 0; ///< its count then
  hlc stamp;               ///< later than that of any mark that its writer knew
  disk_floor before;       ///< streams that were counting before: excluded wholesale
  std::vector<stream_id> also; ///< but not these: they began later, with a boot that was too low
  std::vector<part> parts; ///< by disk
  std::vector<std::string> requests; ///< the newest ids, newest last: a repeat is no change

  void add_also(const stream_id& of);

  friend bool operator==(const override_mark&, const override_mark&) = default;
};

/// Everything known of one counter, from whatever source: slots, ring pages,
/// peers. States are joined by maximum, never added up twice (a G-counter over
/// streams; Shapiro et al., INRIA RR-7506).
struct counter_state {
  /// What one disk of a node has counted. Boots order its streams, and no others:
  /// after a wipe they begin anew. Only the node with the disk sums, so of two sums
  /// of a disk the one that reaches further is the fuller one. Where an older copy of the
  /// disk was put back there are two streams of one boot, and a sum has one of them: so
  /// the latest that are in it have names.
  struct disk {
    static constexpr std::size_t max_named = 16;

    stream_id name;           ///< its first state stream
    wall_ms made = 0;         ///< as in `disk_name`; 0: nobody who knows has told
    std::uint32_t upto = 0;   ///< `pulses` is the sum of its streams up to this boot
    std::uint64_t pulses = 0;
    std::uint32_t closed = 0; ///< whatever was counted up to this boot is in it, or given up
    std::vector<stream_id> summed; ///< streams above `closed` that are in it, sorted
    version_vector counts;    ///< pulses per stream that is not

    [[nodiscard]] bool has_summed(const stream_id& of) const;

    friend bool operator==(const disk&, const disk&) = default;
  };

  std::vector<disk> disks; ///< by name
  std::optional<override_mark> mark;

  [[nodiscard]] const disk* find(const stream_id& name) const;
  disk& of(const stream_id& name); ///< made if it is not there
  [[nodiscard]] std::uint64_t count(const stream_id& disk, const stream_id& stream) const;
  [[nodiscard]] bool summed(const stream_id& disk, const stream_id& stream) const;
  /// Pulses of all boots.
  [[nodiscard]] std::uint64_t raw() const;
  /// Whether what a stream counts comes on top of the mark.
  [[nodiscard]] bool after_mark(const stream_id& disk, const stream_id& stream) const;
  /// Shown: the mark, what its stream counted since, and later streams. Those
  /// before it are excluded wholesale, so that pulses of theirs that surface
  /// late do not shift the reading.
  [[nodiscard]] std::uint64_t total() const;

  friend bool operator==(const counter_state&, const counter_state&) = default;
};

/// Commutative, associative, idempotent.
void join(counter_state& into, const counter_state& other);

/// Sums the streams of a disk up to `boot` and says in the mark what of them came
/// after it, so that the state of a counter does not grow with the number of boots.
/// Changes neither `raw` nor `total`. Only the node with that disk may, and only
/// while nobody can hold more of these streams than it does.
void fold(counter_state& x, const stream_id& disk, std::uint32_t boot);

/// Payloads of CTR and OVR slots: docs/formats/store.md.
/// @param disk of the slot's writer, who knew the mark of `x`; when it was made is told of the others, too
[[nodiscard]] std::string encode_counts(const counter_state& x, const disk_name& disk = {});
[[nodiscard]] bool decode_counts(std::string_view bytes, counter_state& into, counts_writer* writer = nullptr);
[[nodiscard]] std::string encode_mark(const override_mark& x);
[[nodiscard]] std::optional<override_mark> decode_mark(std::string_view bytes);

} // namespace troupe::storage
