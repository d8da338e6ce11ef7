#pragma once

#include "drivers/replay/recording.hpp"

#include <memory>

namespace troupe::drivers::replay {

/// Cuts bytes into lines with a bounded memory. A line that is too long comes
/// out cut to `max_line_bytes` + 1, which no parser takes for good.
class line_splitter {
public:
  /// @pre `next` has returned nothing since the last call. The bytes must
  /// stay until it does so again.
  void feed(std::string_view bytes) noexcept { bytes_ = bytes; }

  /// @returns a line, valid until the next call, or nothing: feed more.
  std::optional<std::string_view> next();

  /// At the end of a file: the last line if it has no end.
  std::optional<std::string_view> rest();

  std::size_t number() const noexcept { return number_; } ///< of the last line, from 1

private:
  void keep(std::string_view part);

  std::string_view bytes_;
  std::string begun_;     // the part of a line that earlier bytes held
  bool has_begun_ = false;
  std::string line_;
  std::size_t number_ = 0;
};

/// Where events come from.
class event_source {
public:
  virtual ~event_source() = default;
  /// @returns the next event, nothing at the end, or `corrupt`.
  [[nodiscard]] virtual result<std::optional<event>> next() = 0;
};

/// What validation found out.
struct recording_facts {
  std::vector<line_facts> lines;
  std::uint64_t events = 0;
  std::int64_t first = 0; ///< time of the first event
  std::int64_t last = 0;
  bool absolute = false;
};

/// Reads a whole recording once and tells all its problems, 20 at most by
/// text. Memory does not grow with the file. Some five million lines a second.
/// @returns `not_found`, `permission_denied`, `io_error`, `corrupt`.
result<recording_facts> validate(const std::string& path);

/// Reads a recording event by event, 64 KiB at a time.
result<std::unique_ptr<event_source>> open_recording(const std::string& path);

/// "FILE:7: 'text': expected ...", with unprintable bytes shown as '?'.
std::string place(const std::string& path, std::size_t number, std::string_view text,
                  const error& why);

} // namespace troupe::drivers::replay
