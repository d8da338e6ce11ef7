#include "storage/visible.hpp"

#include "storage/counter_state.hpp"
#include "storage/read.hpp"

namespace troupe::storage::visible {

namespace {

/// FNV-1a, 64 bit (Fowler, Noll, Vo): fast enough for entries of some hundred
/// bytes, and of no other use than to notice a difference.
class hasher {
public:
  void add(std::string_view bytes) {
    for (const char c : bytes)
      sum_ = (sum_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
    add_number(bytes.size()); // where one field ends
  }
  void add_number(std::uint64_t x) {
    for (int i = 0; i < 8; ++i, x >>= 8)
      sum_ = (sum_ ^ (x & 0xff)) * 0x100000001b3u;
  }
  /// Finished as in SplitMix64 (Steele et al.), for the low bits choose buckets.
  [[nodiscard]] std::uint64_t sum() const {
    auto x = sum_;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  }

private:
  std::uint64_t sum_ = 0xcbf29ce484222325u;
};

std::uint64_t hash(std::uint64_t key, const stream_id& of, std::uint64_t seq, std::string_view payload) {
  hasher out;
  out.add_number(key);
  out.add_number(of.node);
  out.add_number(std::uint64_t{of.boot} << 32 | of.nonce);
  out.add_number(seq);
  out.add(payload);
  return out.sum();
}

} // namespace

std::uint64_t key_hash(slot_kind kind, std::string_view key) {
  hasher out;
  out.add_number(static_cast<std::uint64_t>(kind));
  out.add(key);
  return out.sum();
}

void each(slot_kind kind, std::string_view key, const slot_set& in, const on_contribution& what) {
  if (in.empty())
    return;
  const auto base = key_hash(kind, key);
  if (kind == slot_kind::own) {
    if (const auto shown = read_own(in)) {
      const auto* x = find(in, shown->writer);
      what(shown->writer, x->seq, hash(base, shown->writer, x->seq, x->payload));
    }
    return;
  }
  if (kind == slot_kind::ctr || kind == slot_kind::ovr) {
    counter_state all;
    for (const auto& [of, x] : in) {
      if (kind == slot_kind::ctr)
        (void)decode_counts(x.payload, all);
      else if (auto mark = decode_mark(x.payload)) {
        counter_state other;
        other.mark = std::move(mark);
        join(all, other);
      }
    }
    for (auto& d : all.disks) { // which streams a sum names is not shown, nor when a disk was made; some tell neither
      d.made = 0;
      d.closed = d.upto;
      d.summed.clear();
    }
    const auto& [of, x] = in.back();
    const auto told = kind == slot_kind::ctr ? encode_counts(all) : all.mark ? encode_mark(*all.mark) : std::string{};
    what(of, x.seq, hash(base, {}, 0, told));
    return;
  }
  for (const auto& [of, x] : in)
    if (!x.deleted() && !dominated(in, of, x.seq))
      what(of, x.seq, hash(base, of, x.seq, x.payload));
}

std::uint64_t fingerprint(const digest& of) {
  hasher out;
  for (const auto sum : of.sums)
    out.add_number(sum);
  return out.sum();
}

} // namespace troupe::storage::visible
