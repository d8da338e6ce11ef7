#pragma once

#include "storage/features.hpp"
#include "storage/store.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::daemon {

/// FEATURES of the house, as the store of this node tells them: switches on what all
/// members list, and tells of members that do not know what is on.
///
/// Any node switches on; all write the same words, so it does not matter who. Threads: any.
class feature_desk {
public:
  using json = nlohmann::json;
  using tell_fn = std::function<void(storage::severity level, const std::string& subject, const std::string& text)>;

  /// @param self  this node
  /// @param known what its program knows
  feature_desk(storage::store& disk, std::string self, std::vector<std::string> known, tell_fn tell)
    : disk_(disk), self_(std::move(self)), known_(std::move(known)), tell_(std::move(tell)) {}

  /// @param whole does the store tell all members? Not before it has met the house.
  void look(bool whole);

  /// [{"name", "on", "known", "waits_for": [...]}]
  [[nodiscard]] json view() const;
  /// A line for each that is on and not known somewhere; for the status.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> troubles() const;

private:
  [[nodiscard]] std::vector<storage::feature_view> judge() const;

  storage::store& disk_;
  const std::string self_;
  const std::vector<std::string> known_;
  const tell_fn tell_;
  std::mutex mutex_;
  std::set<std::string> told_; ///< troubles, while they last
};

} // namespace troupe::daemon
