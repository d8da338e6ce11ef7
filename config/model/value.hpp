#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// Numbers rest on disk: append only.
enum class value_kind : std::uint8_t { none, digital, integer, analog, text };

/// What a channel may hold. A plain struct, because it crosses actors, rests
/// in the store and is compared field by field.
///
/// `digital` and `integer` use `whole`, `analog` uses `real`, `text` uses
/// `words`; the other fields stay zero, so equality is field equality.
struct value {
  value_kind kind = value_kind::none;
  std::int64_t whole = 0;
  double real = 0;
  std::string words;

  static value digital(bool x) { return {value_kind::digital, x ? 1 : 0, 0, {}}; }
  static value integer(std::int64_t x) { return {value_kind::integer, x, 0, {}}; }
  static value analog(double x) { return {value_kind::analog, 0, x, {}}; }
  static value text(std::string x) { return {value_kind::text, 0, 0, std::move(x)}; }

  bool empty() const noexcept { return kind == value_kind::none; }
  bool is_on() const noexcept { return kind == value_kind::digital && whole != 0; }

  /// The value as a number; digital is 0 or 1, text and none are 0.
  double number() const noexcept {
    return kind == value_kind::analog ? real : static_cast<double>(whole);
  }

  friend bool operator==(const value&, const value&) = default;
};

/// "on", "off", "21.5", "1843211", "-" for none; text as it is.
/// Analog values are printed with the fewest digits that read back equal.
std::string to_string(const value& x);

/// Reads what `to_string` wrote, and "true", "false", "1", "0" for digital.
/// @returns a `none` value if the text does not fit the kind.
value parse_value(value_kind kind, const std::string& text);

const char* to_string(value_kind x) noexcept;

} // namespace troupe
