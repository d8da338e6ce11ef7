#include "config/load/parse.hpp"

#include "config/load/items.hpp"
#include "config/load/toml.hpp"
#include "config/model/names.hpp"
#include "config/schema/did_you_mean.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

using load::toml_table;
using load::toml_value;

problem at_line(const std::string& file, int line, std::string path, std::string text,
                std::string way_out) {
  return {{file, line, 1}, std::move(path), std::move(text), std::move(way_out), true,
          errc::invalid_argument};
}

document to_document(std::string section, std::string name, const toml_table& table,
                     const std::string& file) {
  auto body = nlohmann::json::object();
  std::map<std::string, int> lines;
  for (const auto& [key, x] : table.entries) {
    body[key] = x.plain;
    lines[key] = x.line;
  }
  auto it = make_document(std::move(section), std::move(name), std::move(body));
  it.at = {file, table.line, 1};
  it.lines = std::move(lines);
  return it;
}

problem unknown_section(const std::string& file, const std::string& key, const toml_value& x) {
  if (schema::node_section().find(key))
    return at_line(file, x.line, key, fmt::format("'{}' is about the machine.", key),
                   "It belongs into node.toml.");
  std::vector<std::string> names;
  for (const auto* y : schema::house_sections())
    names.push_back(y->name);
  const auto meant = did_you_mean(key, names);
  return at_line(file, x.line, key, fmt::format("There is no section '{}'.", key),
                 meant ? fmt::format("Did you mean '{}'?", *meant)
                       : "The sections are bus, channel, counter, rule and drill.");
}

problem no_table(const std::string& file, const schema::section& known, const std::string& key,
                 const toml_value& x) {
  // `[channel]` followed by options, where `[channel."name"]` was meant.
  const auto inside = known.find(key) != nullptr;
  return at_line(file, x.line, path_of(known.name, inside ? "" : key, inside ? key : ""),
                 inside ? fmt::format("'{}' belongs to a {}, but none is named here.", key, known.name)
                        : fmt::format("{} '{}' is no table.", known.name, key),
                 fmt::format("Write [{}.\"{}\"] and its options below.", known.name,
                             inside ? known.example_name : key));
}

void add_documents(const toml_table& root, const std::string& file, parsed_house& to) {
  for (const auto& [key, x] : root.entries) {
    const auto* known = schema::find_section(key);
    if (!known || known == &schema::node_section()) {
      to.problems.push_back(unknown_section(file, key, x));
      continue;
    }
    if (!x.table) {
      to.problems.push_back(at_line(file, x.line, key, fmt::format("'{}' is no table.", key),
                                    fmt::format("Write [{}.\"{}\"] and its options below.", key,
                                                known->example_name)));
      continue;
    }
    for (const auto& [name, y] : x.table->entries)
      if (y.table)
        to.documents.push_back(to_document(key, name, *y.table, file));
      else
        to.problems.push_back(no_table(file, *known, name, y));
  }
}

// The lines of a text; taking one out leaves the numbers of the others.
struct lines {
  std::string text;
  int first;

  // Where a line begins, or nothing if the text has no such line.
  std::optional<std::size_t> find(int line) const {
    std::size_t at = 0;
    for (int n = first; n < line; ++n) {
      at = text.find('\n', at);
      if (at == text.npos)
        return std::nullopt;
      ++at;
    }
    return at < text.size() ? std::optional{at} : std::nullopt;
  }

  void take_out(std::size_t at) {
    text.replace(at, std::min(text.find('\n', at), text.size()) - at, "#");
  }

  // The last opened text of several lines, if there is one that does not end.
  std::optional<std::size_t> open_text() const {
    for (const auto* quotes : {"'''", "\"\"\""}) {
      std::size_t last = text.npos;
      bool open = false;
      for (auto at = text.find(quotes); at != text.npos; at = text.find(quotes, at + 3)) {
        last = at;
        open = !open;
      }
      if (open)
        return last;
    }
    return std::nullopt;
  }
};

// Cuts off a text that does not end, and blames its beginning: the TOML library
// blames the end of the file.
bool cut_open_text(lines& part, problem& blamed) {
  const auto open = part.open_text();
  if (!open)
    return false;
  const auto begin = std::count(part.text.begin(), part.text.begin() + static_cast<std::ptrdiff_t>(*open), '\n');
  blamed.at.line = part.first + static_cast<int>(begin);
  blamed.text = "This is not TOML. The text that begins here does not end.";
  blamed.way_out = fmt::format("Write {} below its last line.", part.text.substr(*open, 3));
  part.text.resize(*part.find(blamed.at.line));
  return true;
}

