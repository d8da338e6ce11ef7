#pragma once

#include "config/model/time.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::daemon {

/// Who is turned away again and again: a node with an expired certificate dials
/// for ever, and would fill the journal. The first time is told, then a sum at
/// growing distances (1 min, 10 min, 1 h, 6 h, then daily), and once when it is over:
/// let in, or quiet for `over_after`.
///
/// The same is what comes from the same host, under the same name, for the same
/// reason; numbers in the reason do not count. Bound: `most` of these; the one that
/// was quiet for longest is forgotten. Pure. Threads: any.
class refusal_book {
public:
  static constexpr std::size_t most = 256;
  static constexpr milliseconds over_after{300'000}; ///< nodes dial again every 45 s at least

  struct line {
    std::string subject, text;
    bool over = false; ///< good news
  };
  using lines = std::vector<line>;

  /// @param where "10.0.0.7:51334" @param how "refused" or "refused by the control interface"
  [[nodiscard]] lines note(const std::string& subject, const std::string& where, const std::string& how, const std::string& why,
                           mono_ns now);
  /// `subject` is linked.
  [[nodiscard]] lines let_in(const std::string& subject);
  /// About once a minute.
  [[nodiscard]] lines look(mono_ns now);

private:
  struct row {
    std::string subject, host, how, why;
    mono_ns first = 0, last = 0, told = 0;
    unsigned long in_all = 0, unsaid = 0;
    std::size_t step = 0;
  };
  std::mutex mutex_;
  std::map<std::string, row> rows_;
};

} // namespace troupe::daemon
