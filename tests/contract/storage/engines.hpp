#pragma once

#include "storage/disk_drill.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/support/faulty_engine.hpp"
#include "tests/support/temp_folder.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::test {

/// One kind of engine, made anew over the same disk as often as wanted.
struct engine_kind {
  std::string name;
  std::function<std::unique_ptr<storage::engine>()> make;
  std::string ring;
  std::shared_ptr<void> keep; ///< what the disk hangs on
};

inline std::vector<engine_kind> all_engines() {
  std::vector<engine_kind> out;
  auto disk = std::make_shared<storage::memory_disk>();
  out.push_back({"memory", [disk] { return storage::make_memory_engine(disk); }, "ring", disk});
  auto faulty = std::make_shared<storage::memory_disk>();
  out.push_back({"faulty",
                 [faulty] {
                   return make_faulty_engine(faulty, std::make_shared<disk_trouble>());
                 },
                 "ring", faulty});
  for (const bool preallocate : {true, false}) {
    auto folder = std::make_shared<temp_folder>();
    auto make = [folder, preallocate] {
      storage::rocks_options options;
      options.preallocate = preallocate;
      auto x = storage::open_rocks(*folder / "store", options);
      return x ? std::move(*x) : nullptr;
    };
    out.push_back({preallocate ? "rocks" : "rocks, plain logs", make,
                   *folder / "pulse.ring", folder});
  }
  auto drilled = std::make_shared<storage::memory_disk>();
  out.push_back({"drillable",
                 [drilled] { return storage::drillable(storage::make_memory_engine(drilled), std::make_shared<storage::disk_drill>()); },
                 "ring", drilled});
  return out;
}

} // namespace troupe::test