// Reads a stretch with a syntax error as far as it goes: takes out the line that
// is told, and tries again.
std::optional<toml_table> salvage(load::stretch stretch, const std::string& file,
                                  std::vector<problem>& found) {
  constexpr int tries = 20;
  lines part{std::string{stretch.text}, stretch.first_line};
  const bool has_header = part.text.find_first_not_of(" \t") == part.text.find('[');
  int last = 0;
  for (int i = 0; i < tries; ++i) {
    std::vector<problem> fresh;
    if (auto table = load::read_toml({part.text, part.first}, file, fresh)) {
      found.insert(found.end(), fresh.begin(), fresh.end());
      return table;
    }
    auto& blamed = fresh.back();
    if (cut_open_text(part, blamed)) {
      found.push_back(blamed);
      continue;
    }
    // A line that can be taken out comes after those taken out before, and holds
    // something; the header must stay.
    const auto line = blamed.at.line;
    const auto at = part.find(line);
    const bool useful = at && line > last && !(has_header && line == part.first);
    if (useful || i == 0)
      found.push_back(blamed);
    if (!useful)
      return std::nullopt;
    part.take_out(*at);
    last = line;
  }
  return std::nullopt;
}

void parse_in_parts(std::string_view toml, const std::string& file, parsed_house& to) {
  for (const auto& part : load::split_at_headers(toml)) {
    const auto before = to.problems.size();
    const auto docs_before = to.documents.size();
    if (const auto root = salvage(part, file, to.problems))
      add_documents(*root, file, to);
    else
      to.torn = true;
    if (to.problems.size() > before)
      for (auto i = docs_before; i < to.documents.size(); ++i)
        to.documents[i].incomplete = true;
    if (to.problems.size() > max_problems) {
      to.torn = true; // the rest stays unread
      return;
    }
  }
}

bool too_long(std::string_view toml, const std::string& file, std::vector<problem>& found) {
  if (toml.size() <= max_config_bytes)
    return false;
  found.push_back({{file, 0, 0}, "",
                   fmt::format("The text has {} bytes, but {} is the most.", toml.size(),
                               max_config_bytes),
                   "Split the house over several nodes.", true, errc::over_limit});
  return true;
}

} // namespace

parsed_house parse_house(std::string_view toml, const std::string& file) {
  parsed_house it;
  if (too_long(toml, file, it.problems))
    return it;
  std::vector<problem> of_whole;
  if (const auto root = load::read_toml({toml, 1}, file, of_whole)) {
    it.problems = std::move(of_whole);
    add_documents(*root, file, it);
  } else {
    parse_in_parts(toml, file, it);
    // A table written twice is good TOML in parts; then both are there, and
    // `check` tells more about them than the TOML library knows.
    const auto twice = [&] {
      auto names = it.documents;
      std::sort(names.begin(), names.end(), [](const document& x, const document& y) {
        return std::tie(x.section, x.name) < std::tie(y.section, y.name);
      });
      return std::adjacent_find(names.begin(), names.end(),
                                [](const document& x, const document& y) {
                                  return x.section == y.section && x.name == y.name;
                                })
             != names.end();
    };
    if (it.problems.empty() && !twice())
      it.problems = std::move(of_whole);
  }
  // In the text's order, not the alphabet's: plans and exports keep it.
  std::stable_sort(it.documents.begin(), it.documents.end(), [](const document& x, const document& y) {
    const auto rank = [](const document& d) {
      const auto& all = schema::house_sections();
      return std::find(all.begin(), all.end(), schema::find_section(d.section)) - all.begin();
    };
    return std::pair{rank(x), x.at.line} < std::pair{rank(y), y.at.line};
  });
  sort(it.problems);
  bound(it.problems);
  return it;
}

parsed_node parse_node(std::string_view toml, const std::string& file) {
  parsed_node it;
  it.as_written.section = "node";
  if (too_long(toml, file, it.problems))
    return it;
  const auto root = salvage({toml, 1}, file, it.problems);
  if (root) {
    it.as_written = to_document("node", "", *root, file);
    it.as_written.incomplete = !it.problems.empty();
  }
  const auto& known = schema::node_section();
  const auto bad = load::check_item(known, it.as_written, load::strictness::all, it.problems);
  load::fill(known, it.as_written, &it.node);
  if (!is_valid_node_name(it.node.name))
    it.problems.push_back(load::at_key(
      it.as_written, "name", fmt::format("name is \"{}\"", it.node.name),
      "Use one word of a-z 0-9 - _ . that begins with a letter or digit."));
  load::check_links({&it.as_written, it.node, bad}, it.problems);
  load::check_server({&it.as_written, it.node, bad}, it.problems);
  sort(it.problems);
  bound(it.problems);
  return it;
}

} // namespace troupe
