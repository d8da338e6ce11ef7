#include "config/load/names.hpp"

#include "config/model/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::load {

namespace {

// A name near the wrong one that would do: "Hall Lamp" -> "hall-lamp".
std::string mended(std::string_view x) {
  std::string y;
  for (char c : x.substr(0, max_name_bytes)) {
    const bool upper = c >= 'A' && c <= 'Z';
    y += upper ? static_cast<char>(c - 'A' + 'a') : is_valid_name(std::string{"a"} + c + "a") ? c : '-';
  }
  return is_valid_name(y) ? y : std::string{};
}

} // namespace

void check_name(const document& x, std::vector<problem>& found) {
  const auto add = [&](std::string text, std::string way_out) {
    found.push_back({x.at, path_of(x.section, x.name, ""), subject_of(x) + std::move(text),
                     std::move(way_out), true, errc::invalid_argument});
  };
  if (x.name.size() > max_name_bytes) {
    add(fmt::format("the name has {} bytes, but {} is the most.", x.name.size(), max_name_bytes),
        "Shorten it; a label may say more.");
  } else if (!is_valid_name(x.name)) {
    const auto better = mended(x.name);
    add("the name may have only a-z 0-9 - _ . and parts joined by /, and each part begins with a "
        "letter or digit.",
        better.empty() ? "" : fmt::format("\"{}\" would do.", better));
  } else if (x.section == "channel" || x.section == "counter") {
    // "rule/..." and "bus/..." are the addresses of rules and buses.
    for (const auto* taken : {"rule/", "bus/"})
      if (x.name.starts_with(taken))
        add(fmt::format("names that begin with {} are the addresses of {}s.", taken,
                        std::string_view{taken}.substr(0, std::string_view{taken}.size() - 1)),
            "Choose another first part.");
    // One directory of addresses for all: these have their owners in the node.
    for (const auto* taken : {"node", "store", "buses", "channels", "counters", "rules", "taps", "reconciler"})
      if (x.name == taken)
        add(fmt::format("'{}' is the address of a part of the node itself.", taken),
            fmt::format("\"house/{}\" would do.", taken));
  }
}

} // namespace troupe::load
