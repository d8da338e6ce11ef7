#include "cluster/discovery/announcement.hpp"

#include "config/model/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

namespace troupe::cluster {

namespace {

constexpr std::size_t longest_instance = 63;
constexpr std::size_t longest_version = 64;

// FNV-1a. Only to keep two long names that begin alike apart.
std::uint32_t mark_of(const std::string& x) {
  std::uint32_t h = 2166136261u;
  for (const unsigned char c : x)
    h = (h ^ c) * 16777619u;
  return h;
}

} // namespace

bool is_valid_house(const std::string& x) noexcept {
  return x.size() == 16 && x.find_first_not_of("0123456789abcdef") == x.npos;
}

std::string instance_of(const announcement& x) {
  const auto house = x.house.substr(0, 8);
  const auto whole = fmt::format("{} {}", x.name, house);
  if (whole.size() <= longest_instance)
    return whole;
  const auto end = fmt::format("~{:08x} {}", mark_of(x.name), house);
  return x.name.substr(0, longest_instance - end.size()) + end;
}

std::vector<std::string> txt_of(const announcement& x) {
  return {"txtvers=1", "name=" + x.name, "version=" + x.version.substr(0, longest_version),
          "house=" + x.house};
}

std::optional<announcement> read_txt(const std::vector<std::string>& txt) {
  std::map<std::string, std::string> all;
  for (const auto& x : txt) {
    const auto sign = x.find('=');
    auto key = x.substr(0, sign);
    std::transform(key.begin(), key.end(), key.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    all.emplace(std::move(key), sign == x.npos ? std::string{} : x.substr(sign + 1));
  }
  announcement it{all["name"], all["version"], all["house"]};
  if (all["txtvers"] != "1" || !is_valid_node_name(it.name) || !is_valid_house(it.house))
    return std::nullopt;
  const bool plain = std::all_of(it.version.begin(), it.version.end(),
                                 [](char c) { return c > 0x20 && c < 0x7F; });
  if (!plain || it.version.size() > longest_version)
    it.version.clear();
  return it;
}

} // namespace troupe::cluster
