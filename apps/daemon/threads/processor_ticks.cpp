#include "apps/daemon/threads/processor_ticks.hpp"

#include <fstream>
#include <sstream>

namespace troupe::daemon {

std::optional<processor_ticks> ticks_of(const std::string& which, const std::string& root) {
  std::ifstream file{root + "/proc/stat"};
  for (std::string line, word; std::getline(file, line);) {
    std::istringstream words{line};
    if (!(words >> word) || word != which)
      continue;
    std::uint64_t user = 0, nice = 0, system = 0, idle = 0, waits = 0, hard = 0, soft = 0, stolen = 0;
    if (!(words >> user >> nice >> system >> idle >> waits >> hard >> soft >> stolen))
      return {};
    return processor_ticks{user + system + hard + soft, stolen, nice + idle + waits};
  }
  return {};
}

} // namespace troupe::daemon
