#include "storage/counter_state.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace troupe::storage {

namespace {

/// Where `name` stands in a list that is sorted by `by`, or belongs.
template <class List, class By>
auto place(List& list, const stream_id& name, By by) {
  return std::lower_bound(list.begin(), list.end(), name, [&](const auto& x, const stream_id& n) { return by(x) < n; });
}

constexpr auto floor_disk = [](const disk_floor::item& x) -> const stream_id& { return x.first; };
constexpr auto part_disk = [](const override_mark::part& x) -> const stream_id& { return x.disk; };
constexpr auto name_of = [](const counter_state::disk& x) -> const stream_id& { return x.name; };

const override_mark::part* part_of(const override_mark& x, const stream_id& disk) {
  const auto i = place(x.parts, disk, part_disk);
  return i != x.parts.end() && i->disk == disk ? &*i : nullptr;
}

/// Parts of one disk are made by one process that held everything up to there.
void join_part(override_mark& into, const override_mark::part& x) {
  const auto i = place(into.parts, x.disk, part_disk);
  if (i == into.parts.end() || i->disk != x.disk)
    into.parts.insert(i, x);
  else
    *i = std::max(*i, x);
}

/// In the payload of counts, after the disks.
constexpr std::uint8_t has_writer = 1, has_names = 2, has_made = 4;

bool names_some(const counter_state::disk& x) { return x.closed < x.upto; }

/// None of what it has counted is left out of the mark.
bool wholly_after(const override_mark& x, const stream_id& disk) {
  return disk != x.disk && x.before.at(disk) == 0;
}

} // namespace

std::uint32_t disk_floor::at(const stream_id& disk) const {
  const auto i = place(items_, disk, floor_disk);
  return i != items_.end() && i->first == disk ? i->second : 0;
}

void disk_floor::raise(const stream_id& disk, std::uint32_t boot) {
  const auto i = place(items_, disk, floor_disk);
  if (i == items_.end() || i->first != disk)
    items_.insert(i, {disk, boot});
  else
    i->second = std::max(i->second, boot);
}

void override_mark::add_also(const stream_id& of) {
  const auto at = std::lower_bound(also.begin(), also.end(), of);
  if (at == also.end() || *at != of)
    also.insert(at, of);
}

const counter_state::disk* counter_state::find(const stream_id& name) const {
  const auto i = place(disks, name, name_of);
  return i != disks.end() && i->name == name ? &*i : nullptr;
}

counter_state::disk& counter_state::of(const stream_id& name) {
  const auto i = place(disks, name, name_of);
  if (i != disks.end() && i->name == name)
    return *i;
  disk fresh;
  fresh.name = name;
  return *disks.insert(i, std::move(fresh));
}

bool counter_state::disk::has_summed(const stream_id& of) const {
  return of.boot <= closed || std::binary_search(summed.begin(), summed.end(), of);
}

std::uint64_t counter_state::count(const stream_id& disk, const stream_id& stream) const {
  const auto* x = find(disk);
  return x ? x->counts.at(stream) : 0;
}

bool counter_state::summed(const stream_id& disk, const stream_id& stream) const {
  const auto* x = find(disk);
  return x && x->has_summed(stream);
}

std::uint64_t counter_state::raw() const {
  std::uint64_t out = 0;
  for (const auto& d : disks) {
    out += d.pulses;
    for (const auto& [of, n] : d.counts.items())
      out += n;
  }
  return out;
}

bool counter_state::after_mark(const stream_id& disk, const stream_id& stream) const {
  if (const auto* x = part_of(*mark, disk); x && stream.boot <= x->upto) {
    const auto* held = find(disk);
    if (!held || held->upto < x->upto || held->has_summed(stream))
      return false; // the mark has it; its sum is on its way
  }
  return stream == mark->at || stream.boot > mark->before.at(disk)
         || std::binary_search(mark->also.begin(), mark->also.end(), stream);
}

std::uint64_t counter_state::total() const {
  if (!mark)
    return raw();
  auto out = mark->set;
  for (const auto& x : mark->parts)
    out += x.pulses;
  for (const auto& d : disks) {
    if (d.upto > 0 && wholly_after(*mark, d.name) && !part_of(*mark, d.name))
      out += d.pulses;
    for (const auto& [of, n] : d.counts.items())
      if (after_mark(d.name, of)) {
        const auto then = of == mark->at ? mark->count : 0;
        out += n > then ? n - then : 0;
      }
  }
  return out;
}

