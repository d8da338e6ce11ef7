#include "apps/daemon/machine.hpp"

#include "apps/daemon/threads/processor_ticks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <sys/timex.h>

namespace troupe::daemon {

namespace {

namespace fs = std::filesystem;

/// The first word of a file that is one line; device-tree strings end with 0.
std::string word_of(const fs::path& path) {
  std::ifstream file{path};
  std::string text;
  std::getline(file, text);
  const auto ends = std::find_if(text.begin(), text.end(),
                                 [](char c) { return c == '\0' || c == '\n' || c == ' '; });
  text.erase(ends, text.end());
  return text;
}

/// Zeros, and what firmware writes that nobody has filled in, tell nobody apart.
bool says_nothing(const std::string& x) {
  return x.empty() || x.find_first_not_of("0:-") == std::string::npos;
}

} // namespace

std::string machine_fingerprint(const std::string& root) {
  // A PC's own number is for root only: who runs as another user one day would
  // seem to be elsewhere.
  if (const auto x = word_of(root + "/proc/device-tree/serial-number"); !says_nothing(x))
    return "serial " + x;
  std::error_code none;
  std::vector<std::string> cards;
  for (const auto& card : fs::directory_iterator{root + "/sys/class/net", none})
    // A real card has a device, and 0 says that its address is its own.
    if (fs::exists(card.path() / "device", none) && word_of(card.path() / "addr_assign_type") == "0")
      if (const auto x = word_of(card.path() / "address"); !says_nothing(x))
        cards.push_back(card.path().filename().string() + " " + x);
  if (cards.empty())
    return "";
  const auto first = *std::min_element(cards.begin(), cards.end());
  return "mac " + first.substr(first.find(' ') + 1);
}

std::optional<cluster::processor_time> processor_time_used(const std::string& root) {
  const auto x = ticks_of("cpu", root);
  if (!x)
    return {};
  return cluster::processor_time{x->busy + x->stolen, x->free};
}

bool clock_synchronised() {
  timex now{}; // no modes: it only looks, which anybody may
  return adjtimex(&now) != -1 && (now.status & STA_UNSYNC) == 0;
}

} // namespace troupe::daemon
