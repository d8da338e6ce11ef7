#include "apps/cli/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>
#include <system_error>

namespace troupe::cli {

namespace {

template <class T>
std::optional<T> whole_text(const std::string& word) {
  T result{};
  auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), result);
  if (ec != std::errc{} || end != word.data() + word.size())
    return std::nullopt;
  return result;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({swap, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

} // namespace

json value_of(const std::string& word) {
  if (auto whole = whole_text<std::int64_t>(word))
    return *whole;
  if (auto real = whole_text<double>(word); real && std::isfinite(*real))
    return *real;
  return word;
}

json option_of(const std::string& word) {
  if (word == "true" || word == "false")
    return word == "true";
  if (!word.empty() && (word.front() == '[' || word.front() == '"')) {
    auto parsed = json::parse(word, nullptr, false);
    if (parsed.is_array() || parsed.is_string())
      return parsed;
    if (word.front() == '[' && word.back() == ']') {
      // [a, b]: the shell has eaten the quotes.
      auto list = json::array();
      std::istringstream items{word.substr(1, word.size() - 2)};
      for (std::string item; std::getline(items, item, ',');) {
        const auto begin = item.find_first_not_of(' ');
        if (begin != std::string::npos)
          list.push_back(item.substr(begin, item.find_last_not_of(' ') - begin + 1));
      }
      return list;
    }
  }
  return value_of(word);
}

std::optional<json> document_of(const std::vector<std::string>& pairs, std::string& why) {
  auto result = json::object();
  for (auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      why = fmt::format("'{}' is no option; write key=value, like bus=gpio", pair);
      return std::nullopt;
    }
    const auto key = pair.substr(0, equals);
    if (result.contains(key)) {
      why = fmt::format("'{}' stands twice", key);
      return std::nullopt;
    }
    result[key] = option_of(pair.substr(equals + 1));
  }
  return result;
}

std::optional<std::string> read_input(const std::string& path, std::string& why) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  errno = 0;
  std::ifstream file{path};
  text << file.rdbuf();
  if (!file) {
    why = fmt::format("cannot read {}: {}", path,
                      errno != 0 ? std::generic_category().message(errno) : "it is empty");
    return std::nullopt;
  }
  return text.str();
}

std::string closest(const std::string& typed, const std::vector<std::string>& known) {
  std::string best;
  auto least = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (auto& word : known)
    if (const auto d = distance(typed, word); d < least) {
      least = d;
      best = word;
    }
  return best;
}

} // namespace troupe::cli
