#include "apps/cli/difference.hpp"

#include <set>

namespace troupe::cli {

namespace {

std::uint64_t at(const arrived& all, const std::string& stream) {
  const auto found = all.find(stream);
  return found == all.end() ? 0 : found->second;
}

/// Does the entry say something that has not arrived there?
bool is_news(const json& entry, const arrived& there) {
  for (const auto& x : list_at(entry, "slots"))
    if (number_at(x, "seq") > static_cast<double>(at(there, text_at(x, "stream"))))
      return true;
  return false;
}

bool covers(const arrived& these, const arrived& those) {
  for (const auto& [stream, seq] : those)
    if (at(these, stream) < seq)
      return false;
  return true;
}

} // namespace

arrived arrived_from(const json& vector) {
  arrived out;
  for (const auto& [stream, seq] : object_at(vector, "seen").items())
    if (seq.is_number_unsigned())
      out[stream] = seq.get<std::uint64_t>();
  return out;
}

verdict judge(const json& first, const json& second, const arrived& first_has, const arrived& second_has) {
  bool first_ahead = is_news(first, second_has);
  bool second_ahead = is_news(second, first_has);
  if (!first_ahead && !second_ahead) {
    // What deleted it may have been collected: then nothing of the key is left to
    // see, and only the vectors tell who has heard more.
    first_ahead = !covers(second_has, first_has);
    second_ahead = !covers(first_has, second_has);
  }
  if (first_ahead && second_ahead)
    return verdict::both;
  return first_ahead ? verdict::first_ahead : second_ahead ? verdict::second_ahead : verdict::diverged;
}

std::vector<entry_name> differing(const json& first, const json& second) {
  const auto by_name = [](const json& rows) {
    std::map<entry_name, std::set<std::string>> out;
    if (rows.is_array())
      for (const auto& x : rows)
        if (x.is_object())
          out[{x.value("kind", ""), x.value("key", "")}].insert(x.value("hash", ""));
    return out;
  };
  const auto a = by_name(first), b = by_name(second);
  std::set<entry_name> out;
  for (const auto& [name, hashes] : a)
    if (const auto there = b.find(name); there == b.end() || there->second != hashes)
      out.insert(name);
  for (const auto& [name, hashes] : b)
    if (!a.contains(name))
      out.insert(name);
  return {out.begin(), out.end()};
}

std::vector<std::size_t> differing_buckets(const json& first, const json& second) {
  const auto& a = list_at(first, "sums");
  const auto& b = list_at(second, "sums");
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (i >= a.size() || i >= b.size() || a[i] != b[i])
      out.push_back(i);
  return out;
}

} // namespace troupe::cli
