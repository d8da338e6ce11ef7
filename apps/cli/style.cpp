#include "apps/cli/style.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe::cli {

namespace {

const char* code_of(colour x) {
  switch (x) {
  case colour::bold: return "1";
  case colour::dim: return "2";
  case colour::red: return "31";
  case colour::green: return "32";
  case colour::yellow: return "33";
  case colour::blue: return "34";
  case colour::cyan: return "36";
  case colour::plain: break;
  }
  return "0";
}

/// Bytes of the escape sequence or UTF-8 character at the front.
struct glyph {
  std::size_t bytes;
  bool visible;
};

glyph first_glyph(std::string_view text) {
  if (text.front() == '\x1b') {
    const auto end = text.find('m');
    return {end == std::string_view::npos ? text.size() : end + 1, false};
  }
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80)
    ++n;
  return {n, true};
}

} // namespace

std::string style::paint(std::string_view text, colour how) const {
  if (!coloured || how == colour::plain || text.empty())
    return std::string{text};
  return "\x1b[" + std::string{code_of(how)} + "m" + std::string{text} + "\x1b[0m";
}

style style_of_stdout() {
  style result;
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  result.coloured = terminal && !(no_colour && *no_colour) && term
                    && std::string_view{term} != "dumb";
  winsize size{};
  const char* columns = std::getenv("COLUMNS");
  if (columns && std::atoi(columns) > 0)
    result.width = static_cast<unsigned>(std::atoi(columns));
  else if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    result.width = size.ws_col;
  else if (!terminal)
    result.width = 1000; // a file or a pipe: nothing is cut
  result.width = std::max(result.width, 40u);
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t result = 0;
  while (!text.empty()) {
    const auto g = first_glyph(text);
    result += g.visible ? 1 : 0;
    text.remove_prefix(g.bytes);
  }
  return result;
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width)
    return std::string{text};
  std::string result;
  std::size_t shown = 0;
  bool cut_done = false;
  while (!text.empty()) {
    const auto g = first_glyph(text);
    if (!g.visible) {
      result += text.substr(0, g.bytes);
    } else if (shown + 1 < width) {
      result += text.substr(0, g.bytes);
      ++shown;
    } else if (!cut_done) {
      result += width > 0 ? "…" : "";
      cut_done = true;
    }
    text.remove_prefix(g.bytes);
  }
  return result;
}

std::string pad(std::string_view text, std::size_t width, bool right) {
  const auto has = display_width(text);
  const std::string blanks(width > has ? width - has : 0, ' ');
  return right ? blanks + std::string{text} : std::string{text} + blanks;
}

std::string harmless(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C1 controls are the two bytes c2 80 .. c2 9f.
    const bool c1 = c == 0xc2 && i + 1 < text.size()
                    && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c < 0x20 || c == 0x7f || c1) {
      result += c == '\n' || c == '\t' ? ' ' : '?';
      i += c1 ? 1 : 0;
    } else {
      result += text[i];
    }
  }
  return result;
}

} // namespace troupe::cli
