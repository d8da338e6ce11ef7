#pragma once

#include "storage/journal.hpp"

#include <map>
#include <optional>

namespace troupe::storage {

/// Keeps a fault that chatters from filling the journal: of equal events
/// within a window the first few pass, the rest are counted and told as one
/// when the window ends. Nothing is dropped uncounted.
class repeat_filter {
public:
  static constexpr mono_ns window = 1'000'000'000;
  static constexpr unsigned pass = 5;      ///< per window
  static constexpr std::size_t most = 256; ///< different events watched at a time

  /// @returns whether the event is to be written now
  [[nodiscard]] bool offer(const journal_event& x, mono_ns now);

  /// Summaries of windows that have ended.
  [[nodiscard]] std::vector<journal_event> ended(mono_ns now);

  /// When to ask for `ended`; nothing if nothing was counted.
  [[nodiscard]] std::optional<mono_ns> due() const;

private:
  struct seen {
    mono_ns since = 0;
    unsigned times = 0;
    journal_event last;
  };

  std::map<std::string, seen> seen_;
};

} // namespace troupe::storage
