#pragma once

#include "storage/hlc.hpp"
#include "storage/journal.hpp"
#include "storage/stream_id.hpp"

#include <deque>
#include <string_view>

namespace troupe::storage {

/// Limits of one event; what is longer is cut, and says so.
inline constexpr std::size_t max_event_text_bytes = 2048;
inline constexpr std::size_t max_event_detail_bytes = 32 * 1024;
inline constexpr std::size_t max_event_steps = 64;

/// Brings an event within its limits.
void limit(journal_event& x);

/// docs/formats/journal.md. `seq` and `boot` are not part of it: they come
/// from where it rests.
[[nodiscard]] std::string encode(const journal_event& x, clock_quality quality);
[[nodiscard]] bool decode(std::string_view bytes, journal_event& into);

/// One event as it is kept in RAM: encoded, because thousands are kept and few
/// are looked at.
struct journal_record {
  std::uint64_t local = 0; ///< order of arrival on this node; `journal_event::seq`
  stream_id stream;
  std::uint64_t seq = 0;   ///< in its stream
  wall_ms at = 0;          ///< for retention
  hlc stamp;
  std::string bytes;

  [[nodiscard]] journal_event event() const;
};

struct journal_retention {
  std::size_t events = 20000;
  int days = 30;
  std::size_t bytes = 0; ///< 0: 512 per event
};

/// The events that this node keeps, oldest first.
class journal_log {
public:
  void add(journal_record x);

  /// Takes out what is too old or too much, oldest first, at most `most`.
  [[nodiscard]] std::vector<journal_record> trim(const journal_retention& keep,
                                                 wall_ms now, std::size_t most = 1024);

  [[nodiscard]] std::vector<journal_event> query(const journal_query& x) const;

  [[nodiscard]] std::deque<journal_record>& records() noexcept { return records_; }
  [[nodiscard]] const std::deque<journal_record>& records() const noexcept {
    return records_;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t newest() const noexcept {
    return records_.empty() ? 0 : records_.back().local;
  }

private:
  std::deque<journal_record> records_;
  std::size_t bytes_ = 0;
};

} // namespace troupe::storage
