#include "config/schema/take.hpp"

#include "config/model/quantity.hpp"
#include "config/schema/did_you_mean.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace troupe::schema {

namespace {

taken refuse(const option& x, const json& written, std::string_view why, std::string way_out) {
  return {nullptr, fmt::format("{} is {}, {}", x.key, shown(written), why), std::move(way_out)};
}

// A quantity reads better without its quotes.
std::string amount_text(const option& x, const json& canonical) {
  const bool bare = x.field.kind == shape::duration || x.field.kind == shape::size;
  return bare ? canonical.get<std::string>() : shown(canonical);
}

// Holds `amount` against the limits; the value is canonical already.
taken within(const option& x, const json& canonical, double amount, std::string_view what) {
  const auto because = x.limit_why.empty() ? "" : ": " + x.limit_why;
  const auto outside = [&](double limit, const char* end, const char* side) -> taken {
    const auto text = shown_limit(x, limit);
    return {nullptr,
            fmt::format("{} is {}, but {}{} is the {}{}", x.key, amount_text(x, canonical), text,
                        what, end, because),
            fmt::format("Use {}{} or {}.", text, what, side)};
  };
  if (x.least && amount < *x.least)
    return outside(*x.least, "least", "more");
  if (x.most && amount > *x.most)
    return outside(*x.most, "most", "less");
  return {canonical, {}, {}};
}

bool has_control_characters(const std::string& x, bool many_lines) {
  for (unsigned char c : x)
    if (c == 0x7F || (c < 0x20 && !(many_lines && (c == '\n' || c == '\t' || c == '\r'))))
      return true;
  return false;
}

taken take_text(const option& x, const json& written) {
  if (x.number_is_text && written.is_number_integer())
    return within(x, written.dump(), 1, " bytes");
  if (!written.is_string())
    return refuse(x, written, "but a text is wanted",
                  fmt::format("Put it in quotes: {} = \"...\".", x.key));
  const auto& text = written.get_ref<const std::string&>();
  if (has_control_characters(text, x.many_lines))
    return refuse(x, written, "with a line break or control character in it", "Remove it.");
  if (x.required && text.find_first_not_of(" \t\r\n") == std::string::npos)
    return refuse(x, written, "which is empty", fmt::format("Write {} = \"...\".", x.key));
  return within(x, written, static_cast<double>(text.size()), " bytes");
}

taken take_toggle(const option& x, const json& written) {
  if (written.is_boolean())
    return {written, {}, {}};
  return refuse(x, written, "but only true and false are known",
                fmt::format("Write {0} = true or {0} = false, without quotes.", x.key));
}

taken take_number(const option& x, const json& written) {
  if (!written.is_number())
    return refuse(x, written, "which is no number",
                  written.is_string() ? "Write a finite number, without quotes." : "Write a number.");
  const double n = written.get<double>();
  if (!std::isfinite(n))
    return refuse(x, written, "which is no finite number", "Write a number.");
  if (x.field.kind == shape::number)
    return within(x, n, n, "");
  // A whole float is the same number; JSON from JavaScript knows no other.
  if (n != std::floor(n))
    return refuse(x, written, "which is no whole number", "Write a whole number.");
  if (auto held = within(x, written, n, ""); !held.trouble.empty())
    return held;
  return {static_cast<std::int64_t>(n), {}, {}};
}

taken take_duration(const option& x, const json& written) {
  if (written.is_number())
    return refuse(x, written, "a number without a unit",
                  fmt::format("Write \"{0}s\" for seconds or \"{0}ms\" for milliseconds.",
                              written.dump()));
  const auto it
    = written.is_string() ? parse_duration(written.get_ref<const std::string&>()) : std::nullopt;
  if (!it)
    return refuse(x, written, "which is no duration",
                  "Write a number and one of ms, s, m, h, d, like \"200ms\" or \"5s\".");
  return within(x, to_text(*it), static_cast<double>(it->count()), "");
}

taken take_size(const option& x, const json& written) {
  if (written.is_number())
    return refuse(x, written, "a number without a unit",
                  fmt::format("Write \"{0}MiB\" or \"{0}B\".", written.dump()));
  const auto it
    = written.is_string() ? parse_size(written.get_ref<const std::string&>()) : std::nullopt;
  if (!it)
    return refuse(x, written, "which is no size",
                  "Write a whole number and one of B, KiB, MiB, GiB, like \"8MiB\".");
  return within(x, size_text(*it), static_cast<double>(*it), "");
}

taken take_word(const option& x, const json& written) {
  const auto known = fmt::format("but only {} are known", fmt::join(x.field.words, ", "));
  if (!written.is_string())
    return refuse(x, written, known, "Write one of them, in quotes.");
  const auto& word = written.get_ref<const std::string&>();
  for (const auto& y : x.field.words)
    if (y == word)
      return {written, {}, {}};
  const auto meant = did_you_mean(word, x.field.words);
  return refuse(x, written, known,
                meant ? fmt::format("Did you mean \"{}\"?", *meant) : "Write one of them.");
}

taken take_list(const option& x, const json& written) {
  if (written.is_string())
    return refuse(x, written, "but a list is wanted",
                  fmt::format("Write {} = [{}].", x.key, shown(written)));
  if (!written.is_array())
    return refuse(x, written, "but a list is wanted", fmt::format("Write {} = [\"...\"].", x.key));
  for (const auto& y : written)
    if (!y.is_string())
      return refuse(x, written, fmt::format("but {} in it is no text", shown(y)),
                    "Put each item in quotes.");
  return within(x, written, static_cast<double>(written.size()), " items");
}

taken take_level(const option& x, const json& written) {
  if (written.is_boolean())
    return {written.get<bool>() ? "on" : "off", {}, {}};
  if (written == "on" || written == "off")
    return {written, {}, {}};
  if (written.is_number() && std::isfinite(written.get<double>()))
    return {written.get<double>(), {}, {}};
  return refuse(x, written, "which is neither on, off nor a number",
                fmt::format("Write {0} = \"on\", {0} = \"off\" or {0} = 21.5.", x.key));
}

} // namespace

