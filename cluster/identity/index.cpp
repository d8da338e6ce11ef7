#include "cluster/identity/index.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"

#include <sstream>

namespace troupe::identity {

namespace {

using json = nlohmann::json;

/// A busy house fills some 30 KiB in a year. An index that cannot be read stops
/// revocations too, so its bound is far away.
constexpr std::size_t max_index_bytes = 64 << 20;
constexpr wall_ms kept_after_end = 365 * one_day;

json to_json(const index_entry& x) {
  json result = {{"serial", x.serial}, {"name", x.name}, {"role", x.what}, {"issuer", x.issuer},
                 {"not_before", x.from}, {"not_after", x.until},
                 {"status", x.revoked_at ? "revoked" : "valid"}};
  if (x.revoked_at) {
    result["revoked_at"] = x.revoked_at;
    result["why"] = x.why;
  }
  return result;
}

index_entry entry_from(const json& x) {
  return {x.at("serial"), x.at("name"),       x.at("role"),
          x.at("issuer"), x.at("not_before"), x.at("not_after"),
          x.value("revoked_at", wall_ms{0}),  x.value("why", "")};
}

} // namespace

result<certificate_index> read_index(const std::string& folder) {
  const auto path = folder + "/index.json";
  const auto text = read_text_if_there(path, max_index_bytes);
  if (!text)
    return text.why();
  certificate_index all;
  std::istringstream lines{*text};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty())
      continue;
    try {
      all.push_back(entry_from(json::parse(line)));
    } catch (const json::exception& why) {
      return error{errc::corrupt, fmt::format("{}:{} cannot be read ({}): repair the line, or take the file from "
                                              "a backup", path, number, why.what())};
    }
  }
  return all;
}

status write_index(const std::string& folder, const certificate_index& all, wall_ms now) {
  std::string text;
  for (auto& x : all)
    if (x.until + kept_after_end > now)
      text += to_json(x).dump() + "\n";
  return write_text(folder + "/index.json", text, openness::secret);
}

const char* state_at(const index_entry& x, wall_ms now) noexcept {
  return x.revoked_at ? "revoked" : now < x.from ? "not yet" : now > x.until ? "expired" : "valid";
}

} // namespace troupe::identity
