#include "storage/journal_log.hpp"

#include "storage/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr std::uint8_t plain_version = 1;
constexpr std::uint8_t correlating_version = 2;
constexpr std::size_t max_earlier_streams = 16;
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

std::string encode(const journal_event& x) {
  byte_writer out;
  out.u8(x.correlates ? correlating_version : plain_version);
  out.u8(static_cast<std::uint8_t>(x.level));
  out.text(x.kind);
  out.text(x.subject);
  out.text(x.text);
  out.text(x.who);
  out.text(x.detail);
  out.u64(static_cast<std::uint64_t>(x.at));
  out.u64(static_cast<std::uint64_t>(x.mono));
  out.u8(static_cast<std::uint8_t>(x.clock));
  out.varint(x.story.size());
  for (const auto& step : x.story) {
    out.text(step.kind);
    out.text(step.name);
    out.text(step.text);
    out.u64(static_cast<std::uint64_t>(step.at));
  }
  if (x.correlates) {
    const auto& earlier = x.correlates->earlier;
    const auto n = std::min(earlier.size(), max_earlier_streams);
    out.u64(static_cast<std::uint64_t>(x.correlates->before));
    out.varint(n);
    for (auto i = earlier.size() - n; i < earlier.size(); ++i)
      write(out, earlier[i]);
  }
  return out.take();
}

bool decode(std::string_view bytes, journal_event& into) {
  byte_reader in{bytes};
  const auto version = in.u8();
  if (version != plain_version && version != correlating_version)
    return false;
  into.level = static_cast<severity>(in.u8());
  into.kind = in.text();
  into.subject = in.text();
  into.text = in.text();
  into.who = in.text();
  into.detail = in.text();
  into.at = static_cast<wall_ms>(in.u64());
  into.mono = static_cast<mono_ns>(in.u64());
  into.clock = std::min(static_cast<clock_quality>(in.u8()), clock_quality::ntp);
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    step x;
    x.kind = in.text();
    x.name = in.text();
    x.text = in.text();
    x.at = static_cast<wall_ms>(in.u64());
    into.story.push_back(std::move(x));
  }
  if (version == correlating_version) {
    into.correlates.emplace();
    into.correlates->before = static_cast<wall_ms>(in.u64());
    for (auto n = std::min<std::uint64_t>(in.varint(), max_earlier_streams); n > 0 && in.ok(); --n)
      into.correlates->earlier.push_back(read_stream_id(in));
  }
  return in.ok();
}

journal_event journal_record::event() const {
  journal_event out;
  if (!decode(bytes, out)) { // of a later version: shown as what it is
    out = {};
    out.kind = "unknown";
    out.text = fmt::format("an event of a later version, {} bytes", bytes.size());
  }
  out.seq = local;
  out.boot = stream.boot;
  out.node = stream.node;
  return out;
}

// --- corrections -------------------------------------------------------------

void clock_corrections::add(const stream_id& of, const journal_event& x) {
  if (!x.correlates || x.at <= 0)
    return;
  auto streams = x.correlates->earlier;
  streams.push_back(of);
  for (const auto& s : streams) {
    if (s.node != of.node)
      continue;
    auto& kept = of_[s][static_cast<std::size_t>(x.clock)];
    if (kept.now == 0 || kept.mono <= x.mono)
      kept = {x.mono, x.at};
  }
}

void clock_corrections::drop(const stream_id& of, const journal_event& x) {
  if (!x.correlates)
    return;
  auto streams = x.correlates->earlier;
  streams.push_back(of);
  for (const auto& s : streams) {
    const auto found = of_.find(s);
    if (found == of_.end() || s.node != of.node)
      continue;
    auto& kept = found->second[static_cast<std::size_t>(x.clock)];
    if (kept.mono == x.mono)
      kept = {};
    if (std::all_of(found->second.begin(), found->second.end(), [](const word& w) { return w.now == 0; }))
      of_.erase(found);
  }
}

void clock_corrections::apply(const stream_id& of, journal_event& x) const {
  x.uncertain = x.clock == clock_quality::none;
  const auto found = of_.find(of);
  if (found == of_.end())
    return;
  for (auto quality = qualities; quality-- > static_cast<std::size_t>(x.clock);) {
    const auto& word = found->second[quality];
    if (word.now == 0 || word.mono <= x.mono)
      continue;
    const auto really = word.now - (word.mono - x.mono) / 1'000'000;
    x.uncertain = quality == static_cast<std::size_t>(clock_quality::none);
    if (really == x.at)
      return;
    x.told_at = x.at;
    x.at = really;
    return;
  }
}

// --- the log -----------------------------------------------------------------

namespace {

/// Nothing of events that do not correlate: they are many and need not be built.
std::optional<journal_event> correlating(const journal_record& x) {
  if (x.bytes.empty() || static_cast<std::uint8_t>(x.bytes.front()) != correlating_version)
    return {};
  auto out = x.event();
  return out.correlates ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace

void journal_log::add(journal_record x) {
  if (const auto event = correlating(x))
    corrections_.add(x.stream, *event);
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
    if (const auto event = correlating(x))
      corrections_.drop(x.stream, *event);
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
    if (!fits(*i, q))
      continue;
    out.push_back(i->event());
    corrections_.apply(i->stream, out.back());
  }
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace troupe::storage
