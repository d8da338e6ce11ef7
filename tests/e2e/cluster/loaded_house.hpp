#pragma once

#include "tests/e2e/cluster/load.hpp"
#include "tests/support/env_number.hpp"
#include "tests/support/test_cluster.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// Three real nodes on networks of their own, whose documents are changed and
/// whose meters count all the time, and the book of what each was promised.
///
/// Errors: std::runtime_error, with what the nodes say of each other.
class loaded_house {
public:
  using moment = std::chrono::steady_clock::time_point;

  explicit loaded_house(std::uint32_t seed);

  /// Starts all; returns when they are linked and equal.
  void start();
  void load_on();
  void load_off();

  [[nodiscard]] std::uint32_t chance() { return chance_(); }
  void wait(std::uint32_t most_ms);
  [[nodiscard]] test_node& any();
  void kill(test_node& x);
  [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }
  /// A cut between two, or of one from the others; one way or both.
  void cut();
  void heal();

  /// All run, and nothing is cut since `healed`. Ends the load; they must be
  /// equal within 2 s of their last link and the last write, and every node must
  /// show every document and every meter as promised.
  void check(moment healed, const std::string& after);
  /// Kills all and reads what is on their disks: every document as promised.
  void check_disks();

  /// GET from the control interface, without a process for each look; null if
  /// there is no answer.
  [[nodiscard]] static nlohmann::json look(const test_node& at, const std::string& path);
  /// For people: what was done and how long it took.
  [[nodiscard]] std::string told();
  [[nodiscard]] test_cluster& all() noexcept { return all_; }

private:
  [[nodiscard]] bool linked();
  [[nodiscard]] bool equal();
  [[nodiscard]] std::string state();
  void check_documents(const std::string& after);
  void check_meters(const std::string& after);
  [[nodiscard]] static std::uint64_t total_of(const nlohmann::json& reading);

  test_cluster all_;
  std::vector<std::unique_ptr<meter_pulses>> meters_;
  std::vector<std::unique_ptr<document_writer>> writers_;
  std::map<std::string, std::uint64_t> totals_; ///< that every node had
  std::set<std::pair<int, int>> cuts_;
  std::mt19937 chance_;
  std::uint64_t kills_ = 0, looked_at_ = 0;
  std::vector<double> links_after_; ///< ms from the last heal
  std::vector<double> equal_after_; ///< ms from the last link or write
};

} // namespace troupe::test
