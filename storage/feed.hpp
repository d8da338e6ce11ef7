#pragma once

#include "storage/store.hpp"

#include <mutex>

namespace troupe::storage {

/// Who wants to hear of changes. Told on the writer's thread, outside all
/// locks; a subscription ends with its handle.
class feed {
public:
  using on_entry = std::function<void(const entry&, bool erased)>;
  using on_journal = std::function<void(const journal_event&)>;

  [[nodiscard]] std::shared_ptr<void> add(slot_kind kind, std::string prefix, on_entry what);
  [[nodiscard]] std::shared_ptr<void> add(on_journal what);

  void tell(const entry& x, bool erased) const;
  void tell(const journal_event& x) const;

private:
  struct entry_listener {
    slot_kind kind;
    std::string prefix;
    on_entry what;
  };
  struct journal_listener {
    on_journal what;
  };

  mutable std::mutex mutex_;
  mutable std::vector<std::weak_ptr<entry_listener>> entries_;
  mutable std::vector<std::weak_ptr<journal_listener>> events_;
};

} // namespace troupe::storage
