#include "config/schema/did_you_mean.hpp"

#include <algorithm>

namespace troupe {

namespace {

// Nobody mistypes a name of this length into another; bounds the work.
constexpr std::size_t longest_word = 64;

std::string plain(std::string_view x) {
  std::string y{x};
  for (auto& c : y)
    c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return y;
}

// Damerau and Levenshtein's distance, restricted: typed letters apart.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

} // namespace

std::optional<std::string> did_you_mean(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > longest_word)
    return std::nullopt;
  const auto mine = plain(word);
  const std::string* best = nullptr;
  // A third of the letters may be wrong, and one always.
  auto nearest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& x : candidates) {
    if (x == word)
      return std::nullopt;
    // "warn" for "warning": three letters and no other beginning.
    if (mine.size() >= 3 && nearest > 1 && plain(x).starts_with(mine)) {
      nearest = 1;
      best = &x;
      continue;
    }
    const auto longer = std::max(x.size(), word.size());
    if (x.size() > longest_word || longer - std::min(x.size(), word.size()) >= nearest)
      continue;
    if (const auto d = distance(mine, plain(x)); d < nearest && d < longer) {
      nearest = d;
      best = &x;
    }
  }
  return best ? std::optional{*best} : std::nullopt;
}

} // namespace troupe
