#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::daemon {

/// What people call things: facts of the configuration that answers carry
/// along. Filled by the reconciler. Threads: any.
class catalog {
public:
  struct item {
    std::string kind;  ///< "input", "output", "counter", "rule", "bus"
    std::string label;
    std::string unit;
    std::string bus;
    std::string node = {}; ///< whose it is; empty: this node's own
  };

  void put(const std::string& name, item x);
  void erase(const std::string& name);

  /// Replaces everything of another node. This node's own names stay.
  void replace_of(const std::string& node, const std::map<std::string, item>& all);
  [[nodiscard]] std::optional<item> find(const std::string& name) const;
  [[nodiscard]] std::map<std::string, item> all() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, item> items_;
};

} // namespace troupe::daemon
