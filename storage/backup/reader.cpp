#include "storage/backup/reader.hpp"

#include "storage/bytes.hpp"
#include "storage/layout.hpp"
#include "storage/read.hpp"

#include <fmt/format.h>

namespace troupe::storage::backup {

namespace {

constexpr unsigned newest_version = 1;
/// A disk has had so many streams before it met anybody; a number above is damage.

error shape(const char* what) {
  return {errc::corrupt, fmt::format("a block of {} has a wrong shape though its sum is right: keep the file, it is a bug", what)};
}

bool shows(slot_kind kind, const slot_set& in) {
  switch (kind) {
  case slot_kind::map: return read_map(in).has_value();
  case slot_kind::own: return read_own(in).has_value();
  default: return true;
  }
}

} // namespace

status reader::feed(std::string_view bytes) {
  found_.bytes += bytes.size();
  cutter_.feed(bytes);
  for (;;) { // each turn takes bytes off
    auto x = cutter_.next();
    if (!x)
      return x.why();
    if (!*x)
      break;
    if (ended_)
      return error{errc::corrupt, fmt::format("there are bytes after the end, from {} on", cutter_.offset())};
    if (auto ok = take(**x); !ok)
      return ok;
  }
  if (ended_ && cutter_.left() > 0)
    return error{errc::corrupt, fmt::format("there are {} bytes after the end", cutter_.left())};
  return {};
}

status reader::finish() {
  if (!ended_)
    return error{errc::corrupt, fmt::format("cut off after {} bytes: its end is missing", found_.bytes)};
  return {};
}

status reader::take(const block& x) {
  if ((x.number == 0) != (x.type == block_type::head))
    return error{errc::corrupt, fmt::format("block {} is of type {}; the head is the first, and there is one", x.number,
                                            static_cast<int>(x.type))};
  switch (x.type) {
  case block_type::head: return take_head(x.content);
  case block_type::slots: return take_slots(x.content);
  case block_type::events: return take_events(x.content);
  case block_type::vectors: return take_vectors(x.content);
  case block_type::end: return take_end(x.content);
  }
  return error{errc::unsupported, fmt::format("block {} is of type {}, which this program does not know: use the version that made it",
                                              x.number, static_cast<int>(x.type))};
}

status reader::take_head(std::string_view bytes) {
  byte_reader in{bytes};
  if (const auto version = in.u16(); version != newest_version)
    return error{errc::unsupported, fmt::format("a backup of version {}, this program knows {}: use the version that made it", version,
                                                newest_version)};
  head x;
  x.store_format = in.u32();
  x.node = in.text();
  x.program = in.text();
  x.at = static_cast<wall_ms>(in.u64());
  x.state_stream = read_stream_id(in);
  x.journal_stream = read_stream_id(in);
  x.bound.raw = in.u64();
  x.clustered = (in.u8() & 1) != 0;
  x.slots = in.varint();
  x.events = in.varint();
  if (!in.ok())
    return shape("the head");
  if (x.store_format < layout::oldest_format || x.store_format > layout::format)
    return error{errc::unsupported, fmt::format("a backup of a store of format {}, this program knows {}: restore it with version {}",
                                                x.store_format, layout::format, x.program)};
  found_.begins = x;
  return to_.begin(x);
}

void reader::end_key() {
  if (key_slots_.empty())
    return;
  if (!shows(key_kind_, key_slots_)) {
    ++found_.deleted;
  } else {
    ++found_.entries[key_kind_];
    if (key_kind_ == slot_kind::map && key_.starts_with(member_prefix))
      found_.members.insert(key_.substr(member_prefix.size()));
  }
  key_slots_.clear();
}

/// Slots of one key stand together.
void reader::count_key(const whole_state::item& x) {
  if (x.content.kind != key_kind_ || x.key != key_) {
    end_key();
    key_kind_ = x.content.kind;
    key_ = x.key;
  }
  merge(key_slots_, x.of, x.content);
}

status reader::take_slots(std::string_view bytes) {
  for (byte_reader in{bytes}; !in.at_end();) {
    whole_state::item x;
    x.key = in.text();
    x.of = read_stream_id(in);
    const auto encoded = in.text();
    if (!in.ok() || x.key.empty() || x.key.size() > max_key_bytes || x.key.find('\0') != std::string::npos || x.of.is_journal())
      return shape("slots");
    auto content = decode_slot(encoded);
    if (!content)
      return error{content.why().code, fmt::format("{}: {}", x.key, content.why().context)};
    x.content = std::move(*content);
    ++found_.slots;
    held_.raise(x.of, x.content.seq);
    count_key(x);
    if (auto ok = to_.slot(x); !ok)
      return ok;
  }
  return {};
}

status reader::take_events(std::string_view bytes) {
  for (byte_reader in{bytes}; !in.at_end();) {
    journal_record x;
    x.stream = read_stream_id(in);
    x.local = in.u64();
    const auto encoded = in.text();
    if (!in.ok() || !x.stream.is_journal())
      return shape("events");
    auto content = decode_slot(encoded);
    if (!content)
      return error{content.why().code, "an event: " + content.why().context};
    if (content->kind != slot_kind::jrn)
      return shape("events");
    x.seq = content->seq;
    x.stamp = content->stamp;
    x.bytes = std::move(content->payload);
    x.at = x.event().at;
    if (++found_.events == 1)
      found_.oldest_event = x.at;
    held_.raise(x.stream, x.seq);
    if (auto ok = to_.event(x); !ok)
      return ok;
  }
  return {};
}

status reader::take_vectors(std::string_view bytes) {
  for (byte_reader in{bytes}; !in.at_end();) {
    const auto which = in.u8();
    const auto of = read_stream_id(in);
    const auto seq = in.varint();
    if (!in.ok() || (which != 1 && which != 2) || (which == 2 && of.is_journal()))
      return shape("vectors");
    ++vector_items_;
    if (which == 1 && seen_.raise(of, seq))
      ++found_.streams;
    if (auto ok = to_.vector(which == 2, of, seq); !ok)
      return ok;
  }
  return {};
}

status reader::take_end(std::string_view bytes) {
  end_key();
  byte_reader in{bytes};
  const auto slots = in.varint(), events = in.varint(), vectors = in.varint();
  if (!in.ok())
    return shape("the end");
  if (slots != found_.slots || events != found_.events || vectors != vector_items_ || slots != found_.begins->slots
      || events != found_.begins->events)
    return error{errc::corrupt, fmt::format("it has {} slots, {} events and {} streams, its end says {}, {} and {}", found_.slots,
                                            found_.events, vector_items_, slots, events, vectors)};
  for (const auto& [of, seq] : held_.items())
    if (seen_.at(of) < seq)
      return error{errc::corrupt, fmt::format("its version vector ends at {} of stream {}, and it holds number {}", seen_.at(of),
                                              to_string(of), seq)};
  ended_ = true;
  return {};
}

} // namespace troupe::storage::backup
