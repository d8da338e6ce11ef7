#include "config/load/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

// Columns, not bytes: "°C" is two.
std::size_t columns(std::string_view x) {
  return static_cast<std::size_t>(
    std::count_if(x.begin(), x.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

std::string problem::to_string(std::size_t width) const {
  auto head = troupe::to_string(at);
  if (!head.empty())
    head += "  ";
  const auto words
    = (fatal ? "" : "note: ") + text + (way_out.empty() || text.empty() ? "" : " ") + way_out;
  const auto indent = columns(head);
  // Too narrow for a column of its own: leave wrapping to the terminal.
  if (width < indent + 30)
    return head + words;
  auto out = head;
  auto used = indent;
  std::size_t from = 0;
  while (from < words.size()) {
    auto to = std::min(words.find(' ', from), words.size());
    const auto word = std::string_view{words}.substr(from, to - from);
    if (used > indent && used + 1 + columns(word) > width) {
      out += "\n" + std::string(indent, ' ');
      used = indent;
    }
    if (used > indent) {
      out += ' ';
      ++used;
    }
    out += word;
    used += columns(word);
    from = to + 1;
  }
  return out;
}

void sort(std::vector<problem>& all) {
  // Files keep the order in which they were given.
  std::vector<std::string> files;
  for (const auto& x : all)
    if (std::find(files.begin(), files.end(), x.at.file) == files.end())
      files.push_back(x.at.file);
  const auto rank = [&](const problem& x) {
    return std::pair{x.at.line == 0,
                     std::pair{std::find(files.begin(), files.end(), x.at.file), x.at.line}};
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const problem& x, const problem& y) { return rank(x) < rank(y); });
}

void bound(std::vector<problem>& all) {
  if (all.size() <= max_problems)
    return;
  all.resize(max_problems);
  all.push_back({{}, "", fmt::format("There is more wrong than these {}.", max_problems),
                 "Mend them first.", true, errc::over_limit});
}

bool any_fatal(const std::vector<problem>& all) {
  return std::any_of(all.begin(), all.end(), [](const problem& x) { return x.fatal; });
}

std::string path_of(const std::string& section, const std::string& name, const std::string& key) {
  auto path = section;
  if (!name.empty())
    path += ".\"" + name + "\"";
  if (!key.empty())
    path += (path.empty() ? "" : ".") + key;
  return path;
}

std::string subject_of(const document& x) {
  return x.section == "node" ? std::string{} : fmt::format("{} '{}': ", x.section, x.name);
}

} // namespace troupe
