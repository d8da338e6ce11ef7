#include "storage/journal_log.hpp"

#include "storage/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr std::uint8_t journal_encoding = 1;
constexpr wall_ms day_ms = 24 * 3600 * 1000;

void cut(std::string& text, std::size_t most) {
  if (text.size() <= most)
    return;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end; // not inside a character
  text.resize(end);
  text += "…";
}

std::size_t weight(const journal_record& x) {
  return sizeof(journal_record) + x.bytes.size();
}

/// The filter fields stand first, so that a query need not build every event.
bool fits(const journal_record& x, const journal_query& q) {
  byte_reader in{x.bytes};
  in.u8();
  return in.u8() >= static_cast<std::uint8_t>(q.at_least)
         && (q.kind.empty() ? (in.text(), true) : in.text() == q.kind)
         && (q.subject.empty() || in.text() == q.subject);
}

} // namespace

void limit(journal_event& x) {
  for (auto* text : {&x.kind, &x.subject, &x.text, &x.who})
    cut(*text, max_event_text_bytes);
  if (x.detail.size() > max_event_detail_bytes) // half a JSON document is none
    x.detail = fmt::format(R"({{"cut":"detail of {} bytes, limit {}"}})",
                           x.detail.size(), max_event_detail_bytes);
  if (x.story.size() > max_event_steps)
    x.story.erase(x.story.begin() + 1,
                  x.story.end() - static_cast<std::ptrdiff_t>(max_event_steps - 1));
  for (auto& step : x.story)
    for (auto* text : {&step.kind, &step.name, &step.text})
      cut(*text, max_event_text_bytes);
}

std::string encode(const journal_event& x, clock_quality quality) {
  byte_writer out;
  out.u8(journal_encoding);
  out.u8(static_cast<std::uint8_t>(x.level));
  out.text(x.kind);
  out.text(x.subject);
  out.text(x.text);
  out.text(x.who);
  out.text(x.detail);
  out.u64(static_cast<std::uint64_t>(x.at));
  out.u64(static_cast<std::uint64_t>(x.mono));
  out.u8(static_cast<std::uint8_t>(quality));
  out.varint(x.story.size());
  for (const auto& step : x.story) {
    out.text(step.kind);
    out.text(step.name);
    out.text(step.text);
    out.u64(static_cast<std::uint64_t>(step.at));
  }
  return out.take();
}

bool decode(std::string_view bytes, journal_event& into) {
  byte_reader in{bytes};
  if (in.u8() != journal_encoding)
    return false;
  into.level = static_cast<severity>(in.u8());
  into.kind = in.text();
  into.subject = in.text();
  into.text = in.text();
  into.who = in.text();
  into.detail = in.text();
  into.at = static_cast<wall_ms>(in.u64());
  into.mono = static_cast<mono_ns>(in.u64());
  in.u8(); // clock quality: for readers across nodes
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    step x;
    x.kind = in.text();
    x.name = in.text();
    x.text = in.text();
    x.at = static_cast<wall_ms>(in.u64());
    into.story.push_back(std::move(x));
  }
  return in.ok();
}

journal_event journal_record::event() const {
  journal_event out;
  if (!decode(bytes, out)) { // of a later version: shown as what it is
    out.kind = "unknown";
    out.text = fmt::format("an event of a later version, {} bytes", bytes.size());
  }
  out.seq = local;
  out.boot = stream.boot;
  out.node = stream.node;
  return out;
}

void journal_log::add(journal_record x) {
  // Retention goes by the order of arrival: an event of a clock that was behind
  // is not older than what came before it.
  if (!records_.empty())
    x.at = std::max(x.at, records_.back().at);
  bytes_ += weight(x);
  records_.push_back(std::move(x));
}

std::vector<journal_record> journal_log::trim(const journal_retention& keep, wall_ms now,
                                              std::size_t most) {
  const auto max_bytes = keep.bytes > 0 ? keep.bytes : keep.events * 512;
  const auto oldest = now - keep.days * day_ms;
  std::vector<journal_record> out;
  while (!records_.empty() && out.size() < most) {
    auto& x = records_.front();
    // An event from before the clock was set (1970) has no age to judge by.
    const bool old = keep.days > 0 && x.at > day_ms && x.at < oldest;
    if (!old && records_.size() <= keep.events && bytes_ <= max_bytes)
      break;
    bytes_ -= weight(x);
    out.push_back(std::move(x));
    records_.pop_front();
  }
  return out;
}

std::vector<journal_event> journal_log::query(const journal_query& q) const {
  std::vector<journal_event> out;
  for (auto i = records_.rbegin(); i != records_.rend(); ++i) {
    if (out.size() >= q.newest || i->local <= q.after_seq)
      break;
    if (fits(*i, q))
      out.push_back(i->event());
  }
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace troupe::storage