namespace {

void forget_summed(counter_state::disk& x) {
  const auto all = x.counts.items(); // `forget` changes it
  for (const auto& [of, n] : all)
    if (x.has_summed(of))
      x.counts.forget(of);
}

/// The names of both, but not too many.
void join_summed(counter_state::disk& into, const counter_state::disk& other) {
  std::vector<stream_id> both;
  std::set_union(into.summed.begin(), into.summed.end(), other.summed.begin(), other.summed.end(), std::back_inserter(both));
  auto closed = std::max(into.closed, other.closed);
  if (both.size() > counter_state::disk::max_named)
    closed = std::max(closed, both[both.size() - counter_state::disk::max_named - 1].boot);
  std::erase_if(both, [&](const auto& of) { return of.boot <= closed; });
  into.closed = closed;
  into.summed = std::move(both);
}

void join_disk(counter_state& into, const counter_state::disk& other) {
  auto& x = into.of(other.name);
  x.made = std::max(x.made, other.made);
  if (std::tie(x.upto, x.pulses) < std::tie(other.upto, other.pulses)) {
    x.upto = other.upto;
    x.pulses = other.pulses;
  }
  join_summed(x, other);
  x.counts.join(other.counts);
  forget_summed(x);
}

/// The later one; of copies of one, the fuller: which streams it excludes may have
/// been learned after it was set.
void join_marks(override_mark& into, const override_mark& other) {
  const auto origin = [](const override_mark& x) { return std::tie(x.stamp, x.at, x.count, x.set); };
  if (origin(into) != origin(other)) {
    if (origin(into) < origin(other))
      into = other;
    return;
  }
  std::tie(into.disk, into.disk_made)
    = std::max(std::pair{into.disk, into.disk_made}, std::pair{other.disk, other.disk_made});
  for (const auto& [disk, boot] : other.before.items())
    into.before.raise(disk, boot);
  for (const auto& x : other.parts)
    join_part(into, x);
  std::vector<stream_id> also;
  std::set_union(into.also.begin(), into.also.end(), other.also.begin(), other.also.end(), std::back_inserter(also));
  into.also = std::move(also);
  into.requests = std::max(into.requests, other.requests);
}

} // namespace

void join(counter_state& into, const counter_state& other) {
  for (const auto& d : other.disks)
    join_disk(into, d);
  if (!other.mark)
    return;
  if (!into.mark) {
    into.mark = other.mark;
    return;
  }
  join_marks(*into.mark, *other.mark);
}

void fold(counter_state& x, const stream_id& disk, std::uint32_t boot) {
  const auto* held = x.find(disk);
  if (!held || held->upto >= boot)
    return;
  const auto shown = x.total();
  auto mine = *held;
  for (const auto& [of, n] : held->counts.items())
    if (of.boot <= boot) {
      mine.pulses += n;
      mine.summed.insert(std::upper_bound(mine.summed.begin(), mine.summed.end(), of), of);
    }
  if (mine.pulses == held->pulses)
    return;
  mine.upto = boot;
  join_disk(x, mine);
  if (!x.mark || wholly_after(*x.mark, disk))
    return;
  // What of them came after the mark goes into it; they count no more.
  override_mark::part after{disk, boot, 0};
  if (const auto* before = part_of(*x.mark, disk))
    after.pulses = before->pulses;
  join_part(*x.mark, after);
  after.pulses += shown - x.total();
  join_part(*x.mark, after);
}

