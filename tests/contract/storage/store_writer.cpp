// Writes durable entries to a store until it is killed, and tells each number
// on stdout once the store has acknowledged it: store_writer FOLDER

#include "storage/rocks/rocks_engine.hpp"
#include "storage/replicated_store.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

using namespace troupe;
using namespace troupe::storage;

int main(int count, char** words) {
  if (count != 2)
    return 2;
  const std::string folder = words[1];
  store_options options;
  options.node = "attic";
  options.ring_path = folder + "/pulse.ring";
  auto disk = open_rocks(folder + "/db");
  if (!disk)
    return 3;
  auto opened = replicated_store::open(std::move(*disk), options, system_clocks());
  if (!opened) {
    std::fprintf(stderr, "%s\n", to_string(opened.why()).c_str());
    return 4;
  }
  auto& it = **opened;
  std::uint64_t next = 0;
  for (const auto& x : it.list(slot_kind::map, "n/"))
    next = std::max<std::uint64_t>(next, std::stoull(x.payload) + 1);
  for (std::uint64_t pulses = 1;; ++pulses, ++next) {
    it.counted("water", pulses);
    if (pulses % 4 == 0)
      it.checkpoint_now();
    const auto acknowledge = [next](const status& ok) {
      if (ok && ::write(1, &next, sizeof next) != sizeof next)
        std::_Exit(0);
    };
    if (!it.put(slot_kind::map, "n/" + std::to_string(next % 50), std::to_string(next),
                acknowledge))
      return 5;
    (void)it.work();
  }
}
