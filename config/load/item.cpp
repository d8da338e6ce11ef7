#include "config/load/item.hpp"

#include "config/schema/did_you_mean.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe::load {

using nlohmann::json;
using schema::option;
using schema::section;

namespace {

// What the key is, written or not.
json effective(const section& known, const json& body, const std::string& key) {
  const auto* it = known.find(key);
  if (const auto at = body.find(key); at != body.end() && it) {
    auto taken = schema::take(*it, *at);
    return taken.trouble.empty() ? std::move(taken.value) : json{};
  }
  return it ? it->fallback : json{};
}

// @returns the first condition that does not hold, or null. A condition on a
// key in trouble counts as held: one mistake, one problem.
const schema::condition* unmet(const section& known, const json& body, const option& x) {
  for (const auto& y : x.only) {
    const auto is = effective(known, body, y.key);
    if (is.is_string()
        && std::find(y.words.begin(), y.words.end(), is.get_ref<const std::string&>())
             == y.words.end())
      return &y;
  }
  return nullptr;
}

// All conditions are known to hold: then a required key is really missed.
bool applies(const section& known, const json& body, const option& x) {
  return std::all_of(x.only.begin(), x.only.end(), [&](const schema::condition& y) {
    // Compared as JSON: which of text and JSON may stand on the left differs
    // between releases of the library.
    const auto is = effective(known, body, y.key);
    return std::find_if(y.words.begin(), y.words.end(), [&](const auto& word) { return is == word; })
           != y.words.end();
  });
}

problem unknown_key(const section& known, const document& x, const std::string& key,
                    const json& written) {
  if (x.section == "node" && schema::find_section(key))
    return at_key(x, key, fmt::format("'{}' is about the house.", key),
                  "It belongs into house.toml.");
  if (written.is_object())
    return at_key(x, key,
                  fmt::format("'{}' is a table inside it, and no option", key),
                  fmt::format("If it is part of the name, put the whole name in quotes: "
                              "[{}.\"{}/{}\"].",
                              x.section, x.name, key));
  std::vector<std::string> keys;
  for (const auto& y : known.options)
    keys.push_back(y.key);
  if (const auto meant = did_you_mean(key, keys))
    return at_key(x, key, fmt::format("there is no option '{}'.", key),
                  fmt::format("Did you mean '{}'?", *meant));
  // Right word, wrong place: say where it belongs.
  for (const auto* other : schema::house_sections())
    if (other != &known && other->find(key))
      return at_key(x, key, fmt::format("there is no option '{}'; {}s have it.", key, other->name),
                    fmt::format("`troupe config explain {}` lists what there is.", known.name));
  return at_key(x, key, fmt::format("there is no option '{}'.", key),
                fmt::format("`troupe config explain {}` lists what there is.", known.name));
}

} // namespace

problem at_key(const document& x, const std::string& key, std::string text, std::string way_out) {
  auto at = x.at;
  if (const auto line = x.lines.find(key); line != x.lines.end())
    at = {at.file, line->second, 1};
  // A sentence of its own before the way out.
  if (!way_out.empty() && text.back() != '.')
    text += '.';
  return {std::move(at), path_of(x.section == "node" ? "" : x.section, x.name, key),
          subject_of(x) + std::move(text), std::move(way_out), true, errc::invalid_argument};
}

std::set<std::string> check_item(const section& known, const document& x, strictness how,
                                 std::vector<problem>& found) {
  std::set<std::string> bad;
  const auto add = [&](const std::string& key, std::string text, std::string way_out) {
    bad.insert(key);
    found.push_back(at_key(x, key, std::move(text), std::move(way_out)));
  };
  bool only_tables = !x.body.empty();
  for (const auto& [key, written] : x.body.items()) {
    only_tables = only_tables && written.is_object();
    const auto* it = known.find(key);
    if (!it) {
      if (how == strictness::all) {
        bad.insert(key);
        found.push_back(unknown_key(known, x, key, written));
      }
      continue;
    }
    if (auto taken = schema::take(*it, written); !taken.trouble.empty()) {
      add(key, std::move(taken.trouble), std::move(taken.way_out));
      continue;
    }
    const auto* not_held = unmet(known, x.body, *it);
    if (not_held && how == strictness::all)
      add(key,
          fmt::format("{} is only for {} = \"{}\", and this one has \"{}\"", key, not_held->key,
                      fmt::join(not_held->words, "\" or \""),
                      effective(known, x.body, not_held->key).get<std::string>()),
          "Remove one of them.");
  }
  // `[channel.hall.lamp]` makes a 'hall' that nobody meant: told above.
  const bool told = x.incomplete || (only_tables && how == strictness::all);
  for (const auto& it : known.options)
    if (!it.required || x.body.contains(it.key) || !applies(known, x.body, it))
      continue;
    else if (told)
      bad.insert(it.key);
    else
      add(it.key, fmt::format("{} is missing", it.key),
          fmt::format("Add {} = {}, for example.", it.key,
                      it.many_lines ? "''' ... '''" : it.example));
  return bad;
}

void fill(const section& known, const document& x, void* target) {
  for (const auto& [key, written] : x.body.items())
    if (const auto* it = known.find(key))
      if (const auto taken = schema::take(*it, written); taken.trouble.empty())
        it->field.write(target, taken.value);
}

json body_of(const section& known, const void* from) {
  auto body = json::object();
  for (const auto& it : known.options)
    if (auto is = it.field.read(from); !is.is_null() && is != it.fallback)
      body[it.key] = std::move(is);
  // What does not apply is without effect, and would be refused when read.
  const auto all = body;
  for (const auto& it : known.options)
    if (unmet(known, all, it))
      body.erase(it.key);
  return body;
}

} // namespace troupe::load
