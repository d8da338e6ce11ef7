#include "drivers/gpio/lookup.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace troupe::drivers::gpio {

namespace {

// Error texts stay readable on chips with hundreds of lines.
constexpr std::size_t names_told = 12;

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_told; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > names_told)
    text += " and " + std::to_string(names.size() - names_told) + " more";
  return text;
}

std::string told(const std::vector<found_chip>& present) {
  if (present.empty())
    return "there is no gpiochip on this machine that may be opened";
  std::vector<std::string> names;
  for (const auto& x : present)
    names.push_back(x.name + " [" + x.label + "]");
  return "there is " + list(names);
}

std::optional<unsigned> as_offset(const std::string& text) {
  unsigned offset = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, offset);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return offset;
}

} // namespace

result<std::string> choose_chip(const std::string& wanted,
                                const std::vector<found_chip>& present) {
  if (wanted.empty())
    return error{errc::invalid_argument, "no chip is named; " + told(present)};
  if (wanted.front() == '/')
    return wanted;
  std::vector<std::string> labelled;
  for (const auto& x : present)
    if (x.label == wanted)
      labelled.push_back(x.path);
  if (labelled.size() == 1)
    return labelled.front();
  if (labelled.size() > 1)
    return error{errc::invalid_argument, "the label '" + wanted + "' is worn by "
                                           + list(labelled) + "; name one by its path"};
  for (const auto& x : present)
    if (x.name == wanted)
      return x.path;
  return error{errc::not_found,
               "no gpiochip has the label or name '" + wanted + "'; " + told(present)};
}

result<unsigned> choose_line(const std::string& wanted,
                             const std::vector<kernel_line>& present,
                             const std::string& chip) {
  if (const auto offset = as_offset(wanted)) {
    if (*offset < present.size())
      return *offset;
    return error{errc::not_found, chip + " has the lines 0 to "
                                    + std::to_string(present.size() - 1) + ", not "
                                    + wanted};
  }
  std::vector<std::string> wearers;
  std::vector<std::string> names;
  for (const auto& x : present) {
    if (!wanted.empty() && x.name == wanted)
      wearers.push_back(std::to_string(x.offset));
    if (!x.name.empty())
      names.push_back(x.name);
  }
  if (wearers.size() == 1)
    return *as_offset(wearers.front());
  if (wearers.size() > 1)
    return error{errc::invalid_argument, chip + ": the name '" + wanted
                                           + "' is worn by the lines " + list(wearers)
                                           + "; name one by its offset"};
  return error{errc::not_found, chip + " has no line '" + wanted + "'; "
                                  + (names.empty() ? "its lines have no names, use offsets"
                                                   : "it has " + list(names))};
}

std::string address_of(const kernel_line& line, const std::vector<kernel_line>& present) {
  if (!line.name.empty() && !as_offset(line.name)
      && std::count_if(present.begin(), present.end(), [&](const kernel_line& x) {
           return x.name == line.name;
         }) == 1)
    return line.name;
  return std::to_string(line.offset);
}

std::vector<found_chip> scan_chips(bool& denied) {
  namespace fs = std::filesystem;
  denied = false;
  std::vector<found_chip> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/dev", ignored}) {
    // Raspberry Pi OS adds links under the old numbers; they are the same chip.
    if (entry.path().filename().string().rfind("gpiochip", 0) != 0
        || entry.is_symlink(ignored))
      continue;
    const auto chip = open_chip(entry.path());
    if (chip)
      found.push_back({entry.path(), (*chip)->name(), (*chip)->label(), (*chip)->size()});
    else
      denied = denied || chip.why().code == errc::permission_denied;
  }
  std::sort(found.begin(), found.end(),
            [](const found_chip& a, const found_chip& b) { return a.path < b.path; });
  return found;
}

} // namespace troupe::drivers::gpio
