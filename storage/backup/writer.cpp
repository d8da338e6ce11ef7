#include "storage/backup/writer.hpp"

#include "storage/bytes.hpp"
#include "storage/layout.hpp"

namespace troupe::storage::backup {

writer::writer(snapshot from, std::string program, std::size_t block_bytes)
  : from_(std::move(from)), program_(std::move(program)), block_bytes_(block_bytes),
    slots_(from_.state.items.size()), events_(from_.events.size()) {}

std::string writer::made(block_type type, std::string content) {
  block x{type, number_++, std::move(content)};
  return x.number == 0 ? std::string{magic} + encode(x) : encode(x);
}

std::string writer::head() const {
  byte_writer out;
  out.u16(1);
  out.u32(from_.format);
  out.text(from_.node);
  out.text(program_);
  out.u64(static_cast<std::uint64_t>(from_.at));
  write(out, from_.state_stream);
  write(out, from_.journal_stream);
  out.u64(from_.bound.raw);
  out.u8(from_.clustered ? 1 : 0);
  out.varint(slots_);
  out.varint(events_);
  return out.take();
}

std::string writer::more_slots() {
  byte_writer out;
  auto& all = from_.state.items;
  for (; slot_at_ < all.size() && out.view().size() < block_bytes_; ++slot_at_) {
    auto& x = all[slot_at_];
    out.text(x.key);
    write(out, x.of);
    out.text(storage::encode(x.content));
    x = {};
  }
  return out.take();
}

std::string writer::more_events() {
  byte_writer out;
  for (auto& all = from_.events; !all.empty() && out.view().size() < block_bytes_; all.pop_front()) {
    const auto& x = all.front();
    slot content;
    content.kind = slot_kind::jrn;
    content.seq = x.seq;
    content.stamp = x.stamp;
    content.payload = x.bytes;
    write(out, x.stream);
    out.u64(x.local);
    out.text(storage::encode(content));
  }
  return out.take();
}

std::string writer::more_vectors() {
  byte_writer out;
  const version_vector* parts[] = {&from_.state.seen, &from_.journals, &from_.state.collected};
  std::size_t begins = 0;
  for (const auto* part : parts) {
    const auto& items = part->items();
    for (; vector_at_ < begins + items.size() && out.view().size() < block_bytes_; ++vector_at_) {
      const auto& [of, seq] = items[vector_at_ - begins];
      out.u8(part == &from_.state.collected ? 2 : 1);
      write(out, of);
      out.varint(seq);
    }
    begins += items.size();
  }
  return out.take();
}

std::string writer::next() {
  if (ended_)
    return {};
  if (number_ == 0)
    return made(block_type::head, head());
  if (auto x = more_slots(); !x.empty())
    return made(block_type::slots, std::move(x));
  if (auto x = more_events(); !x.empty())
    return made(block_type::events, std::move(x));
  if (auto x = more_vectors(); !x.empty())
    return made(block_type::vectors, std::move(x));
  ended_ = true;
  byte_writer out;
  out.varint(slots_);
  out.varint(events_);
  out.varint(vector_at_);
  return made(block_type::end, out.take());
}

} // namespace troupe::storage::backup
