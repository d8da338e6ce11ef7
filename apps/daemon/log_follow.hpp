#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace troupe::daemon {

/// Decides which rows of several nodes' journals are news for somebody who
/// follows all of them: `merge_logs`, one row after another. An event that its
/// writer and an archive tell, or that a node tells again when it is back, is
/// told once; what one node tells twice happened twice. Pure.
class log_follow {
public:
  /// What a node that is back tells again at most.
  static constexpr std::size_t retold = 200;
  /// Of each writer; more than it can be told again.
  static constexpr std::size_t remembered = 1024;
  /// A peer says whose a row is: those after this many share one.
  static constexpr std::size_t most_writers = 256;

  /// From now on this one tells its newest rows again.
  void begin_telling(const std::string& teller) { said_[teller].clear(); }

  /// @param row {"node": of the writer, ...}
  [[nodiscard]] bool is_news(const std::string& teller, const nlohmann::json& row);

  /// The reader has it, whoever tells it.
  void knows(const nlohmann::json& row);

private:
  void show(const std::string& writer, std::uint64_t mark);

  std::map<std::uint64_t, unsigned> shown_;
  std::map<std::string, std::deque<std::uint64_t>> order_; ///< by writer
  std::map<std::string, std::map<std::uint64_t, unsigned>> said_; ///< by teller
};

} // namespace troupe::daemon