std::string encode_counts(const counter_state& x, const disk_name& disk) {
  byte_writer out;
  out.varint(x.disks.size());
  for (const auto& d : x.disks) {
    write(out, d.name);
    out.u32(d.upto);
    out.varint(d.pulses);
    out.varint(d.counts.items().size());
    for (const auto& [of, n] : d.counts.items()) {
      out.u32(of.boot);
      out.u32(of.nonce);
      out.varint(n);
    }
  }
  const auto named = std::count_if(x.disks.begin(), x.disks.end(), names_some);
  const bool made = std::any_of(x.disks.begin(), x.disks.end(), [&](const auto& d) { return d.made != 0 && d.name != disk.first; });
  // Who does not know of names stops reading before them, after the writer; so does who does not know of the times, after the names.
  const bool tells = !disk.first.empty() || named > 0;
  out.u8(static_cast<std::uint8_t>((tells ? has_writer : 0) | (named > 0 ? has_names : 0) | (made ? has_made : 0)));
  if (tells) {
    write(out, disk.first);
    out.u64(static_cast<std::uint64_t>(disk.made));
    out.u64(x.mark && !disk.first.empty() ? x.mark->stamp.raw : 0);
  }
  if (named > 0) {
    out.varint(static_cast<std::uint64_t>(named));
    for (const auto& d : x.disks)
      if (names_some(d)) {
        write(out, d.name);
        out.u32(d.closed);
        out.varint(d.summed.size());
        for (const auto& of : d.summed) {
          out.u32(of.boot);
          out.u32(of.nonce);
        }
      }
  }
  if (made)
    for (const auto& d : x.disks)
      out.u64(static_cast<std::uint64_t>(d.made));
  return out.take();
}

bool decode_counts(std::string_view bytes, counter_state& into, counts_writer* writer) {
  byte_reader in{bytes};
  const auto stream_of = [&](const stream_id& disk) {
    stream_id of{disk.node, in.u32(), 0};
    of.nonce = in.u32();
    return of;
  };
  std::vector<counter_state::disk> disks;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    counter_state::disk d;
    d.name = read_stream_id(in);
    d.upto = d.closed = in.u32();
    d.pulses = in.varint();
    for (auto m = in.varint(); m > 0 && in.ok(); --m) {
      const auto of = stream_of(d.name);
      d.counts.raise(of, in.varint());
    }
    disks.push_back(std::move(d));
  }
  const auto tells = in.u8();
  counts_writer by;
  if ((tells & has_writer) != 0) {
    by.disk.first = read_stream_id(in);
    by.disk.made = static_cast<wall_ms>(in.u64());
    by.mark.raw = in.u64();
  }
  if ((tells & has_names) != 0)
    for (auto n = in.varint(); n > 0 && in.ok(); --n) {
      const auto name = read_stream_id(in);
      const auto closed = in.u32();
      std::vector<stream_id> summed;
      for (auto m = in.varint(); m > 0 && in.ok(); --m)
        summed.push_back(stream_of(name));
      std::sort(summed.begin(), summed.end());
      for (auto& d : disks)
        if (d.name == name) {
          d.closed = closed;
          d.summed = summed;
        }
    }
  if ((tells & has_made) != 0)
    for (auto& d : disks)
      d.made = static_cast<wall_ms>(in.u64());
  for (auto& d : disks)
    if (d.name == by.disk.first)
      d.made = std::max(d.made, by.disk.made);
  if (!in.ok())
    return false;
  if (writer)
    *writer = by;
  for (const auto& d : disks)
    join_disk(into, d);
  return true;
}

std::string encode_mark(const override_mark& x) {
  byte_writer out;
  out.varint(x.set);
  write(out, x.at);
  write(out, x.disk);
  out.u64(static_cast<std::uint64_t>(x.disk_made));
  out.varint(x.count);
  out.u64(x.stamp.raw);
  out.varint(x.before.items().size());
  for (const auto& [disk, boot] : x.before.items()) {
    write(out, disk);
    out.u32(boot);
  }
  out.varint(x.also.size());
  for (const auto& of : x.also)
    write(out, of);
  out.varint(x.parts.size());
  for (const auto& p : x.parts) {
    write(out, p.disk);
    out.u32(p.upto);
    out.varint(p.pulses);
  }
  out.varint(x.requests.size());
  for (const auto& id : x.requests)
    out.text(id);
  return out.take();
}

std::optional<override_mark> decode_mark(std::string_view bytes) {
  byte_reader in{bytes};
  override_mark x;
  x.set = in.varint();
  x.at = read_stream_id(in);
  x.disk = read_stream_id(in);
  x.disk_made = static_cast<wall_ms>(in.u64());
  x.count = in.varint();
  x.stamp.raw = in.u64();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto disk = read_stream_id(in);
    x.before.raise(disk, in.u32());
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    x.also.push_back(read_stream_id(in));
  std::sort(x.also.begin(), x.also.end());
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    override_mark::part p;
    p.disk = read_stream_id(in);
    p.upto = in.u32();
    p.pulses = in.varint();
    join_part(x, p);
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    x.requests.emplace_back(in.text());
  if (!in.ok())
    return {};
  return x;
}

} // namespace troupe::storage