taken take(const option& x, const json& written) {
  switch (x.field.kind) {
  case shape::text: return take_text(x, written);
  case shape::toggle: return take_toggle(x, written);
  case shape::count:
  case shape::number: return take_number(x, written);
  case shape::duration: return take_duration(x, written);
  case shape::size: return take_size(x, written);
  case shape::word: return take_word(x, written);
  case shape::list: return take_list(x, written);
  case shape::level: return take_level(x, written);
  }
  return {};
}

std::string shown(const json& x) {
  constexpr std::size_t longest = 60;
  if (x.is_null())
    return "nothing";
  if (x.is_object())
    return "a table";
  if (x.is_number_float())
    return fmt::format("{}", x.get<double>());
  auto text = x.dump(-1, ' ', false, json::error_handler_t::replace);
  if (x.is_array()) {
    text = "[";
    for (const auto& y : x) {
      text += (text.size() > 1 ? ", " : "") + shown(y);
      if (text.size() > longest)
        break;
    }
    text += "]";
  }
  if (text.size() <= longest)
    return text;
  // Not inside a character of several bytes.
  auto end = longest - 4;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "..." + (x.is_string() ? "\"" : "");
}

std::string shown_limit(const option& x, double limit) {
  switch (x.field.kind) {
  case shape::duration: return to_text(milliseconds{static_cast<std::int64_t>(limit)});
  case shape::size: return size_text(static_cast<std::uint64_t>(limit));
  case shape::number:
  case shape::count:
    // 9007199254740992 rather than 9.007e+15: it is to be typed.
    return limit == std::floor(limit) && std::abs(limit) < 1e17 ? fmt::format("{:.0f}", limit)
                                                                : fmt::format("{}", limit);
  default: return fmt::format("{:.0f}", limit);
  }
}

std::string limits_text(const option& x) {
  const auto* what = x.field.kind == shape::text ? " bytes" : x.field.kind == shape::list ? " items" : "";
  if (x.least && x.most)
    return fmt::format("{} to {}", shown_limit(x, *x.least), shown_limit(x, *x.most));
  if (x.least)
    return fmt::format("at least {}", shown_limit(x, *x.least));
  if (x.most)
    return fmt::format("at most {}{}", shown_limit(x, *x.most), what);
  return {};
}

} // namespace troupe::schema
