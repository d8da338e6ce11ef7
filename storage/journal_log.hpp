#pragma once

#include "storage/hlc.hpp"
#include "storage/journal.hpp"
#include "storage/stream_id.hpp"

#include <array>
#include <deque>
#include <map>
#include <string_view>

namespace troupe::storage {

/// Limits of one event; what is longer is cut, and says so.
inline constexpr std::size_t max_event_text_bytes = 2048;
inline constexpr std::size_t max_event_detail_bytes = 32 * 1024;
inline constexpr std::size_t max_event_steps = 64;

/// Brings an event within its limits.
void limit(journal_event& x);

/// docs/formats/journal.md. `seq` and `boot` are not part of it: they come
/// from where it rests. An event that correlates is of version 2, any other of 1.
[[nodiscard]] std::string encode(const journal_event& x);
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

/// When events really were, by what their node learned of the time later in the
/// same start.
///
/// An event is corrected by what was told after it and by no worse clock than its
/// own: of the best clock, and of that the last word. So nothing needs to be kept
/// but the last word of each quality.
class clock_corrections {
public:
  /// A correlating event. Only for streams of its own node: no node tells when
  /// something happened elsewhere.
  void add(const stream_id& of, const journal_event& x);
  /// It is not kept any more.
  void drop(const stream_id& of, const journal_event& x);
  /// Sets `at`, `told_at` and `uncertain`.
  void apply(const stream_id& of, journal_event& x) const;
  [[nodiscard]] bool empty() const noexcept { return of_.empty(); }

private:
  struct word {
    mono_ns mono = 0;
    wall_ms now = 0; ///< 0: none
  };
  static constexpr std::size_t qualities = 3;

  std::map<stream_id, std::array<word, qualities>> of_;
};

/// The events that this node keeps, oldest first.
class journal_log {
public:
  void add(journal_record x);

  /// Takes out what is too old or too much, oldest first, at most `most`.
  [[nodiscard]] std::vector<journal_record> trim(const journal_retention& keep,
                                                 wall_ms now, std::size_t most = 1024);

  /// With corrected times.
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
  clock_corrections corrections_;
  std::size_t bytes_ = 0;
};

} // namespace troupe::storage
