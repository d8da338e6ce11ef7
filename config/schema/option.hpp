#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

// The words in which options are written down. `bus.cpp`, `channel.cpp`,
// `counter.cpp`, `rule.cpp`, `drill.cpp` and `node.cpp` beside this file hold the options
// themselves, each exactly once; the parser, the defaults, `explain`, the
// reference page and the commented examples are made from them.

namespace troupe::schema {

using json = nlohmann::json;

/// How a value is written. The canonical JSON of each shape is in brackets.
enum class shape : std::uint8_t {
  text,     ///< "hall lamp" [string]
  toggle,   ///< true, false [boolean]
  count,    ///< a whole number [integer]
  number,   ///< any finite number [number]
  duration, ///< "5s" [string with the largest unit that divides it]
  size,     ///< "8MiB" [likewise]
  word,     ///< one of a few words [string]
  list,     ///< of texts [array of strings]
  level,    ///< what a channel holds: "on", "off", a number [string or number]
};

/// What has to start again when the option changes.
enum class restarts : std::uint8_t { nothing, thing, node };

/// "Only where `key` is one of `words`."
struct condition {
  std::string key;
  std::vector<std::string> words;
};

/// How an option and a field of a settings struct meet. The struct is passed
/// without its type; each section's functions get that section's struct only.
struct binding {
  shape kind = shape::text;
  std::vector<std::string> words{};                  ///< shape word: what is known
  std::function<void(void*, const json&)> write{};   ///< canonical JSON into the field
  std::function<json(const void*)> read{};           ///< null: the field is unset
};

struct option {
  std::string key{};           ///< "poll-every"
  binding field{};
  std::string help{};          ///< what it does; what more and less of it cost
  json fallback{};             ///< canonical default; null: none
  std::string unit{};          ///< of a count or number: "Hz"
  bool required = false;       ///< wherever it applies
  /// Limits in milliseconds, bytes or plain; of text its bytes, of a list its items.
  std::optional<double> least{};
  std::optional<double> most{};
  std::string limit_why{};     ///< why the limits are what they are
  std::vector<condition> only{}; ///< all must hold, else writing it is a mistake
  restarts changing = restarts::thing;
  std::string example{};       ///< as TOML, for the commented example
  bool number_is_text = false; ///< `line = 17` means "17"
  bool many_lines = false;     ///< text that may have line breaks
};

struct section {
  std::string name;            ///< "channel"; "node" for node.toml
  std::string help;
  std::string example_name;    ///< "hall/lamp"; empty: the section has no names
  std::vector<option> options; ///< in the order in which people read them

  /// @returns null if there is no such option.
  const option* find(std::string_view key) const;
};

/// "duration", "whole number", "text" ...
const char* to_string(shape x) noexcept;

} // namespace troupe::schema
