#pragma once

#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::supervision {

/// What a failed incarnation left behind.
struct post_mortem {
  std::string actor;
  std::uint32_t incarnation = 0;
  wall_ms at = 0;
  std::string how;   ///< "crashed", "start_failed", "hung", ...
  std::string error; ///< what the exception said
  std::string message; ///< the message that it was handling, rendered
  nlohmann::json state;         ///< `unit::state()` just before it was destroyed
  nlohmann::json last_messages; ///< newest first: when and of which types
  double lived_ms = 0;
};

nlohmann::json to_json(const post_mortem& x);

/// The newest of them, in RAM. Threads: any. Bound: `per_actor` for each name
/// and `in_all`; the oldest goes first.
class post_mortems {
public:
  static constexpr std::size_t per_actor = 5;
  static constexpr std::size_t in_all = 200;

  void add(std::shared_ptr<const post_mortem> x);
  /// Newest first.
  [[nodiscard]] std::vector<std::shared_ptr<const post_mortem>> of(const std::string& actor) const;
  [[nodiscard]] std::size_t size() const;

private:
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const post_mortem>> newest_last_;
};

} // namespace troupe::supervision
