#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// The line format of docs/formats/recording.md. Pure.

namespace troupe::drivers::replay {

inline constexpr std::string_view version_line = "troupe-recording 1";
inline constexpr std::size_t max_line_bytes = 256; ///< of the text, without its end
inline constexpr std::size_t max_lines = 4096;     ///< different lines in one recording
inline constexpr std::size_t max_told = 20;        ///< problems of one recording, one by one

enum class event_kind : std::uint8_t { rising, falling, value };

struct event {
  std::int64_t at = 0;   ///< ns, as written
  std::size_t line = 0;  ///< index into `recording_parser::lines()`
  event_kind kind = event_kind::rising;
  double value = 0;
};

/// What is known of a line from its first event.
struct line_facts {
  std::string name;
  bool analog = false;
  std::size_t since = 0; ///< the text line that said so
  bool idle = false;     ///< digital: the level before the first edge
  double first = 0;      ///< analog: the first value
};

enum class source_kind : std::uint8_t {
  file,   ///< begins with the version line; times never go back
  stream, ///< may begin anywhere, and its writer may begin anew
};

/// Reads a recording line by line. Errors say what was expected and what to do;
/// the caller knows the file. A bad line changes nothing, so reading can go on
/// and find the next problem.
class recording_parser {
public:
  explicit recording_parser(source_kind kind) : kind_(kind) {}

  /// @param number of the text line, from 1.
  /// @returns an event, or nothing for a comment, a blank or the version line.
  result<std::optional<event>> parse(std::string_view text, std::size_t number);

  const std::vector<line_facts>& lines() const noexcept { return lines_; }
  std::optional<std::size_t> find(std::string_view name) const;

  /// Times begin at the first event, not at 0 ("absolute").
  bool absolute() const noexcept { return absolute_; }

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view x) const noexcept {
      return std::hash<std::string_view>{}(x);
    }
  };

  status read_version(std::string_view text);
  result<std::size_t> index_of(std::string_view name, const event& e, std::size_t number);

  const source_kind kind_;
  bool begun_ = false;
  bool absolute_ = false;
  std::int64_t latest_ = 0;
  std::vector<line_facts> lines_;
  std::unordered_map<std::string, std::size_t, hash, std::equal_to<>> index_;
};

/// One line of a recording, without its end.
std::string format_event(std::int64_t at, std::string_view line, event_kind kind, double value);

/// "12.000345000"
std::string format_time(std::int64_t ns);

/// Reads SECONDS or SECONDS.FRACTION with up to nine digits.
std::optional<std::int64_t> parse_time(std::string_view text);

} // namespace troupe::drivers::replay
