#pragma once

#include <string>
#include <string_view>

namespace troupe::cli {

enum class colour { plain, bold, dim, red, green, yellow, blue, cyan };

/// How to draw for whoever reads: a terminal, a file, a test.
struct style {
  bool coloured = false;
  unsigned width = 100; ///< columns

  /// The text in a colour, or as it is.
  [[nodiscard]] std::string paint(std::string_view text, colour how) const;
};

/// What standard output is: colours only on a terminal and without NO_COLOR,
/// the width of the terminal or of COLUMNS.
[[nodiscard]] style style_of_stdout();

/// Columns that a text takes: UTF-8 characters, escape sequences not counted.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Cut to `width` columns, with "…" where something is missing. Escape
/// sequences are kept whole.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);

/// Filled with blanks to `width` columns.
[[nodiscard]] std::string pad(std::string_view text, std::size_t width, bool right = false);

/// Text from a node as it may go to a terminal: control characters replaced,
/// so that nobody's channel label moves the cursor.
[[nodiscard]] std::string harmless(std::string_view text);

} // namespace troupe::cli
