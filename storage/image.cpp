#include "storage/image.hpp"

#include "storage/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

namespace {

/// Notes the first trouble of a scan; the visitor cannot return one.
class scan_trouble {
public:
  void note(errc code, std::string context) {
    if (first_.code == errc::none)
      first_ = {code, std::move(context)};
  }
  void note(const error& x, std::string_view where) {
    note(x.code, fmt::format("{}: {}", where, x.context));
  }
  [[nodiscard]] bool any() const { return first_.code != errc::none; }
  [[nodiscard]] const error& first() const { return first_; }

private:
  error first_;
};

std::uint64_t number(std::string_view bytes) {
  return byte_reader{bytes}.u64();
}

void read_meta(image& into, scan_trouble& bad, std::string_view key, std::string_view value,
               std::uint64_t node) {
  auto stream_after = [&](std::string_view prefix) {
    byte_reader in{key.substr(prefix.size())};
    return read_stream_id(in);
  };
  if (key == layout::format_key) {
    const auto found = number(value);
    into.format = static_cast<std::uint32_t>(found);
    if (found < layout::oldest_format)
      bad.note(errc::unsupported,
               fmt::format("the store has format {}, of a version before the first release; this program knows {}: "
                           "keep the configuration with that version's 'troupe export', put the data directory "
                           "aside, start anew and apply it", found, layout::format));
    if (found > layout::format)
      bad.note(errc::unsupported,
               fmt::format("the store has format {}, this program knows {}: start the "
                           "later version, or put this database aside",
                           found, layout::format));
  } else if (key == layout::own_key) {
    byte_reader in{value};
    // Also after the node was renamed: boots order the streams of a counter.
    into.boot = std::max(into.boot, read_stream_id(in).boot);
  } else if (key == layout::bound_key) {
    into.bound.raw = number(value);
  } else if (key == layout::node_key) {
    into.node = value;
  } else if (key == layout::machine_key) {
    into.machine = value;
  } else if (key == layout::medium_key) {
    byte_reader in{value};
    into.medium.first = read_stream_id(in);
    into.medium.made = static_cast<wall_ms>(in.u64());
  } else if (key == layout::line_key) {
    for (byte_reader in{value}; !in.at_end() && in.ok();)
      into.line.push_back(read_stream_id(in));
  } else if (key == layout::new_key) {
    into.new_for = milliseconds{static_cast<std::int64_t>(number(value))};
  } else if (key == layout::clustered_key) {
    into.clustered = true;
  } else if (key == layout::restored_key) {
    byte_reader in{value};
    image::origin from;
    from.at = static_cast<wall_ms>(in.u64());
    from.node = in.text();
    into.restored = std::move(from);
  } else if (key.starts_with(layout::seen_prefix)) {
    const auto of = stream_after(layout::seen_prefix);
    into.seen.raise(of, number(value));
    if (of.node == node)
      into.boot = std::max(into.boot, of.boot);
  } else if (key.starts_with(layout::collected_prefix)) {
    into.collected.raise(stream_after(layout::collected_prefix), number(value));
  } // unknown keys belong to a later version and stay
}

void read_slot(image& into, scan_trouble& bad, std::string_view key, std::string_view value) {
  const auto address = layout::parse_slot_key(key);
  if (!address)
    return bad.note(errc::corrupt, "slot with a key of a wrong shape");
  auto x = decode_slot(value);
  if (!x)
    return bad.note(x.why(), address->key);
  into.seen.raise(address->stream, x->seq);
  merge(into.slots[address->kind][std::string{address->key}], address->stream,
        std::move(*x));
}

void read_event(std::vector<journal_record>& into, scan_trouble& bad, std::string_view key,
                std::string_view value) {
  const auto address = layout::parse_position_key(key);
  if (!address || value.size() < 8)
    return bad.note(errc::corrupt, "journal entry of a wrong shape");
  auto x = decode_slot(value.substr(8));
  if (!x)
    return bad.note(x.why(), "journal entry");
  journal_record out{number(value), address->stream, address->seq, 0, x->stamp,
                     std::move(x->payload)};
  journal_event event;
  if (decode(out.bytes, event) && event.clock != clock_quality::none)
    out.at = event.at;
  into.push_back(std::move(out));
}

} // namespace

result<image> load(engine& from, std::uint64_t node) {
  image out;
  scan_trouble bad;
  std::vector<journal_record> events;
  const auto read = [&](family where, auto&& each) -> status {
    if (bad.any())
      return bad.first();
    if (auto ok = from.scan(where, {}, each); !ok)
      return ok;
    if (bad.any())
      return bad.first();
    return {};
  };
  if (auto ok = read(family::meta, [&](auto k, auto v) { read_meta(out, bad, k, v, node); });
      !ok)
    return ok.why();
  if (auto ok = read(family::slot, [&](auto k, auto v) { read_slot(out, bad, k, v); }); !ok)
    return ok.why();
  if (auto ok = read(family::jrn, [&](auto k, auto v) { read_event(events, bad, k, v); });
      !ok)
    return ok.why();
  std::sort(events.begin(), events.end(),
            [](const auto& x, const auto& y) { return x.local < y.local; });
  for (auto& x : events)
    out.events.add(std::move(x));
  return out;
}

batch store_all(const image& x) {
  batch out;
  for (const auto& [kind, table] : x.slots)
    for (const auto& [key, slots] : table)
      for (const auto& [of, content] : slots) {
        out.put(family::slot, layout::slot_key(kind, key, of), encode(content));
        out.put(family::byseq, layout::position_key(of, content.seq),
                layout::byseq_value(kind, key));
      }
  for (const auto& record : x.events.records())
    put_event(out, record);
  for (const auto& [of, seq] : x.seen.items())
    out.put(family::meta, layout::stream_key(layout::seen_prefix, of), layout::number(seq));
  for (const auto& [of, seq] : x.collected.items())
    out.put(family::meta, layout::stream_key(layout::collected_prefix, of),
            layout::number(seq));
  return out;
}

void put_event(batch& into, const journal_record& x) {
  slot content;
  content.kind = slot_kind::jrn;
  content.seq = x.seq;
  content.stamp = x.stamp;
  content.payload = x.bytes;
  into.put(family::jrn, layout::position_key(x.stream, x.seq),
           layout::number(x.local) + encode(content));
}

} // namespace troupe::storage
